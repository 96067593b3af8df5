/** The spool: where messages and deliveries are kept durably until the last of them has ended, and their record after. */

import type { DeliveryKey, MessageId } from '#grammar/message-id'

import type { Content } from './content.ts'
import type { CountQuery, CountRow } from './count.ts'
import type { EventQuery, Events, NewEvent } from './event.ts'
import type { IdempotencyKey, IdempotencyKeys } from './idempotency.ts'
import type {
  Attempt,
  Claimed,
  Delivery,
  DeliveryState,
  Instant,
  Message,
  NewDelivery,
  Past,
  Report,
  Settlement,
} from './message.ts'

export type NewMessage = {
  readonly message: Message
  readonly deliveries: readonly NewDelivery[]
  /** Kept in the commit of the message, or not at all; when it is taken the message is `refused`. */
  readonly once?: IdempotencyKey
}

/** A message too large for one buffer, on its way in. Nothing of it exists until `accept`. */
export type Writing = {
  /** Settles when the next chunk may come; chunks are written but not yet promised. */
  write(chunk: Uint8Array): Promise<void>
  /** Resolves when message, deliveries and every chunk survive power loss. */
  accept(entry: NewMessage): Promise<void>
  discard(): Promise<void>
}

/** Which deliveries an operator means. Absent fields do not restrict. */
export type DeliveryFilter = {
  readonly message?: MessageId
  readonly n?: number
  readonly states?: readonly DeliveryState[]
  readonly queue?: string
  /** Exact recipient address, or `@domain`. */
  readonly recipient?: string
  readonly sender?: string
  readonly stream?: string
  readonly organization?: string
  readonly campaign?: string
  readonly tag?: string
  /** Its subject has this somewhere; capital and small letters of ASCII are the same. */
  readonly subject?: string
  /** Why it was not taken: at the last attempt, or as it came back. */
  readonly class?: string
  /** The message began to come in then or later. */
  readonly since?: Instant
  /** And before then. */
  readonly until?: Instant
  /** What was said of it last begins so: the answer of a host, or why it is held. */
  readonly said?: string
  /** Only older ones than this: where a change goes on that had more to change than one call takes. */
  readonly before?: DeliveryKey
}

export type Page = { readonly limit: number; readonly before?: DeliveryKey }

export type Searched = {
  readonly rows: readonly Claimed[]
  /** Where to go on, as `before`; absent when there is nothing more. */
  readonly next?: DeliveryKey
}

/** A queue, and the earliest time that something of it is due. */
export type QueueDue = readonly [queue: string, due: Instant]

/** Unfinished deliveries by what they are in. */
export type Totals = { readonly waiting: number; readonly active: number; readonly held: number }

/** One scheduled queue as it stands in the store. */
export type QueueDepth = {
  readonly queue: string
  readonly waiting: number
  readonly active: number
  readonly held: number
  /** Earliest `due` among the waiting. */
  readonly nextDue?: Instant
  /** Acceptance time of the oldest unfinished delivery. */
  readonly oldest: Instant
}

export type MessageView = {
  readonly message: Message
  readonly deliveries: readonly {
    readonly delivery: Delivery
    /** Oldest first. */
    readonly attempts: readonly Attempt[]
    /** Oldest first; one of a kind at most. */
    readonly reports: readonly Report[]
  }[]
  /** Whether the bytes are still there. */
  readonly hasBody: boolean
}

export type Change = 'hold' | 'release' | 'cancel' | 'retry'

export type Reported = 'kept' | 'known' | 'missing'

/** What is too old to be kept: each of it by its own time. */
export type Age = {
  /** Events written down before. */
  readonly events: Instant
  /** Hours of days that ended before are summed to their day, in UTC. */
  readonly hours: Instant
  /** Counts of days before. */
  readonly days: Instant
}

/** Whether the store can be written and has space, as of a second ago. */
export type SpoolStatus = {
  /** Whether new mail may be accepted: disk and inodes suffice and the store answers. */
  readonly room: { readonly ok: boolean; readonly why?: string }
  /**
   * Whether outcomes can be recorded. While not, nothing new may be sent: an unrecorded success is a duplicate.
   * Settlements given meanwhile are kept in memory and resolve once they are durable.
   */
  readonly healthy: boolean
}

