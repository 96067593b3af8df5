/** One message for people: its facts, its deliveries, what was tried and what comes next. */

import type {
  Attempt,
  AttemptBounce,
  Delivery,
  Message,
  MessageView,
  Report,
  SenderNotice,
} from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { QueueRow } from '#product/operation'

import { heldBackBy } from './held-back.ts'
import type { Words } from './held-back.ts'
import { distance, due, moment } from './print.ts'
import { harmless } from './text.ts'

type View = MessageView & { readonly queues?: readonly QueueRow[] }

export function describeMessage(view: View, words: Words): string {
  const { now } = words
  const { deliveries, queues = [] } = view
  const facts = factsOf(view, now).map(([name, value]) => `${name.padEnd(13)} ${value}`)
  const byName = new Map(queues.map((row) => [row.queue, row]))
  const each = deliveries.map((one) => deliveryLines(one, byName.get(one.delivery.queue), words))
  return [facts, ...each].map((block) => block.map((line) => `${harmless(line)}\n`).join('')).join('\n')
}

type Fact = readonly [name: string, value: string]

function factsOf({ message, hasBody }: View, now: number): readonly Fact[] {
  return [
    ['message', message.id],
    ['accepted', `${moment(message.acceptedAt)} (${distance(message.acceptedAt, now)})`],
    ['from', formatPath(message.from)],
    ['author', message.headerFrom ?? '-'],
    ['subject', message.subject ?? '-'],
    ['Message-ID', message.headerMessageId ?? '-'],
    ['size', `${message.size} octets, ${hasBody ? 'kept' : 'content removed after the last delivery ended'}`],
    ['organization', `${message.organization}, stream ${message.stream}`],
    ['came by', cameBy(message)],
    ...labels(message),
    ...wishes(message),
    ['expires', moment(message.expiresAt)],
  ]
}

function cameBy({ door, client, credential }: Message): string {
  const from = client.address === '' ? '' : ` from ${client.address}`
  const helo = client.helo === '' ? '' : ` (${client.helo})`
  const login = credential === undefined ? '' : `, login ${credential}`
  return `${door}${client.protocol === '' ? '' : ` ${client.protocol}`}${from}${helo}${login}`
}

/** What the sender says about it. */
function labels({ tags = [], metadata = {} }: Message): readonly Fact[] {
  const named = Object.entries(metadata).map(([name, value]) => `${name}=${value}`)
  return [
    ...(tags.length === 0 ? [] : [['tags', tags.join(', ')] as const]),
    ...(named.length === 0 ? [] : [['metadata', named.join(', ')] as const]),
  ]
}

/** What the sender asked for beyond the ordinary. */
function wishes({ requireTls, priority, envid, deliverBy }: Message): readonly Fact[] {
  const late = deliverBy?.mode === 'return' ? 'or to be returned' : 'or its sender is to be told'
  return [
    ...(deliverBy === undefined ? [] : [['deliver by', `${moment(deliverBy.at)}, ${late}`] as const]),
    ...(requireTls ? [['requires', 'TLS all the way'] as const] : []),
    ...(priority === 0 ? [] : [['priority', String(priority)] as const]),
    ...(envid === undefined ? [] : [['ENVID', envid] as const]),
  ]
}

function deliveryLines(
  { delivery, attempts, reports }: MessageView['deliveries'][number],
  queue: QueueRow | undefined,
  words: Words,
): readonly string[] {
  const isWaiting = delivery.state === 'waiting'
  const next = isWaiting ? `, next try ${due(delivery.due, words.now)}` : ''
  const head = `${delivery.key.n}  ${formatMailbox(delivery.to)}  ${delivery.state}${next}  [${delivery.queue}]`
  const isOpen = isWaiting || delivery.state === 'active'
  const holds = isOpen && queue !== undefined ? heldBackBy(queue, words) : []
  const lines = [
    ...attempts.flatMap(attemptLines),
    ...unsaid(delivery, attempts.at(-1)),
    ...reports.flatMap(reportLines),
    ...holds,
  ]
  return [head, ...lines.map((line) => `     ${line}`)]
}

/** The last words about a delivery, unless they are those of its last attempt, which stand there already. */
function unsaid({ lastReply }: Delivery, last: Attempt | undefined): readonly string[] {
  if (lastReply === undefined || (last !== undefined && lastReply.endsWith(last.text))) return []
  return [lastReply]
}

function attemptLines(attempt: Attempt): readonly string[] {
  const peer = attempt.host === '' ? attempt.site || '-' : `${attempt.host} [${attempt.address}]`
  const tls = attempt.tls === '' ? 'in clear' : attempt.tls
  const said = [attempt.code === 0 ? '' : String(attempt.code), attempt.enhanced, attempt.text]
  return [
    `${moment(attempt.at)}  ${attempt.outcome}  ${attempt.source || '-'} → ${peer}  ${tls}  ${attempt.duration} ms`,
    `  ${attempt.stage}: ${said.filter(Boolean).join(' ')}`,
    ...(attempt.bounce === undefined ? [] : [`  ${bounceText(attempt.bounce)}`]),
    ...(attempt.notice === undefined ? [] : [`  ${noticeText(attempt.notice)}`]),
  ]
}

/** What came back, in a word. */
const CAME_BACK: Record<Report['kind'], string> = {
  bounce: 'came back',
  delay: 'late elsewhere',
  success: 'arrival confirmed',
  complaint: 'complained of',
  unsubscribe: 'unsubscribed',
  open: 'opened first',
  click: 'link followed first',
}

function reportLines({ kind, at, host, status, text, bounce, notice, reader }: Report): readonly string[] {
  const said = text === '' ? status : text
  return [
    `${moment(at)}  ${CAME_BACK[kind]}${host === '' ? '' : `  by ${host}`}`,
    ...(said === '' ? [] : [`  ${said}`]),
    ...(reader === undefined ? [] : [`  by: ${reader.class} (rule ${reader.rule})`]),
    ...(bounce === undefined ? [] : [`  ${bounceText(bounce)}`]),
    ...(notice === undefined ? [] : [`  ${noticeText(notice)}`]),
  ]
}

function bounceText({ class: name, type, rule }: AttemptBounce): string {
  return `why: ${name} (${type}), by ${rule}`
}

function noticeText(notice: SenderNotice): string {
  switch (notice.kind) {
    case 'sent':
      return `its sender was told by ${notice.message}`
    case 'withheld':
      return `its sender was not told: ${notice.limit} notifications within the hour are the limit (queue.dsn_per_sender_per_hour)`
    case 'lost':
      return 'its sender was not told: the notification could not be made (notice.lost in the log)'
  }
}
