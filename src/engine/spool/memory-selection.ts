/** What a filter means, without a database. */

import { timeOf, toInteger } from '#grammar/message-id'

import type { ClaimedRow, MessageRow } from './engine.ts'
import type { DeliveryState, Message } from './message.ts'
import { attemptOf, reportOf } from './row.ts'
import type { Selected } from './selection.ts'

export function selects(filter: Selected, row: ClaimedRow): boolean {
  const [id, , organization, stream, sender, , detail, n, recipient, queue] = row
  const { campaign } = JSON.parse(detail) as Pick<Message, 'campaign'>
  const wanted: readonly [unknown, unknown][] = [
    [filter.message && toInteger(filter.message), id],
    [filter.n, n],
    [filter.queue, queue],
    [filter.stream, stream],
    [filter.organization, organization],
    [filter.campaign, campaign],
  ]
  return (
    wanted.every(([want, have]) => want === undefined || want === have) &&
    isNow(filter, row) &&
    isLabelled(filter, row) &&
    isWithin(filter, timeOf(id)) &&
    isAddress(filter.recipient, recipient) &&
    isAddress(filter.sender === '<>' ? '' : filter.sender, sender)
  )
}

function isNow({ states, said, dueAfter }: Selected, row: ClaimedRow): boolean {
  const [due, state, reply] = [row[11], row[12], row[15]]
  return (
    (states === undefined || states.some((one) => one === state)) &&
    (said === undefined || reply?.startsWith(said) === true) &&
    (dueAfter === undefined || due > dueAfter)
  )
}

function isLabelled({ tag, subject: wanted }: Selected, row: ClaimedRow): boolean {
  const tags = JSON.parse(row[18] ?? '[]') as readonly string[]
  const { subject = '' } = JSON.parse(row[6]) as Pick<Message, 'subject'>
  const isMeant = wanted === undefined || small(subject).includes(small(wanted))
  return isMeant && (tag === undefined || tags.includes(tag))
}

function isWithin({ since = 0, until = Infinity }: Selected, at: number): boolean {
  return at >= since && at < until
}

/** With small letters of ASCII, as databases have it. */
function small(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function isAddress(wanted: string | undefined, address: string): boolean {
  if (wanted === undefined) return true
  return wanted.startsWith('@') ? address.endsWith(wanted.toLowerCase()) : address === wanted
}

type Records = {
  readonly attempts: readonly (readonly [n: number, attempt: string])[]
  readonly reports: ReadonlyMap<string, readonly [n: number, report: string]>
}

/** Why it was not taken is in the records beside the row. */
export function isOfClass({ class: name }: Selected, n: number, { attempts, reports }: Records): boolean {
  if (name === undefined) return true
  const last = attempts.findLast(([of]) => of === n)
  const back = [...reports.values()].filter(([of]) => of === n)
  return (
    (last !== undefined && attemptOf(last[1]).bounce?.class === name) ||
    back.some(([, record]) => reportOf(record).bounce?.class === name)
  )
}

export function isBefore(row: ClaimedRow, key: Selected['before']): boolean {
  if (key === undefined) return true
  const id = toInteger(key.message)
  return row[0] < id || (row[0] === id && row[7] < key.n)
}

type Outcome = { readonly state: DeliveryState; readonly delayNotified: number }

const ENDED: ReadonlySet<DeliveryState> = new Set(['delivered', 'bounced', 'expired', 'cancelled'])

/** Whether the sender of a delivery whose time is over has still to hear of it. */
export function isUntold(
  { row, deliveries }: { readonly row: MessageRow; readonly deliveries: readonly Outcome[] },
  n: number,
): boolean {
  const { state, delayNotified } = deliveries[n] ?? {}
  if (delayNotified !== 0 || state === undefined || ENDED.has(state)) return false
  const { deliverBy } = JSON.parse(row[6]) as Pick<Message, 'deliverBy'>
  return state !== 'held' || deliverBy?.mode !== 'return'
}

export function withoutData(row: ClaimedRow): ClaimedRow {
  return row.with(20, null) as unknown as ClaimedRow
}