/** All of it rejects with `broken` once the store cannot be trusted, and with `unreachable` while it does not answer. */
export type Spool = SpoolStatus & {
  /** What opening it found: deliveries that a dead process had active wait again. */
  readonly recovered: number
  /** The newest id ever kept, for `messageIds`. */
  readonly newest: MessageId | undefined
  /** Calls `listener` after `room` or `healthy` changed. Returns what ends it. */
  onStatus(listener: () => void): () => void
  /**
   * Resolves only when the message survives power loss; a 250 may be sent after it, never before. RFC 5321 §4.2.5
   * `bytes` stay as they are and may be sent from, but not changed, meanwhile.
   * @throws {SpoolError} `full`, `unreachable`, `refused`: nothing is kept, try later
   */
  accept(entry: NewMessage, bytes: Uint8Array): Promise<void>
  write(id: MessageId): Writing
  /**
   * Records an outcome within 50 ms; resolves when it is durable. Rejects only with the death of the spool.
   * Applies to a delivery that is active. One that was held or cancelled meanwhile takes only `delivered` or
   * `bounced`, because that is what happened; one that is held also that its sender was told of the delay. Any other
   * settlement of it changes nothing.
   */
  settle(settlement: Settlement): Promise<void>
  /**
   * Keeps what came back about a delivery, the first of its kind; resolves when that is durable. `known`: one of this
   * kind is there already, and stays. `missing`: there is no such delivery, or no record of it any more.
   */
  report(key: DeliveryKey, report: Report): Promise<Reported>
  /**
   * Up to `limit` waiting deliveries of `queue` that are due, by band and due time; they are active from then on. Fewer
   * also where there is much data of theirs: ask `nextDue` whether there are more.
   */
  claim(queue: string, now: Instant, limit: number): Promise<readonly Claimed[]>
  /** When the earliest of those that wait in `queue` is due; `undefined` when none waits. */
  nextDue(queue: string): Promise<Instant | undefined>
  /**
   * Up to `limit` queues in which something waits, in the store's own order from the first beyond `after`, each with the
   * earliest time that any of it is due. Looks at each queue, not at what is in it.
   */
  waiting(after: string, limit: number): Promise<readonly QueueDue[]>
  /**
   * Up to `limit` deliveries whose time for delivery has passed without their sender being told, in the state they have;
   * those that wait are active from then on, and the caller's to settle. Held ones only where being told is all. RFC 2852 §4.1
   */
  overdue(now: Instant, limit: number): Promise<readonly Claimed[]>
  /** When the next time for delivery is; one that has passed and was told of may still be there. */
  nextDeadline(): Promise<Instant | undefined>
  /** Gives claimed deliveries back untried, as when the process drains. */
  unclaim(keys: readonly DeliveryKey[]): Promise<void>
  /** @throws {SpoolError} `missing` when there is no such body, `corrupt` (also from `chunks`) when it was damaged */
  read(id: MessageId): Promise<Content>
  /**
   * Every queue with unfinished deliveries, or those of `queues` that have some, in no order. All of them are a second
   * of work when there are 100,000: who means a few says which.
   */
  depths(queues?: readonly string[]): Promise<readonly QueueDepth[]>
  /** All queues together, without looking at each. */
  totals(): Promise<Totals>
  /**
   * Newest first; with the data of a delivery only where the filter names the one. What is asked by recipient, domain, tag or organization is found by them, however much there is;
   * other conditions are held against each delivery, of which one question looks at so many: a page that is not full
   * may have more after it.
   */
  search(filter: DeliveryFilter, page: Page): Promise<Searched>
  /** The same; as many as there are up to the limit, however long it takes. */
  list(filter: DeliveryFilter, page: Page): Promise<readonly Claimed[]>
  show(id: MessageId): Promise<MessageView | undefined>
  /** Up to `limit` records from the first beyond `after`, the oldest message first; absent: from the oldest there is. */
  past(after: DeliveryKey | undefined, limit: number): Promise<readonly Past[]>
  /**
   * Changes deliveries that wait or are held (`cancel`, `hold` also take active ones: the engine settles them
   * without a further attempt). Returns those changed, as they were before, newest first: at most `CHANGE_LIMIT`;
   * when it is that many, go on with `before` set to the last of them. `retry` makes those due now that wait for later;
   * `release` lets held ones wait for the time they had.
   */
  change(filter: DeliveryFilter, change: Change, now: Instant, reason: string): Promise<readonly Claimed[]>
  /**
   * Removes records whose last delivery ended before `before`, of those in `streams` before the time that stands there;
   * at most `limit` messages. Returns how many went.
   */
  forget(before: Instant, limit: number, streams?: ReadonlyMap<string, Instant>): Promise<number>
  readonly keys: IdempotencyKeys
  /**
   * Tells what another room knows of, within 50 ms; resolves when it is durable. What the spool does itself (accepts,
   * settlements, changes, reports) it has told in the commit that did it.
   * @throws {SpoolError} `full`, `unreachable`: it may be kept all the same
   */
  append(event: NewEvent): Promise<void>
  /**
   * A page of the log, in order: after `next` nothing comes that was before it. A kind that is rare may give a page
   * without an event and with `more`.
   * @throws {SpoolError} `refused` when `after` is no cursor
   */
  events(query: EventQuery): Promise<Events>
  /**
   * How often what happened, from sums that were kept with it: no delivery is looked at.
   * @throws {SpoolError} `refused` when the keys do not go together: see `COUNT_KEYS`
   */
  counts(query: CountQuery): Promise<readonly CountRow[]>
  /** Removes events and counts that are older, in one short step; says whether there may be more to do. */
  age(before: Age): Promise<boolean>
  /** Resolves after all that was accepted and settled is durable, or has failed. */
  close(): Promise<void>
}

/**
 * `full`: no space, nothing was kept, try later. `unreachable`: the store does not answer, the same. `refused`: this
 * entry cannot be kept, as when its id is taken. `missing`: no such thing. `corrupt`: its bytes are not those that were
 * kept; only this message is lost. `broken`: the store cannot be trusted; die.
 */
export type SpoolErrorCode = 'missing' | 'corrupt' | 'full' | 'unreachable' | 'refused' | 'broken'

export class SpoolError extends Error {
  override readonly name = 'SpoolError'
  readonly code: SpoolErrorCode
  constructor(code: SpoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
