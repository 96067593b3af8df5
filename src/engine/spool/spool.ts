/** The spool: where messages and deliveries are kept durably until the last of them has ended, and their record after. */

import type { Content } from './content.ts'
import type { Attempt, Claimed, Delivery, DeliveryState, Instant, Message, NewDelivery, Settlement } from './message.ts'
import type { DeliveryKey, MessageId } from './message-id.ts'

export type NewMessage = { readonly message: Message; readonly deliveries: readonly NewDelivery[] }

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
}

export type Page = { readonly limit: number; readonly before?: DeliveryKey }

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
  readonly deliveries: readonly { readonly delivery: Delivery; readonly attempts: readonly Attempt[] }[]
  /** Whether the bytes are still there. */
  readonly hasBody: boolean
}

export type Change = 'hold' | 'release' | 'cancel' | 'retry'

export type Spool = {
  /** Resolves only when the message survives power loss; a 250 may be sent after it, never before. RFC 5321 §4.2.5 */
  accept(entry: NewMessage, bytes: Uint8Array): Promise<void>
  write(id: MessageId): Writing
  /** Records an outcome within 50 ms; resolves when it is durable. Rejects only with the death of the spool. */
  settle(settlement: Settlement): Promise<void>
  /** Up to `limit` waiting deliveries of `queue` that are due, by band and due time; they are active from then on. */
  claim(queue: string, now: Instant, limit: number): Promise<readonly Claimed[]>
  /** Gives claimed deliveries back untried, as when the process drains. */
  unclaim(keys: readonly DeliveryKey[]): Promise<void>
  /** @throws {SpoolError} `missing` when there is no such body */
  read(id: MessageId): Promise<Content>
  /** Every queue with unfinished deliveries. */
  depths(): Promise<readonly QueueDepth[]>
  /** Newest first. */
  list(filter: DeliveryFilter, page: Page): Promise<readonly Claimed[]>
  show(id: MessageId): Promise<MessageView | undefined>
  /**
   * Changes deliveries that wait or are held (`cancel`, `hold` also take active ones: the engine settles them
   * without a further attempt). Returns those changed, as they were before.
   */
  change(filter: DeliveryFilter, change: Change, now: Instant, reason: string): Promise<readonly Claimed[]>
  /** Removes records whose last delivery ended before `before`; at most `limit` messages. Returns how many went. */
  forget(before: Instant, limit: number): Promise<number>
  /** Whether new mail may be accepted: disk and inodes suffice and the store answers. */
  readonly room: { readonly ok: boolean; readonly why?: string }
  close(): Promise<void>
}

/** `full`: no room, nothing was kept, try later. `missing`: no such thing. `broken`: the store cannot be trusted; die. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
  readonly code: 'missing' | 'full' | 'broken'
  constructor(code: 'missing' | 'full' | 'broken', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
