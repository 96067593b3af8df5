/**
 * What a storage engine does for the spool: coarse steps, each one transaction. No grouping, no timers, no threads,
 * and no values of the house: rows, as they cross threads and enter SQL.
 */

import type { SummedQuery, SummedRow } from './count.ts'
import type { EventKind, Place, StoredPage } from './event.ts'
import type { DeliveryState } from './message.ts'
import type { Selected } from './selection.ts'
import type { Age, Change, Page, QueueDepth, QueueDue, Reported, Totals } from './spool.ts'

/** A message to be kept. Tuples, because a structured clone of a tuple costs a third of that of an object. */
export type MessageRow = readonly [
  id: number,
  acceptedAt: number,
  organization: string,
  stream: string,
  /** `local@domain`, empty for the null reverse-path. */
  sender: string,
  size: number,
  /** JSON of what no statement asks for. */
  detail: string,
  /** Where the body lies in the bytes of the batch; −1 when it was written as chunks. */
  offset: number,
  length: number,
  /** CRC-32 of the body. */
  crc: number,
  deliveries: readonly DeliveryRow[],
  /** JSON of the list; `null` when there are none. */
  tags: string | null,
  /** JSON; `null` when there is none. */
  metadata: string | null,
  /** When its sender is to be told that it is late, or to have it back. */
  deadline: number | null,
  once: IdempotencyKeyRow | null,
  /** `OURS`, or empty: what its being accepted is counted as. */
  made: string,
]

export type IdempotencyKeyRow = readonly [key: string, digest: string, answer: string]

export type KeptRequestRow = readonly [message: number, digest: string, answer: string]

export type DeliveryRow = readonly [
  recipient: string,
  queue: string,
  band: number,
  due: number,
  state: 'active' | 'waiting' | 'held',
  detail: string | null,
  /** JSON; null for mail that is the same for all. */
  data: string | null,
]

export type SettlementRow = readonly [
  id: number,
  n: number,
  state: 'waiting' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled',
  due: number,
  at: number,
  delayNotified: 0 | 1,
  reply: string,
  /** JSON of the attempt. */
  attempt: string | null,
  /** Of the attempt, for the counts; empty without one. `provider` is the site where no provider is known. */
  source: string,
  provider: string,
  bounceClass: string,
]

/** `kind` of the report, and its JSON. */
export type ReportRow = readonly [id: number, n: number, kind: string, record: string]

/** An event that another room appended. */
export type EventRow = readonly [
  organization: string,
  kind: EventKind,
  at: number,
  stream: string,
  sender: string,
  recipient: string,
  /** JSON of the list. */
  tags: string | null,
  /** JSON of the entry of the page. */
  entry: string,
  /** What it is counted as, of its kind; empty without one. */
  detail: string,
  /** What is to be kept of the delivery, unless something of its kind is. */
  keep: ReportRow | null,
]

export type Batch = {
  readonly accepts: readonly MessageRow[]
  readonly settlements: readonly SettlementRow[]
  readonly events: readonly EventRow[]
  /** The bodies of `accepts`, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A delivery with its message, as read. */
export type ClaimedRow = readonly [
  id: number,
  acceptedAt: number,
  organization: string,
  stream: string,
  sender: string,
  size: number,
  detail: string,
  n: number,
  recipient: string,
  queue: string,
  band: number,
  due: number,
  state: string,
  attempts: number,
  delayNotified: number,
  lastReply: string | null,
  endedAt: number | null,
  deliveryDetail: string | null,
  tags: string | null,
  metadata: string | null,
  /** Of what is going to be sent, and of a list of one; null otherwise. */
  data: string | null,
]

export type StoredBody =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array<ArrayBuffer>; readonly crc: number }
  | { readonly kind: 'chunked'; readonly size: number; readonly count: number }

export type StoredChunk = { readonly bytes: Uint8Array<ArrayBuffer>; readonly crc: number }

export type ShownRows = {
  readonly deliveries: readonly ClaimedRow[]
  /** `n` and the JSON of the attempt, in order. */
  readonly attempts: readonly (readonly [n: number, attempt: string])[]
  /** `n` and the JSON of the report. */
  readonly reports: readonly (readonly [n: number, report: string])[]
  readonly hasBody: boolean
}

/** A delivery with what became of it. Without the message's detail: a million of them are read at a time. */
export type PastRow = readonly [
  id: number,
  n: number,
  organization: string,
  stream: string,
  door: string,
  recipient: string,
  state: string,
  lastReply: string | null,
  endedAt: number | null,
  /** JSON of the last attempt; null where it has nothing to say. */
  last: string | null,
  /** JSON of the reports as an array. */
  reports: string,
]

