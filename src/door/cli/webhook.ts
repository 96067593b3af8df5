/** `webhook add|list|attempts|test|pause|resume|replay|rotate|remove` */

import type { Command } from 'commander'

import { EVENT_KINDS } from '#grammar/event'
import { parseDuration } from '#grammar/time'
import type { Operations } from '#product/operation'
import type { Webhook, WebhookAttempt } from '#product/webhook'

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
  readonly stream?: string
  readonly kind?: readonly string[]
  readonly note: string
}

export function webhookCommands(program: Command, run: Run): void {
  const webhooks = program.command('webhook').description('URLs that are told what happens')
  addCommand(webhooks, run)
  listCommand(webhooks, run)
  attemptsCommand(webhooks, run)
  testCommand(webhooks, run)
  stateCommands(webhooks, run)
  replayCommand(webhooks, run)
  rotateCommand(webhooks, run)
}

function addCommand(webhooks: Command, run: Run): void {
  const add = webhooks
    .command('add')
    .description('have a URL told what happens; its secret is shown once and never again')
    .argument('<url>', 'of https:')
    .option('--organization <name>', 'whose events', 'default')
    .option('--stream <name>', 'only of this stream')
    .option(
      '--kind <name>',
      `only these, of ${EVENT_KINDS.join(', ')}; may be given several times (default: all)`,
      collect,
    )
    .option('--note <text>', 'what it is for', '')
    .action(async (url: string, options: Options, command: Command) => {
      await answer(run, command, async (node) => {
        const { organization, stream, note, kind = [] } = options
        const unknown = kind.find((one) => !EVENT_KINDS.some((known) => known === one))
        if (unknown !== undefined)
          throw new CliError('usage', `there is no kind ${unknown}; there are ${EVENT_KINDS.join(', ')}`)
        const kinds = EVENT_KINDS.filter((one) => kind.includes(one))
        const of = stream === undefined ? {} : { stream }
        const added = await node.webhookAdd({ url, organization, note, kinds, ...of })
        return { value: added, text: issuedText(added) }
      })
    })
  example(add, 'hikyaku webhook add https://shop.example/hooks/mail --kind delivered --kind bounced')
}

function issuedText({ webhook, secret }: { webhook: Webhook; secret: string }): string {
  const until =
    webhook.oldSecretUntil === undefined
      ? ''
      : ` The old one signs as well until ${moment(webhook.oldSecretUntil)}.`
  return `${secret}\n\nSigns what ${webhook.id} tells ${webhook.url}. It is not shown again; write it down now.${until}\n`
}

function listCommand(webhooks: Command, run: Run): void {
  const list = listing(webhooks.command('list'), 'id')
    .description('the webhooks and how they are doing; a search looks at id, URL and note')
    .action(async (options: Listing, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.webhooks()
        const { rows, rest } = pageOf(all, options, {
          key: ({ id }) => id,
          text: ({ id, url, note }) => `${id} ${url} ${note}`,
        })
        const none = all.length === 0 ? 'No webhooks yet: hikyaku webhook add' : 'No such webhook.'
        return { value: rows, text: table(rows, COLUMNS, none) + rest, csv: () => csv(rows, FIELDS) }
      })
    })
  example(list, 'hikyaku webhook list', 'hikyaku webhook list --csv')
}

function attemptsCommand(webhooks: Command, run: Run): void {
  const attempts = webhooks
    .command('attempts')
    .description('what was sent last and what came of it, newest first')
    .argument('<id>', 'as webhook list shows it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = found(await node.webhookAttempts({ id, limit: SHOWN }), id)
        return { value: rows, text: table(rows, ATTEMPT_COLUMNS, 'Nothing was sent yet.') }
      })
    })
  example(attempts, 'hikyaku webhook attempts 4f1c0d7e9a2b6358')
}

/** Attempts that are shown. */
const SHOWN = 100

function testCommand(webhooks: Command, run: Run): void {
  const test = webhooks
    .command('test')
    .description('send a ping and tell what came of it; 1 when it was not taken')
    .argument('<id>', 'as webhook list shows it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const attempt = found(await node.webhookTest({ id }), id)
        const what = attempt.ok ? 'Taken' : 'Not taken'
        const text = `${what} after ${attempt.duration} ms: ${saidBy(attempt)}\n`
        return { value: attempt, text, exit: attempt.ok ? 'ok' : 'failed' }
      })
    })
  example(test, 'hikyaku webhook test 4f1c0d7e9a2b6358')
}

function saidBy({ status, excerpt }: WebhookAttempt): string {
  return [...(status === 0 ? [] : [String(status)]), ...(excerpt === '' ? [] : [excerpt])].join(' ')
}

type Act = (node: Operations, id: string) => Promise<Webhook | null>

