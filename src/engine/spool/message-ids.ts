/** Gives the ids of one node's messages, each once. */

import { idAt, tickAt, tickOf } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'

/** Where the ids of a process begin, and how its threads share them. */
export type IdRange = {
  /** Every id given sorts after it: the newest of the store, in case the clock was set back since. */
  readonly after?: MessageId
  /** Of `lanes` threads that give ids for one node at once, this is number `lane`, from 0. */
  readonly lane?: number
  readonly lanes?: number
}

/** Gives ids for one node. No two calls give the same id, even when the clock steps back. */
export function messageIds(node: number, now: () => number, range: IdRange = {}): () => MessageId {
  const lane = range.lane ?? 0
  const lanes = range.lanes ?? 1
  let last = range.after === undefined ? -1 : tickOf(range.after)
  return () => {
    const earliest = Math.max(last + 1, tickAt(now()))
    last = earliest + ((lane - (earliest % lanes) + lanes) % lanes)
    return idAt(last, node)
  }
}
