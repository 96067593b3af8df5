/** What a door hands over, and what it is told. */

import type { MessageId } from '#engine/spool'
import type { Envelope, Reply } from '#grammar/smtp'

/** Everything about an accepted content but its bytes. */
export type Arrival = {
  readonly id: MessageId
  readonly envelope: Envelope
  readonly organization: string
  readonly stream: string
  readonly credential?: string
  readonly door: string
  readonly client: { readonly address: string; readonly helo: string; readonly protocol: string }
  readonly subject?: string
  readonly headerFrom?: string
  readonly headerMessageId?: string
}

export type Accepted =
  | { readonly ok: true; readonly id: MessageId }
  /** Nothing was kept; the reply says why, in words for the sender. */
  | { readonly ok: false; readonly reply: Reply }

export type StreamedArrival = {
  /** Await it before the next chunk: this is the back-pressure. */
  write(chunk: Uint8Array): Promise<void>
  accept(arrival: Arrival): Promise<Accepted>
  discard(): Promise<void>
}

export type Intake = {
  newId(): MessageId
  /** Why nothing may come in now (disk, memory, draining), as the reply to MAIL; `undefined` when it may. */
  refusal(): Reply | undefined
  /** Resolves after the fsync that covers the message. Rejects only when the spool is broken; then no 250. */
  accept(arrival: Arrival, bytes: Uint8Array): Promise<Accepted>
  /** For content beyond `WHOLE_LIMIT`. */
  stream(id: MessageId): StreamedArrival
}
