/** One site in virtual time: what is left for it, the paths that take it there, and when it is tried again. */

import { backoff } from '#engine/lifetime'
import type { RetryPolicy } from '#engine/lifetime'
import type { Receiver } from '#engine/receiver'
import type { Claimed, Instant } from '#engine/spool'

import { claimedFor, wordsOf } from './attempt.ts'
import type { Said } from './attempt.ts'
import type { Backlog, Parcel } from './backlog.ts'
import type { Account } from './ledger.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A path, as its site sees it. */
export type Way = {
  readonly keepsShare: boolean
  /** Until when no connection is tried, because none came about. */
  readonly downUntil: Instant | undefined
  wake(): void
}

export type SiteParts = {
  readonly name: string
  readonly stream: string
  readonly backlog: Backlog
  readonly receiver: Receiver
  readonly account: Account
  readonly clock: VirtualClock
  readonly policy: RetryPolicy
  /** After this no message is tried. */
  readonly end: Instant
  /** Deliveries of a queue in memory: those that fail with their site. */
  readonly window: number
  /** In [0, 1). */
  readonly random: () => number
  /** So many messages have ended. */
  readonly done: (count: number) => void
}

/** How long what was put off as never seen stays put off, in ms: Postgrey's, as everybody's. */
const GREY = 300_000

export class RehearsedSite {
  readonly name: string
  readonly backlog: Backlog
  readonly paths: Way[] = []
  readonly #parts: SiteParts
  readonly #words: { readonly unknown: Said; readonly greylisted: Said }
  #cancelWake: (() => void) | undefined
  #wakesAt: Instant = Infinity
  readonly #claimed = new Map<string, Claimed>()
  #isOver = false

  constructor(parts: SiteParts) {
    this.#parts = parts
    this.name = parts.name
    this.backlog = parts.backlog
    this.#words = wordsOf(parts.receiver.personality)
  }

  wake(): void {
    for (const path of this.paths) path.wake()
  }

  /** What is a path's share in a pool that waits for a day of its warm-up goes by no other. */
  serves(path: Way): boolean {
    return this.paths.length === 1 || !this.paths.some((one) => one !== path && one.keepsShare)
  }

  /** What is said of the recipient; absent: it is taken. */
  wordsFor({ isUnknown, isGreylisted, since }: Parcel, now: Instant): Said | undefined {
    if (isUnknown) return this.#words.unknown
    return isGreylisted && now - since < GREY ? this.#words.greylisted : undefined
  }

  /** One for all messages to a domain. */
  claimed(domain: string): Claimed {
    return this.#claimed.getOrInsertComputed(domain, () => claimedFor(domain, this.#parts.stream))
  }

  /** An attempt has come to this. */
  settle(parcel: Parcel, outcome: 'delivered' | 'deferred' | 'bounced'): void {
    const { account, clock, done } = this.#parts
    if (parcel.tries > 0) account.counts.retries += 1
    if (outcome === 'deferred') return this.#putOff(parcel)
    account.ended(outcome, clock.now())
    done(1)
  }

  #putOff(parcel: Parcel): void {
    const { account, clock, policy, random, end } = this.#parts
    const now = clock.now()
    account.counts.deferrals += 1
    if (this.#isOver || now >= end) return this.#expired(1)
    const due = Math.min(end, now + backoff(parcel.tries, policy, random()))
    parcel.tries += 1
    parcel.isRepeated = false
    this.backlog.putOff(parcel, due)
    this.rest()
  }

  /** Where every path is down, what is in memory fails with it. */
  failed(now: Instant): void {
    if (this.paths.some(({ downUntil }) => downUntil === undefined)) return
    for (let n = 0; n < this.#parts.window; n += 1) {
      const parcel = this.backlog.next(now)
      if (parcel === undefined) return
      this.settle(parcel, 'deferred')
    }
  }

  /** Its time is over. */
  expire(): void {
    this.#isOver = true
    this.#expired(this.backlog.clear())
  }

  #expired(count: number): void {
    const { account, clock, done } = this.#parts
    if (count === 0) return
    account.ended('expired', clock.now(), count)
    done(count)
  }

  /** Nothing is to be done before the next of those put off is due. */
  rest(): void {
    const { clock } = this.#parts
    const { nextDue = Infinity } = this.backlog
    if (nextDue <= clock.now() || nextDue >= this.#wakesAt) return
    this.#cancelWake?.()
    this.#wakesAt = nextDue
    this.#cancelWake = clock.after(nextDue - clock.now(), () => {
      this.#wakesAt = Infinity
      this.wake()
    })
  }
}
