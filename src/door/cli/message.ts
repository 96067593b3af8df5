/** `message list|show|hold|release|cancel|retry` */

import { Option } from 'commander'
import type { Command } from 'commander'

import type { Attempt, Change, DeliveryFilter, DeliveryState, MessageView } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { MessageRow, MessagesQuery } from '#product/operation'

import { answer, countArgument, deliveryArgument } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost } from './host.ts'
import { cut, deliveryName, distance, moment, recipient, sender, table } from './print.ts'

const STATES: readonly DeliveryState[] = [
  'waiting',
  'active',
  'held',
  'delivered',
  'bounced',
  'expired',
  'cancelled',
]

type Selection = {
  readonly state?: readonly DeliveryState[]
  readonly to?: string
  readonly from?: string
  readonly queue?: string
  readonly organization?: string
  readonly stream?: string
}

export function messageCommands(program: Command, host: CliHost): void {
  const message = program.command('message').description('messages and their deliveries')
  list(message, host)
  show(message, host)
  change(message, host, 'hold', 'keep waiting deliveries from being sent until they are released')
  change(message, host, 'release', 'send held deliveries')
  change(message, host, 'cancel', 'end deliveries without sending them')
  change(message, host, 'retry', 'try waiting deliveries now')
}

function selecting(command: Command): Command {
  return command
    .addOption(new Option('--state <state...>', 'deliveries in these states').choices(STATES))
    .option('--to <address>', 'recipient, or @domain')
    .option('--from <address>', 'reverse-path')
    .option('--queue <stream/domain>', 'one scheduled queue')
    .option('--organization <name>', 'one organization')
    .option('--stream <name>', 'one stream')
}

function filterOf(options: Selection): DeliveryFilter {
  return {
    ...(options.state === undefined ? {} : { states: options.state }),
    ...(options.to === undefined ? {} : { recipient: options.to }),
    ...(options.from === undefined ? {} : { sender: options.from }),
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    ...(options.organization === undefined ? {} : { organization: options.organization }),
    ...(options.stream === undefined ? {} : { stream: options.stream }),
  }
}

function list(message: Command, host: CliHost): void {
  selecting(message.command('list'))
    .description('deliveries, newest first')
    .option('--limit <rows>', 'how many', countArgument, 50)
    .option('--before <delivery>', 'the page after this delivery, e.g. 0ab3xk9m2pq.0')
    .action(async (options: Selection & { limit: number; before?: string }, command: Command) => {
      await answer(host, command, async (node) => {
        const before = options.before === undefined ? undefined : deliveryArgument(options.before)
        const query: MessagesQuery = {
          ...filterOf(options),
          limit: options.limit,
          ...(before === undefined ? {} : { before: { message: before.message, n: before.n ?? 0 } }),
        }
        const rows = await node.messages(query)
        const last = rows.at(-1)
        const more =
          rows.length < options.limit || last === undefined
            ? ''
            : `… for more: --before ${deliveryName(last)}\n`
        return { value: rows, text: `${table(rows, columns(host.now()), 'No such deliveries.')}${more}` }
      })
    })
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

function show(message: Command, host: CliHost): void {
  message
    .command('show <id>')
    .description('one message: envelope, deliveries, every attempt, next try')
    .action(async (text: string, _options: object, command: Command) => {
      await answer(host, command, async (node) => {
        const { message: id } = deliveryArgument(text)
        const view = await node.message({ id })
        if (view === null)
          throw new CliError('missing', `no message ${id}: it never was, or its record has expired`)
        return { value: view, text: describe(view, host.now()) }
      })
    })
}

function describe({ message, deliveries, hasBody }: MessageView, now: number): string {
  const facts: [string, string][] = [
    ['message', message.id],
    ['accepted', `${moment(message.acceptedAt)} (${distance(message.acceptedAt, now)})`],
    ['from', formatPath(message.from)],
    ['author', message.headerFrom ?? '-'],
    ['subject', message.subject ?? '-'],
    ['Message-ID', message.headerMessageId ?? '-'],
    ['size', `${message.size} octets, ${hasBody ? 'kept' : 'content removed after the last delivery ended'}`],
    ['organization', `${message.organization}, stream ${message.stream}`],
    [
      'came by',
      `${message.door} ${message.client.protocol} from ${message.client.address || '-'} (${message.client.helo || '-'})${message.credential === undefined ? '' : `, login ${message.credential}`}`,
    ],
    ['expires', moment(message.expiresAt)],
  ]
  const head = facts.map(([name, value]) => `${name.padEnd(13)} ${value}\n`).join('')
  return head + deliveries.map((one) => describeDelivery(one, now)).join('')
}

function describeDelivery({ delivery, attempts }: MessageView['deliveries'][number], now: number): string {
  const next = delivery.state === 'waiting' ? `, next try ${distance(Math.max(delivery.due, now), now)}` : ''
  const head = `\n${delivery.key.n}  ${formatMailbox(delivery.to)}  ${delivery.state}${next}  [${delivery.queue}]\n`
  const reason =
    attempts.length === 0 && delivery.lastReply !== undefined ? `     ${delivery.lastReply}\n` : ''
  return head + reason + attempts.map(describeAttempt).join('')
}

function describeAttempt(attempt: Attempt): string {
  const peer = attempt.host === '' ? attempt.site : `${attempt.host} [${attempt.address}]`
  const tls = attempt.tls === '' ? 'in clear' : attempt.tls
  const code = [attempt.code === 0 ? '' : String(attempt.code), attempt.enhanced, attempt.text]
    .filter(Boolean)
    .join(' ')
  return (
    `     ${moment(attempt.at)}  ${attempt.outcome}  ${attempt.source || '-'} → ${peer}  ${tls}  ${attempt.duration} ms\n` +
    `       ${attempt.stage}: ${code}\n`
  )
}

function change(message: Command, host: CliHost, verb: Change, what: string): void {
  selecting(message.command(`${verb} [ids...]`))
    .description(`${what}; ids of messages or deliveries, or a selection`)
    .option('--all', 'every delivery; required when nothing else selects')
    .option('--reason <text>', 'kept with the delivery', `${verb} by the operator`)
    .action(
      async (ids: string[], options: Selection & { all?: boolean; reason: string }, command: Command) => {
        await answer(host, command, async (node) => {
          const filters = filtersOf(ids, options)
          const rows: MessageRow[] = []
          for (const filter of filters)
            rows.push(...(await node.change({ filter, change: verb, reason: options.reason })))
          if (rows.length === 0)
            throw new CliError(
              'missing',
              `nothing to ${verb}: no such delivery, or none in a state that allows it`,
            )
          return {
            value: rows,
            text: `${rows.map((row) => `${deliveryName(row)}  ${recipient(row)}\n`).join('')}${rows.length} deliveries: ${verb}.\n`,
          }
        })
      },
    )
}

function filtersOf(
  ids: readonly string[],
  options: Selection & { readonly all?: boolean },
): readonly DeliveryFilter[] {
  const selection = filterOf(options)
  if (ids.length > 0) return ids.map((id) => ({ ...selection, ...deliveryArgument(id) }))
  if (Object.keys(selection).length === 0 && options.all !== true) {
    throw new CliError('usage', 'name messages or deliveries, select some (--to, --queue …), or say --all')
  }
  return [selection]
}
