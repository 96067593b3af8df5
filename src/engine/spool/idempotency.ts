/** What a client calls a request by, so that asking again does it once. Not what a key may look like: the door says that. */

import type { Instant } from './message.ts'
import type { MessageId } from '#grammar/message-id'

/** Of one organization; another may have the same. */
export type IdempotencyKey = {
  readonly key: string
  /** Of the request: under the same key another one is a mistake. */
  readonly digest: string
  /** What its answer said beyond the message's id, in the words of the door. */
  readonly answer: string
}

/** A request that was done. */
export type KeptRequest = Omit<IdempotencyKey, 'key'> & { readonly message: MessageId }

export type IdempotencyKeys = {
  /**
   * The message that was accepted with this key, even when its record was forgotten.
   * @throws {SpoolError} `unreachable`, `full`: nobody can tell now, because a commit is in doubt
   */
  kept(organization: string, key: string): Promise<KeptRequest | undefined>
  /** Removes keys of messages accepted before `before`; at most `limit`. Returns how many went. */
  tidy(before: Instant, limit: number): Promise<number>
}
