/**
 * The circuit breaker: counts recipients and unknown ones among them, by stream. Receivers count them too, and block
 * the networks of those who guess addresses.
 */

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

/** Words of receivers that have no code for it, in lower case. */
const WORDS = [
  'unknown user',
  'user unknown',
  'no such user',
  'user not found',
  'invalid recipient',
  'recipient address rejected: user unknown',
  'does not exist',
  "doesn't have a",
  'no mailbox',
  'mailbox unavailable',
  'mailbox not found',
  'unrouteable address',
  'address rejected',
] as const

/**
 * Whether the receiver says that there is nobody of this name. At RCPT only: several receivers say the same at the end
 * of data of somebody who does exist, and has filtered the message. RFC 3463 §3.2
 */
export function isUnknownUser({ outcome, stage, code, enhanced, text }: Attempt): boolean {
  if (outcome !== 'bounced' || stage !== 'RCPT') return false
  if (enhanced === '5.1.1' || enhanced === '5.1.10' || enhanced === '5.1.6') return true
  if (code !== 550 && code !== 551 && code !== 553 && code !== 554) return false
  if (!enhanced.endsWith('.0.0') && !enhanced.startsWith('5.1.')) return false
  const lower = text.toLowerCase()
  return WORDS.some((words) => lower.includes(words))
}
