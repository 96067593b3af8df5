/** What egress is asked to send, what it says happened, and why nothing goes out. */

import type { Route } from '#engine/routing'
import type { Live } from '#engine/shaping'
import type { Attempt, Claimed, Content, Instant } from '#engine/spool'
import type { ReversePath } from '#grammar/address'

/** One transaction: one message to one or more recipients of one site. */
export type Job = {
  /** Same message in all of them; at least one. */
  readonly claimed: readonly Claimed[]
  /** What MAIL FROM says: the sender's reverse-path, or a return path of ours (then one recipient a job). */
  readonly from: ReversePath
  /** Who vouches that the hosts are the recipients'; absent when nobody does. RFC 8689 §4.2.1 */
  readonly vouchedBy?: Route['vouchedBy'] | undefined
  /**
   * Called before MAIL, once for each connection that takes the job up, which is once unless the first was dead; the
   * bytes with signature, not yet dot-stuffed. A rejection defers the job; what cannot be made fit for the peer is a
   * `NotSendable`. `chunks()` of the answer may be called more than once.
   */
  content(peer: { readonly eightBit: boolean; readonly binary: boolean }): Promise<Content | NotSendable>
  /** Called exactly once, with one element per element of `claimed`, in order. */
  done(tried: readonly Tried[]): void
}

/** A message that cannot be given to this peer as it is, nor be converted: it bounces. RFC 6152 §3 */
export type NotSendable = {
  readonly kind: 'not-sendable'
  /** RFC 3463, e.g. `5.6.3`. */
  readonly enhanced: string
  readonly text: string
}

export type Tried = Attempt & {
  /** The peer took the duty to send DSNs; otherwise a success is ours to report as `relayed`. RFC 3461 §5.2.2 */
  readonly dsnPassedOn: boolean
  /** The peer took the time by which the message is to be delivered, and watches it from now on. RFC 2852 §4.1.4 */
  readonly deadlinePassedOn: boolean
}

/** No host of the site could be reached, or none would talk. */
export type Unreachable = {
  /** What the last try of all hosts came to; `bounced` only when no host will ever take mail. RFC 7504 §4 */
  readonly attempt: Tried
  /** The path connects no sooner. */
  readonly until: Instant
}

/** Where a path takes its work from. Its calls come from inside `wake`, and from the network at any time. */
export type Work = {
  /** Whether `next` would give `source` something. Connections are made for work that waits, and for nothing else. */
  hasWork(source: string, pauses: Pauses): boolean
  /**
   * The next transaction for `source`, of at most so many recipients, or `undefined` when there is none now; `wake` is called when
   * there is. Only asked for when a connection stands ready, so that work which waits for one can still be held,
   * cancelled or explained.
   */
  next(source: string, recipients: number, pauses: Pauses): Job | undefined
  /** Whose mail waits for a connection. */
  domains(): Iterable<string>
  /** Nothing was taken and nothing will be until `why.until`; `describe` says the same to the operator. */
  failed(why: Unreachable): void
  /** Nothing will be taken from `source` before the reaction ends; absent: nothing holds it any more. */
  suspended(source: string, reaction: Live | undefined): void
}

/** Streams that a path passes over. */
export type Pauses = {
  /** False for nearly all paths: then nothing else need be asked. */
  readonly hasPaused: boolean
  isPaused(organization: string, stream: string): boolean
}
