/** `credential add|list|revoke` */

import type { Command } from 'commander'

import type { Credential } from '#product/account'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { listing, pageOf } from './listing.ts'
import type { Listing } from './listing.ts'
import { moment, table } from './print.ts'
import { cut } from './text.ts'

export function credentialCommands(program: Command, run: Run): void {
  const credential = program.command('credential').description('SMTP logins, each of one organization')

  const add = credential
    .command('add')
    .description('make a login; its password is shown once and never again')
    .option('--organization <name>', 'whose mail it may send', 'default')
    .option('--stream <name>', 'which stream its mail belongs to', 'transactional')
    .option('--note <text>', 'what it is for', '')
    .action(async (options: { organization: string; stream: string; note: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const added = await node.credentialAdd(options)
        const { credential: made, password } = added
        const text =
          `login     ${made.login}\npassword  ${password}\n\n` +
          `Of ${made.organization}, stream ${made.stream}. The password is not stored; write it down now.\n`
        return { value: added, text }
      })
    })

  example(add, 'hikyaku credential add --note "the shop"')

  const list = listing(credential.command('list'), 'login')
    .description('the logins, without their passwords; a search looks at login, stream and note')
    .option('--active', 'only those that are not revoked')
    .action(async (options: Listing & { readonly active?: boolean }, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.credentials()
        const asked = all.filter(({ revokedAt }) => options.active !== true || revokedAt === undefined)
        const { rows, rest } = pageOf(asked, options, {
          key: ({ login }) => login,
          text: ({ login, stream, note }) => `${login} ${stream} ${note}`,
        })
        const none = all.length === 0 ? 'No credentials yet: hikyaku credential add' : 'No such credential.'
        return { value: rows, text: table(rows, COLUMNS, none) + rest, csv: () => csv(rows, FIELDS) }
      })
    })

  example(
    list,
    'hikyaku credential list --active',
    'hikyaku credential list --match shop',
    'hikyaku credential list --csv',
  )

  const revoke = credential
    .command('revoke')
    .description('end a login; sessions that use it may finish their transaction')
    .argument('<login>', 'as credential list shows it')
    .action(async (login: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const revoked = await node.credentialRevoke({ login })
        if (revoked === null)
          throw new CliError(
            'missing',
            `no valid login ${login}; hikyaku credential list shows those there are`,
          )
        return { value: revoked, text: `${revoked.login} is revoked since ${moment(revoked.revokedAt)}.\n` }
      })
    })
  example(revoke, 'hikyaku credential revoke default-k3xw90ab')
}

const COLUMNS = [
  { title: 'LOGIN', cell: (row: Credential) => row.login },
  { title: 'ORGANIZATION', cell: (row: Credential) => row.organization },
  { title: 'STREAM', cell: (row: Credential) => row.stream },
  { title: 'CREATED', cell: (row: Credential) => moment(row.createdAt) },
  { title: 'LAST USED', cell: (row: Credential) => moment(row.usedAt) },
  {
    title: 'STATE',
    cell: (row: Credential) => (row.revokedAt === undefined ? 'active' : `revoked ${moment(row.revokedAt)}`),
  },
  { title: 'NOTE', cell: (row: Credential) => cut(row.note, 60) },
]

const FIELDS: readonly Field<Credential>[] = [
  ['login', ({ login }) => login],
  ['organization', ({ organization }) => organization],
  ['stream', ({ stream }) => stream],
  ['created', ({ createdAt }) => isoTime(createdAt)],
  ['last_used', ({ usedAt }) => isoTime(usedAt)],
  ['revoked', ({ revokedAt }) => isoTime(revokedAt)],
  ['note', ({ note }) => note],
]
