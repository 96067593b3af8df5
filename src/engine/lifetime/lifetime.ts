/** The life of a delivery between attempts: when it is tried again, when its sender is told, when it is given up. */

import type { Attempt, Claimed, Instant, Message } from '#engine/spool'
import type { QueueConfig } from '#platform/config'

export type RetryPolicy = Pick<QueueConfig, 'retry' | 'jitter' | 'delayWarning'>

export type Verdict =
  | { readonly state: 'delivered' }
  | { readonly state: 'bounced' }
  /** The last attempt was deferred, and its time is over. RFC 5321 §4.5.4.1 */
  | { readonly state: 'expired' }
  | { readonly state: 'waiting'; readonly due: Instant; readonly tellDelay: boolean }

/** The stage of the attempt that found the content not to be what was accepted, after which a delivery is held. */
export const DAMAGED = 'damaged content'

/** `random` is in [0, 1). Takes the delivery as it was before the attempt. */
export function afterAttempt(
  claimed: Claimed,
  attempt: Pick<Attempt, 'outcome'>,
  policy: RetryPolicy,
  at: { readonly now: Instant; readonly random: number },
): Verdict {
  switch (attempt.outcome) {
    case 'delivered':
      return { state: 'delivered' }
    case 'bounced':
      return { state: 'bounced' }
    case 'deferred':
      return deferOrExpire(claimed, policy, at)
  }
}

/** What becomes of a delivery that nothing was tried with when the time of its sender came. RFC 2852 §4.1 */
export function whenLate(
  claimed: Claimed,
  policy: RetryPolicy,
  now: Instant,
): Extract<Verdict, { readonly state: 'waiting' | 'expired' }> {
  if (now >= deadline(claimed)) return { state: 'expired' }
  const { due } = claimed.delivery
  return { state: 'waiting', due, tellDelay: owesDelayNotice(claimed, policy, now) }
}

/** The moment after which no attempt is made. RFC 2852 §4.1: mode R returns what is not delivered by its time. */
export function deadline({ message }: Claimed): Instant {
  return message.deliverBy?.mode === 'return'
    ? Math.min(message.expiresAt, message.deliverBy.at)
    : message.expiresAt
}

function deferOrExpire(
  claimed: Claimed,
  policy: RetryPolicy,
  { now, random }: { readonly now: Instant; readonly random: number },
): Verdict {
  const end = deadline(claimed)
  if (now >= end) return { state: 'expired' }
  const due = now + backoff(claimed.delivery.attempts, policy, random)
  // A last attempt at the very end, rather than giving up early because the next regular one would be late.
  const latest = Math.min(end, toldAt(claimed, now))
  return { state: 'waiting', due: Math.min(due, latest), tellDelay: owesDelayNotice(claimed, policy, now) }
}

/** RFC 2852 §4.1: with mode N the sender hears of it when the time is over, not when the next try happens to come. */
function toldAt({ message: { deliverBy } }: Claimed, now: Instant): Instant {
  return deliverBy?.mode === 'notify' && deliverBy.at > now ? deliverBy.at : Infinity
}

/** Milliseconds until the next try after `tries` earlier ones. The spread keeps a backlog from returning as one wave. */
export function backoff(tries: number, { retry, jitter }: RetryPolicy, random: number): number {
  const base = retry[Math.min(tries, retry.length - 1)] ?? 0
  return Math.round(base * (1 + jitter * (2 * random - 1)))
}

/**
 * How many tries there will be from the one at `due`, which `tries` came before, to the last one at `end`, both counted,
 * if every one is deferred. Without the spread, and so only about.
 */
export function triesUntil(due: Instant, end: Instant, tries: number, retry: readonly number[]): number {
  let at = due
  let count = 1
  for (const wait of retry.slice(tries)) {
    if (at >= end) return count
    at += wait
    count += 1
  }
  const last = retry.at(-1) ?? 0
  return at >= end || last <= 0 ? count : count + Math.ceil((end - at) / last)
}

/** Only those who asked are told, once. RFC 3461 §4.1, RFC 2852 §4.1 */
function owesDelayNotice({ message, delivery }: Claimed, policy: RetryPolicy, now: Instant): boolean {
  const { notify } = delivery
  if (delivery.delayNotified || message.from === null || notify === 'never') return false
  const wantsDelay = notify?.includes('delay') === true
  // A time for delivery asks for the notice by itself, unless NOTIFY has said what is wanted and left delays out.
  if (isMissed(message, now) && (wantsDelay || notify === undefined)) return true
  return wantsDelay && now - message.acceptedAt >= policy.delayWarning
}

/** What was over before it came here was told of by the host where it ran out. */
function isMissed({ deliverBy }: Message, now: Instant): boolean {
  return deliverBy?.mode === 'notify' && deliverBy.overdue !== true && now >= deliverBy.at
}
