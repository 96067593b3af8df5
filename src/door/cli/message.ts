/** `message list|show|explain|hold|release|cancel|retry` */

import type { Command } from 'commander'

import type { Change } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import { CHANGES, LIST_LIMIT } from '#product/operation'
import type { MessageRow, Operations } from '#product/operation'

import { answer, deliveryArgument, example, rowsArgument } from './command.ts'
import type { DeliveryArgument, Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { explainCommand } from './explain.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { exported, LIST_MOST } from './listing.ts'
import { describeMessage } from './message-text.ts'
import { count, deliveryName, distance, recipient, sender, table } from './print.ts'
import { filterOf, selecting } from './selection.ts'
import type { Selection } from './selection.ts'
import { cut } from './text.ts'

export function messageCommands(program: Command, run: Run): void {
  const message = program.command('message').description('messages and their deliveries')
  list(message, run)
  show(message, run)
  explainCommand(message, run)
  for (const verb of CHANGES) change(message, run, verb)
}

type ListOptions = Selection & { readonly limit: number; readonly before?: DeliveryArgument }

function list(message: Command, run: Run): void {
  const command = exported(selecting(message.command('list')))
    .description('deliveries, newest first')
    .option('--limit <rows>', 'how many', rowsArgument(LIST_MOST), 50)
    .option('--before <delivery>', 'only those older than this one, for the next page', deliveryArgument)
    .action(async (options: ListOptions, self: Command) => {
      await answer(run, self, async (node) => {
        const rows = await fetchRows(node, options)
        const last = rows.at(-1)
        const isAll = rows.length < options.limit || last === undefined
        const more = isAll ? '' : `… for more: --before ${deliveryName(last)}\n`
        const text = table(rows, columns(run.host.now()), 'No such deliveries.') + more
        return { value: rows, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(
    command,
    'hikyaku message list --state waiting --to @example.com',
    'hikyaku message list --tag welcome --class user-unknown --since 2026-11-01',
    'hikyaku message list --before 0ab3xk9m2pq.0',
    'hikyaku message list --state bounced --limit 100000 --csv',
    `hikyaku message list --limit 10000 --json | jq -r '.[].delivery.lastReply'`,
  )
}

/** As many calls as it takes: the node gives `LIST_LIMIT` rows at a time, and looks at so much for each call. */
async function fetchRows(
  node: Operations,
  { limit, before, ...selection }: ListOptions,
): Promise<readonly MessageRow[]> {
  const filter = filterOf(selection)
  const rows: MessageRow[] = []
  let from = before === undefined ? undefined : { message: before.message, n: before.n ?? 0 }
  while (rows.length < limit) {
    const wanted = Math.min(LIST_LIMIT, limit - rows.length)
    const { rows: page, next } = await node.search({
      ...filter,
      limit: wanted,
      ...(from === undefined ? {} : { before: from }),
    })
    rows.push(...page)
    if (next === undefined) break
    from = next
  }
  return rows
}

function columns(now: number): Parameters<typeof table<MessageRow>>[1] {
  return [
    { title: 'DELIVERY', cell: deliveryName },
    { title: 'ACCEPTED', cell: ({ message }) => distance(message.acceptedAt, now) },
    { title: 'STATE', cell: ({ delivery }) => delivery.state },
    { title: 'TRIES', right: true, cell: ({ delivery }) => String(delivery.attempts) },
    { title: 'FROM', cell: (row) => cut(sender(row), 32) },
    { title: 'TO', cell: (row) => cut(recipient(row), 40) },
    { title: 'LAST REPLY', cell: ({ delivery }) => cut(delivery.lastReply ?? '', 70) },
  ]
}

const FIELDS: readonly Field<MessageRow>[] = [
  ['delivery', deliveryName],
  ['accepted', ({ message }) => isoTime(message.acceptedAt)],
  ['state', ({ delivery }) => delivery.state],
  ['tries', ({ delivery }) => delivery.attempts],
  ['from', ({ message }) => (message.from === null ? '' : formatMailbox(message.from))],
  ['to', recipient],
  ['subject', ({ message }) => message.subject],
  ['size', ({ message }) => message.size],
  ['queue', ({ delivery }) => delivery.queue],
  ['organization', ({ message }) => message.organization],
  ['due', ({ delivery }) => (delivery.state === 'waiting' ? isoTime(delivery.due) : undefined)],
  ['ended', ({ delivery }) => isoTime(delivery.endedAt)],
  ['last_reply', ({ delivery }) => delivery.lastReply],
  ['tags', ({ message }) => message.tags?.join(' ')],
]

function show(message: Command, run: Run): void {
  const command = message
    .command('show')
    .description('one message: envelope, deliveries, every attempt, next try and what holds it back')
    .argument('<id>', 'of a message, or of one delivery')
    .action(async (text: string, _options: object, self: Command) => {
      await answer(run, self, async (node) => {
        const { message: id, n } = deliveryArgument(text)
        const view = await node.message({ id })
        const deliveries = view?.deliveries.filter(({ delivery }) => n === undefined || delivery.key.n === n)
        if (view === null || deliveries?.length === 0)
          throw new CliError('missing', `there is no ${text}: it never was, or its record has expired`)
        const shown = { ...view, deliveries: deliveries ?? [] }
        return {
          value: shown,
          text: describeMessage(shown, { now: run.host.now(), language: languageFor(run, self) }),
        }
      })
    })
  example(command, 'hikyaku message show 0ab3xk9m2pq')
}

type Words = { readonly what: string; readonly done: string; readonly example: string }

const WORDS: { readonly [K in Change]: Words } = {
  hold: {
    what: 'keep deliveries from being sent until they are released',
    done: 'held',
    example: 'hikyaku message hold --queue default/marketing/example.com',
  },
  release: {
    what: 'let held deliveries go on',
    done: 'released',
    example: 'hikyaku message release --state held --to @example.com',
  },
  cancel: {
    what: 'end deliveries without sending them; nobody is told',
    done: 'cancelled',
    example: 'hikyaku message cancel 0ab3xk9m2pq --reason "sent by mistake"',
  },
  retry: {
    what: 'try waiting deliveries now',
    done: 'tried now',
    example: 'hikyaku message retry --to @example.com',
  },
}

type ChangeOptions = Selection & { readonly all?: boolean; readonly reason?: string }

function change(message: Command, run: Run, verb: Change): void {
  const { what, example: line } = WORDS[verb]
  const command = selecting(message.command(verb))
    .description(what)
    .argument('[ids...]', 'of messages or deliveries; without any, the options select')
    .option('--all', 'every delivery, when nothing else selects')
    .option('--reason <text>', 'kept with the delivery, for holds and cancellations')
    .action(async (ids: string[], options: ChangeOptions, self: Command) => {
      const wanted = ids.map((id) => ({ id, ...deliveryArgument(id) }))
      const filter = filterOf(options)
      if (ids.length === 0 && Object.keys(filter).length === 0 && options.all !== true)
        throw new CliError(
          'usage',
          'name messages or deliveries, select some (--to, --queue …), or say --all',
        )
      if (options.all === true && (ids.length > 0 || Object.keys(filter).length > 0))
        throw new CliError(
          'usage',
          '--all means every delivery: leave out the ids and the other options, or --all',
        )
      await answer(run, self, (node) => changed(node, verb, { wanted, filter, reason: options.reason }))
    })
  example(command, line)
}

type Wanted = {
  readonly wanted: readonly (DeliveryArgument & { readonly id: string })[]
  readonly filter: ReturnType<typeof filterOf>
  readonly reason: string | undefined
}

async function changed(
  node: Operations,
  verb: Change,
  { wanted, filter, reason }: Wanted,
): ReturnType<Parameters<typeof answer>[2]> {
  const rows: MessageRow[] = []
  const untouched: string[] = []
  let total = 0
  const act = async (more: object): Promise<number> => {
    const done = await node.change({
      filter: { ...filter, ...more },
      change: verb,
      reason: reason ?? `${WORDS[verb].done} by the operator`,
    })
    rows.push(...done.rows)
    total += done.count
    return done.count
  }
  if (wanted.length === 0) await act({})
  for (const { id, ...one } of wanted) if ((await act(one)) === 0) untouched.push(id)
  if (total === 0)
    throw new CliError(
      'missing',
      `nothing to ${verb}: there is no such delivery, or none in a state that allows it`,
    )
  const names = rows.map((row) => `${deliveryName(row)}  ${recipient(row)}\n`).join('')
  const rest = total > rows.length ? `… and ${total - rows.length} more\n` : ''
  const left = untouched.map((id) => `${id}  nothing to ${verb}\n`).join('')
  return {
    value: { count: total, rows, untouched },
    text: `${names}${rest}${left}${count(total, 'delivery', 'deliveries')} ${WORDS[verb].done}.\n`,
    exit: untouched.length === 0 ? 'ok' : 'missing',
  }
}
