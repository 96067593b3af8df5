/** What egress is asked to send, and what it says happened. */

import type { Attempt, Claimed, Content } from '#engine/spool'
import type { ReversePath } from '#grammar/address'

/** One transaction: one message to one or more recipients of one site. */
export type Job = {
  /** Same message in all of them. */
  readonly claimed: readonly Claimed[]
  /** What MAIL FROM says: the sender's reverse-path, or a return path of ours (then one recipient a job). */
  readonly from: ReversePath
  /** Called once per attempt, before DATA; the bytes with signature, not yet dot-stuffed. */
  content(peer: { readonly eightBit: boolean; readonly binary: boolean }): Promise<Content>
  /** Called exactly once, with one attempt per element of `claimed`, in order. */
  done(attempts: readonly Attempt[]): void
}

/** Where a path takes its work from. */
export type Work = {
  /** The next transaction, or `undefined` when there is none now; `wake` is called when there is. */
  next(): Job | undefined
}
