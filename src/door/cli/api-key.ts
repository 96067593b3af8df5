/** `api-key add|list|revoke` */

import type { Command } from 'commander'

import { parseDuration } from '#grammar/time'
import { OPERATOR, OPERATOR_SCOPES, SCOPES } from '#grammar/scope'
import type { ApiKey } from '#product/account'

import { answer, collect, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { listing, pageOf } from './listing.ts'
import type { Listing } from './listing.ts'
import { moment, table } from './print.ts'
import { cut } from './text.ts'

type Options = {
  readonly organization: string
  readonly stream: string
  readonly note: string
  readonly scope?: readonly string[]
  readonly network?: readonly string[]
  readonly expires?: string
}

/** What most programs need: to send, and to see what became of it. */
const USUAL = ['messages:send', 'messages:read']

export function apiKeyCommands(program: Command, run: Run): void {
  const keys = program.command('api-key').description('keys for the HTTP API, each of one organization')
  addCommand(keys, run)
  listCommand(keys, run)
  revokeCommand(keys, run)
}

function addCommand(keys: Command, run: Run): void {
  const add = keys
    .command('add')
    .description('make a key; it is shown once and never again')
    .option('--organization <name>', 'whose it is', 'default')
    .option('--stream <name>', 'where its messages go that name no stream', 'transactional')
    .option('--note <text>', 'what it is for', '')
    .option(
      '--scope <name>',
      `what it may do, of ${SCOPES.join(', ')}; keys of ${OPERATOR} also ${OPERATOR_SCOPES.join(', ')}; may be given several times (default: ${USUAL.join(', ')})`,
      collect,
    )
    .option('--network <cidr>', 'where it may be used from; may be given several times', collect)
    .option('--expires <duration>', 'after how long it ends, such as 90d')
    .action(async (options: Options, command: Command) => {
      await answer(run, command, async (node) => {
        const { organization, stream, note, scope = USUAL, network = [], expires } = options
        const ends = expires === undefined ? {} : { expiresAt: run.host.now() + durationOf(expires) }
        const added = await node.apiKeyAdd({
          organization,
          stream,
          note,
          scopes: scope,
          networks: network,
          ...ends,
        })
        const { key, token } = added
        const text =
          `${token}\n\n` +
          `Of ${key.organization}, stream ${key.stream}: ${key.scopes.join(', ')}. It is not stored; write it down now.\n`
        return { value: added, text }
      })
    })
  example(
    add,
    'hikyaku api-key add --note "the shop"',
    'hikyaku api-key add --scope messages:send --network 192.0.2.0/24 --expires 90d',
  )
}

function durationOf(text: string): number {
  const duration = parseDuration(text)
  if (duration === undefined || duration < 1)
    throw new CliError('usage', `${text} is not a duration such as 90d`)
  return duration
}

function listCommand(keys: Command, run: Run): void {
  const list = listing(keys.command('list'), 'id')
    .description('the keys, without their secrets; a search looks at id, stream and note')
    .option('--active', 'only those that are not revoked')
    .action(async (options: Listing & { readonly active?: boolean }, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.apiKeys()
        const asked = all.filter(({ revokedAt }) => options.active !== true || revokedAt === undefined)
        const { rows, rest } = pageOf(asked, options, {
          key: ({ id }) => id,
          text: ({ id, stream, note }) => `${id} ${stream} ${note}`,
        })
        const none = all.length === 0 ? 'No API keys yet: hikyaku api-key add' : 'No such API key.'
        return { value: rows, text: table(rows, COLUMNS, none) + rest, csv: () => csv(rows, FIELDS) }
      })
    })
  example(list, 'hikyaku api-key list --active', 'hikyaku api-key list --csv')
}

function revokeCommand(keys: Command, run: Run): void {
  const revoke = keys
    .command('revoke')
    .description('end a key, within a second')
    .argument('<id>', 'as api-key list shows it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const revoked = await node.apiKeyRevoke({ id })
        if (revoked === null)
          throw new CliError('missing', `no valid key ${id}; hikyaku api-key list shows those there are`)
        return { value: revoked, text: `${revoked.id} is revoked since ${moment(revoked.revokedAt)}.\n` }
      })
    })
  example(revoke, 'hikyaku api-key revoke k3xw90ab2c')
}

const COLUMNS = [
  { title: 'ID', cell: (row: ApiKey) => row.id },
  { title: 'ORGANIZATION', cell: (row: ApiKey) => row.organization },
  { title: 'STREAM', cell: (row: ApiKey) => row.stream },
  { title: 'SCOPES', cell: (row: ApiKey) => cut(row.scopes.join(' '), 40) },
  { title: 'EXPIRES', cell: (row: ApiKey) => moment(row.expiresAt) },
  { title: 'LAST USED', cell: (row: ApiKey) => moment(row.usedAt) },
  {
    title: 'STATE',
    cell: (row: ApiKey) => (row.revokedAt === undefined ? 'active' : `revoked ${moment(row.revokedAt)}`),
  },
  { title: 'NOTE', cell: (row: ApiKey) => cut(row.note, 40) },
]

const FIELDS: readonly Field<ApiKey>[] = [
  ['id', ({ id }) => id],
  ['organization', ({ organization }) => organization],
  ['stream', ({ stream }) => stream],
  ['scopes', ({ scopes }) => scopes.join(' ')],
  ['networks', ({ networks }) => networks.join(' ')],
  ['created', ({ createdAt }) => isoTime(createdAt)],
  ['expires', ({ expiresAt }) => isoTime(expiresAt)],
  ['last_used', ({ usedAt }) => isoTime(usedAt)],
  ['revoked', ({ revokedAt }) => isoTime(revokedAt)],
  ['note', ({ note }) => note],
]
