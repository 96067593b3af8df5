/** Between the values of the spool and the rows that cross threads and enter SQL. */

import type { Mailbox, ReversePath } from '#grammar/address'
import { fromInteger, toInteger } from '#grammar/message-id'

import type { ClaimedRow, DeliveryRow, EventRow, PastRow, ReportRow, SettlementRow } from './engine.ts'
import type { NewEvent, OtherEntry } from './event.ts'
import type {
  Attempt,
  Claimed,
  Delivery,
  DeliveryState,
  Message,
  Metadata,
  NewDelivery,
  Past,
  Report,
  Settlement,
} from './message.ts'

/** What the log tells again with each event. */
type Labelled = 'tags' | 'metadata'

/** What of a message has no column of its own. */
type MessageDetail = Omit<
  Message,
  'id' | 'acceptedAt' | 'organization' | 'stream' | 'from' | 'size' | Labelled
>
type DeliveryDetail = Pick<NewDelivery, 'notify' | 'orcpt'>

/** Each by name, so that none is forgotten: a third of the time of taking the others away. JSON leaves absent ones out. */
export function messageDetail(message: Message): string {
  return JSON.stringify({
    credential: message.credential,
    door: message.door,
    client: message.client,
    body: message.body,
    smtputf8: message.smtputf8,
    requireTls: message.requireTls,
    ret: message.ret,
    envid: message.envid,
    deliverBy: message.deliverBy,
    priority: message.priority,
    expiresAt: message.expiresAt,
    subject: message.subject,
    headerFrom: message.headerFrom,
    headerMessageId: message.headerMessageId,
    campaign: message.campaign,
    tracking: message.tracking,
    content: message.content,
  } satisfies { readonly [K in keyof Required<MessageDetail>]: Message[K] | undefined })
}

export function deliveryRow(delivery: NewDelivery): DeliveryRow {
  const { to, notify, orcpt, queue, band, due, state, data } = delivery
  const plain = notify === undefined && orcpt === undefined
  const detail = plain ? null : JSON.stringify({ notify, orcpt })
  return [`${to.local}@${to.domain}`, queue, band, due, state, detail, data ?? null]
}

export function settlementRow({
  key,
  state,
  due,
  at,
  attempt,
  delayNotified,
  reason,
}: Settlement): SettlementRow {
  const reply = reason === '' && attempt ? `${attempt.code} ${attempt.enhanced} ${attempt.text}` : reason
  const tried = attempt ? JSON.stringify(attempt) : null
  const id = toInteger(key.message)
  const told = delayNotified ? 1 : 0
  if (!attempt) return [id, key.n, state, due, at, told, reply, null, '', '', '']
  const { source, provider, site, bounce } = attempt
  return [id, key.n, state, due, at, told, reply, tried, source, provider ?? site, bounce?.class ?? '']
}

/** `null` when there are none, which is what most mail has. */
export function tagsText(tags: readonly string[] | undefined): string | null {
  return tags === undefined || tags.length === 0 ? null : JSON.stringify(tags)
}

/** The same of metadata. */
export function metadataText(metadata: Message['metadata']): string | null {
  if (metadata === undefined) return null
  const text = JSON.stringify(metadata)
  return text === '{}' ? null : text
}

export function eventRow(event: NewEvent): EventRow {
  const { organization, class: what = '', keep: _, ...entry } = event
  const { kind, at, stream = '', from = '', to = '', tags } = event
  return [
    organization,
    kind,
    at,
    stream,
    from,
    to,
    tagsText(tags),
    JSON.stringify(entry satisfies OtherEntry),
    what,
    keepRow(event),
  ]
}

function keepRow({ message, n, keep }: NewEvent): ReportRow | null {
  if (keep === undefined || message === undefined || n === undefined) return null
  return [toInteger(message), n, keep.kind, JSON.stringify(keep)]
}

export function pathText(path: ReversePath): string {
  return path === null ? '' : `${path.local}@${path.domain}`
}

/** A domain never holds an at-sign, a local part may: the last one divides. */
function parsePath(text: string): Mailbox {
  const at = text.lastIndexOf('@')
  return { local: text.slice(0, at), domain: text.slice(at + 1) }
}

/**
 * Deliveries of one message that come together share what is known of it: a window of ten thousand is of one message.
 * @throws {SyntaxError} when the stored detail is damaged
 */
export function claimedReader(): (row: ClaimedRow) => Claimed {
  let last: { readonly id: number; readonly message: Message } | undefined
  return (row) => {
    if (last?.id !== row[0]) last = { id: row[0], message: messageOf(row) }
    return { message: last.message, delivery: deliveryOf(row) }
  }
}

function messageOf(row: ClaimedRow): Message {
  const [id, acceptedAt, organization, stream, sender, size, detail] = row
  const [tags, metadata] = [row[18], row[19]]
  const from = sender === '' ? null : parsePath(sender)
  return {
    id: fromInteger(id),
    acceptedAt,
    organization,
    stream,
    from,
    size,
    ...(JSON.parse(detail) as MessageDetail),
    ...(tags === null ? {} : { tags: JSON.parse(tags) as readonly string[] }),
    ...(metadata === null ? {} : { metadata: JSON.parse(metadata) as Metadata }),
  }
}

function deliveryOf(row: ClaimedRow): Delivery {
  const [
    id,
    ,
    ,
    ,
    ,
    ,
    ,
    n,
    recipient,
    queue,
    band,
    due,
    state,
    attempts,
    delayNotified,
    lastReply,
    endedAt,
    detail,
    ,
    ,
    data,
  ] = row
  return {
    key: { message: fromInteger(id), n },
    to: parsePath(recipient),
    ...(detail === null ? {} : (JSON.parse(detail) as DeliveryDetail)),
    queue,
    band,
    due,
    state: state as DeliveryState,
    attempts,
    delayNotified: delayNotified === 1,
    ...(lastReply === null ? {} : { lastReply }),
    ...(endedAt === null ? {} : { endedAt }),
    ...(data === null ? {} : { data }),
  }
}

export function reportOf(text: string): Report {
  return JSON.parse(text) as Report
}

export function attemptOf(text: string): Attempt {
  return JSON.parse(text) as Attempt
}

/** @throws {SyntaxError} when a stored record is damaged */
export function pastOf(row: PastRow): Past {
  const [id, n, organization, stream, door, recipient, state, lastReply, endedAt, last, reports] = row
  return {
    key: { message: fromInteger(id), n },
    organization,
    stream,
    door,
    to: parsePath(recipient),
    state: state as DeliveryState,
    ...(lastReply === null ? {} : { lastReply }),
    ...(endedAt === null ? {} : { endedAt }),
    ...(last === null ? {} : { last: attemptOf(last) }),
    reports: JSON.parse(reports) as readonly Report[],
  }
}
