/**
 * The circuit breaker: counts recipients and unknown ones among them, by stream. Receivers count them too, and block
 * the networks of those who guess addresses.
 */

import { classifyReply } from '#engine/bounce'
import type { Limits } from '#engine/rule'
import type { Attempt, Instant } from '#engine/spool'

import type { Stream } from './live.ts'

type Terms = Limits['unknownUsers']

/** Of one stream, in two halves of the time that counts: the older one goes as a whole. */
type Count = { since: Instant; tried: number; unknown: number; triedBefore: number; unknownBefore: number }

/** Streams counted on one path; beyond it those that came first are counted anew. */
const MOST = 1_000

export class UnknownUsers {
  readonly #counts = new Map<string, Map<string, Count>>()
  #size = 0

  /** What was counted, when it has become too much; then it is counted anew. */
  add(
    { organization, stream }: Stream,
    isUnknown: boolean,
    terms: Terms,
    now: Instant,
  ): { readonly unknown: number; readonly tried: number } | undefined {
    const count = this.#countOf(organization, stream, now)
    turn(count, terms.within, now)
    count.tried += 1
    if (!isUnknown) return undefined
    count.unknown += 1
    const unknown = count.unknown + count.unknownBefore
    const tried = count.tried + count.triedBefore
    if (unknown < terms.count || unknown < terms.share * tried) return undefined
    this.#counts.get(organization)?.delete(stream)
    this.#size -= 1
    return { unknown, tried }
  }

  #countOf(organization: string, stream: string, now: Instant): Count {
    const streams = this.#counts.getOrInsertComputed(organization, () => new Map())
    const known = streams.get(stream)
    if (known !== undefined) return known
    if (this.#size >= MOST) this.#clear()
    const count: Count = { since: now, tried: 0, unknown: 0, triedBefore: 0, unknownBefore: 0 }
    this.#counts.getOrInsertComputed(organization, () => new Map()).set(stream, count)
    this.#size += 1
    return count
  }

  #clear(): void {
    this.#counts.clear()
    this.#size = 0
  }
}

function turn(count: Count, within: number, now: Instant): void {
  const half = within / 2
  const passed = now - count.since
  if (passed < half) return
  const isRecent = passed < 2 * half
  count.triedBefore = isRecent ? count.tried : 0
  count.unknownBefore = isRecent ? count.unknown : 0
  count.tried = 0
  count.unknown = 0
  count.since = now
}

/** Whether the receiver has looked at the recipient. */
export function hasLookedAt({ stage }: Attempt): boolean {
  return stage === 'RCPT' || stage === 'DATA' || stage === 'end of data'
}

/** Whether the receiver says that there is nobody of this name. What several say of who filters is told apart. */
export function isUnknownUser(attempt: Attempt, domain: string): boolean {
  return attempt.outcome === 'bounced' && classifyReply({ ...attempt, domain }).class === 'user-unknown'
}