/** And before which delivery to go on; `null` when there is nothing more. */
export type SearchedRows = readonly [rows: readonly ClaimedRow[], next: Key | null]

export type Key = readonly [id: number, n: number]

/** A delivery that was changed, and its state before. */
export type Changed = readonly [id: number, n: number, was: DeliveryState]

/** What was found at opening. */
export type Found = {
  /** Deliveries that a dead process had active: waiting again. */
  readonly recovered: number
  /** Bodies begun and never accepted: removed. */
  readonly orphans: number
  /** The largest id ever kept; 0 when none was. */
  readonly newest: number
}

/** Pages of one organization, or of all, beyond these places: see `Cursor`. */
export type PageQuery = {
  readonly organization?: string
  readonly after: readonly Place[]
  readonly since?: number
  /** Pages enough for so many events, and one more at most. */
  readonly limit: number
}

type Now<T> = T | Promise<T>

/**
 * Never two calls at once, but for the reads (`nextDue`, `waiting`, `overdue`, `nextDeadline`, `read`, `readChunk`,
 * `search`, `show`, `past`, `depths`, `totals`, `pages`, `sums`).
 * Throws `SpoolError`: `full` and `unreachable` leave things as they were, except that an unreachable engine may have
 * kept a batch; `broken` ends it; anything else is the fault of the batch.
 */
export type SpoolEngine = {
  readonly found: Found
  /**
   * All of it in one transaction, durable when this settles. A settlement changes a delivery that is active; one that
   * was held or cancelled meanwhile changes only to `delivered` or `bounced`, and any other not at all, but that one
   * that is held may hear that its sender was told of the delay: so a settlement may be repeated. An accept whose
   * idempotency key is taken fails the batch. `abandoned` are ids of messages to remove with their keys, if they are
   * there. What changed is told in the log and counted, in the same transaction; so do `apply` and `report`.
   */
  commit(batches: readonly Batch[], abandoned: readonly number[]): Now<void>
  /** Kept by a later commit of its message. */
  writeChunk(id: number, seq: number, chunk: StoredChunk): Now<void>
  discardChunks(id: number): Now<void>
  /** Fewer than `limit` also where their data are `CLAIMED_DATA` octets together. */
  claim(queue: string, now: number, limit: number): Now<readonly ClaimedRow[]>
  nextDue(queue: string): Now<number | undefined>
  waiting(after: string, limit: number): Now<readonly QueueDue[]>
  unclaim(keys: readonly Key[]): Now<void>
  /**
   * Up to `limit` unfinished deliveries whose deadline has passed, the earliest first, that nobody was told of; not those
   * that are held and would have to be returned.
   */
  overdue(now: number, limit: number): Now<readonly ClaimedRow[]>
  /** Makes those active that wait, and says which. */
  take(keys: readonly Key[]): Now<readonly Key[]>
  /** Forgets the first `limit` deadlines that have passed. */
  dropDeadlines(now: number, limit: number): Now<void>
  nextDeadline(): Now<number | undefined>
  read(id: number): Now<StoredBody | undefined>
  readChunk(id: number, seq: number): Now<StoredChunk | undefined>
  depths(queues?: readonly string[]): Now<readonly QueueDepth[]>
  totals(): Now<Totals>
  /** Newest first. A page may have fewer rows than it might, and more after it: a question looks at so much at most. */
  search(filter: Selected, page: Page): Now<SearchedRows>
  show(id: number): Now<ShownRows | undefined>
  past(after: Key, limit: number): Now<readonly PastRow[]>
  /** Changes those of `keys` that `change` applies to, and says what they were. */
  apply(keys: readonly Key[], change: Change, now: number, reason: string): Now<readonly Changed[]>
  /** Durable when this settles. `record` is the JSON of the report. */
  report(key: Key, kind: string, record: string): Now<Reported>
  forget(before: number, limit: number, streams: ReadonlyMap<string, number>): Now<number>
  kept(organization: string, key: string): Now<KeptRequestRow | undefined>
  tidyKeys(before: number, limit: number): Now<number>
  /** In the order of the log. */
  pages(query: PageQuery): Now<readonly StoredPage[]>
  sums(query: SummedQuery): Now<readonly SummedRow[]>
  /** Removes what is older, in one short step; says whether there may be more to do. */
  age(before: Age): Now<boolean>
  close(): Now<void>
}