function stateCommands(webhooks: Command, run: Run): void {
  const all: readonly [name: string, does: string, done: string, act: Act][] = [
    [
      'pause',
      'send nothing until it is resumed',
      'is paused',
      (node, id) => node.webhookPause({ id, why: 'an operator' }),
    ],
    ['resume', 'go on where it stood', 'goes on', (node, id) => node.webhookResume({ id })],
    ['remove', 'remove it and its attempts', 'is removed', (node, id) => node.webhookRemove({ id })],
  ]
  for (const [name, does, done, act] of all) {
    const command = webhooks
      .command(name)
      .description(does)
      .argument('<id>', 'as webhook list shows it')
      .action(async (id: string, _options: object, given: Command) => {
        await answer(run, given, async (node) => {
          const webhook = found(await act(node, id), id)
          return { value: webhook, text: `${webhook.id} ${done}.\n` }
        })
      })
    example(command, `hikyaku webhook ${name} 4f1c0d7e9a2b6358`)
  }
}

function replayCommand(webhooks: Command, run: Run): void {
  const replay = webhooks
    .command('replay')
    .description('send again what was written down since a time, and then what follows')
    .argument('<id>', 'as webhook list shows it')
    .requiredOption('--since <time>', 'a time such as 2026-11-22T09:00:00Z, or a duration such as 2h')
    .action(async (id: string, { since }: { readonly since: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const at = timeOf(since, run.host.now())
        const webhook = found(await node.webhookReplay({ id, since: at }), id)
        return { value: webhook, text: `${webhook.id} goes on from ${moment(at)}.\n` }
      })
    })
  example(replay, 'hikyaku webhook replay 4f1c0d7e9a2b6358 --since 2h')
}

function timeOf(text: string, now: number): number {
  const duration = parseDuration(text)
  const at = duration === undefined ? Date.parse(text) : now - duration
  if (Number.isNaN(at) || at < 0)
    throw new CliError('usage', `${text} is neither a time such as 2026-11-22T09:00:00Z nor a duration`)
  return at
}

function rotateCommand(webhooks: Command, run: Run): void {
  const rotate = webhooks
    .command('rotate')
    .description('a new secret; the old one signs as well for a while')
    .argument('<id>', 'as webhook list shows it')
    .option('--overlap <duration>', 'for how long', '1d')
    .action(async (id: string, { overlap }: { readonly overlap: string }, command: Command) => {
      await answer(run, command, async (node) => {
        const duration = parseDuration(overlap)
        if (duration === undefined) throw new CliError('usage', `${overlap} is not a duration such as 1d`)
        const issued = found(await node.webhookRotate({ id, overlap: duration }), id)
        return { value: issued, text: issuedText(issued) }
      })
    })
  example(rotate, 'hikyaku webhook rotate 4f1c0d7e9a2b6358 --overlap 2h')
}

function found<T>(value: T | null, id: string): T {
  if (value === null)
    throw new CliError('missing', `no webhook ${id}; hikyaku webhook list shows those there are`)
  return value
}

function stateOf({ state }: Webhook): string {
  switch (state.at) {
    case 'active':
      return 'active'
    case 'failing':
      return `failing since ${moment(state.since)}, next ${moment(state.next)}`
    case 'paused':
      return `paused ${moment(state.since)}: ${state.why}`
  }
}

const COLUMNS = [
  { title: 'ID', cell: (row: Webhook) => row.id },
  { title: 'ORGANIZATION', cell: (row: Webhook) => row.organization },
  { title: 'URL', cell: (row: Webhook) => cut(row.url, 60) },
  { title: 'STREAM', cell: (row: Webhook) => row.stream ?? '*' },
  { title: 'KINDS', cell: (row: Webhook) => cut(row.kinds.join(' ') || 'all', 40) },
  { title: 'STATE', cell: stateOf },
  { title: 'NOTE', cell: (row: Webhook) => cut(row.note, 40) },
]

const FIELDS: readonly Field<Webhook>[] = [
  ['id', ({ id }) => id],
  ['organization', ({ organization }) => organization],
  ['url', ({ url }) => url],
  ['stream', ({ stream }) => stream],
  ['kinds', ({ kinds }) => kinds.join(' ')],
  ['state', ({ state }) => state.at],
  ['since', ({ state }) => (state.at === 'active' ? undefined : isoTime(state.since))],
  ['created', ({ createdAt }) => isoTime(createdAt)],
  ['note', ({ note }) => note],
]

const ATTEMPT_COLUMNS = [
  { title: 'TIME', cell: (row: WebhookAttempt) => moment(row.at) },
  { title: 'WHAT', cell: (row: WebhookAttempt) => (row.what === 'ping' ? 'ping' : `${row.events} events`) },
  { title: 'MS', cell: (row: WebhookAttempt) => String(row.duration) },
  { title: 'RESULT', cell: (row: WebhookAttempt) => (row.ok ? 'taken' : 'not taken') },
  { title: 'ANSWER', cell: (row: WebhookAttempt) => cut(saidBy(row), 80) },
]
