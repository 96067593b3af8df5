/**
 * No more than so many within so long, in any span of that length, wherever in it one looks, and whoever looks.
 *
 * What is counted has a beginning and an end, as a transaction has, and the receiver may see it at any moment between.
 * It therefore counts from its beginning until one span after its end: whatever two moments the receiver takes, those
 * it saw between them were all counted when the last of them began.
 */

import type { Instant } from '#engine/spool'

/** A span is counted in so many slots; each end is kept to the end of its slot, 1.6 % of the span longer than needed. */
const SLOTS = 64

/** Ends by slot, for keeping: how many milliseconds before it was taken, and how many ended then. */
export type Tally = readonly (readonly [age: number, ends: number])[]

export class Window {
  /** Milliseconds. */
  readonly within: number
  most: number
  readonly #slot: number
  readonly #ends = new Uint32Array(SLOTS + 1)
  /** The slot of the moment, counted from the epoch of the clock. */
  #at = 0
  #ended = 0
  #open = 0

  constructor(most: number, within: number) {
    this.most = most
    this.within = within
    this.#slot = within / SLOTS
  }

  /** Those that count at `now`. */
  used(now: Instant): number {
    this.#advance(now)
    return this.#ended + this.#open
  }

  get open(): number {
    return this.#open
  }

  /** Milliseconds until one more may begin, 0 for at once; `Infinity` when one that is open must end first. */
  wait(now: Instant): number {
    this.#advance(now)
    let excess = this.#ended + this.#open - this.most + 1
    if (excess <= 0) return 0
    for (let slot = this.#at - SLOTS; slot <= this.#at; slot += 1) {
      excess -= this.#ends[modulo(slot)] ?? 0
      if (excess <= 0) return Math.max(1, Math.ceil((slot + SLOTS + 1) * this.#slot - now))
    }
    return Infinity
  }

  begin(): void {
    this.#open += 1
  }

  end(now: Instant): void {
    this.#advance(now)
    this.#open -= 1
    this.#add(this.#at, 1)
  }

  /** What ended within the span; what is open is taken to end now. */
  tally(now: Instant): Tally {
    this.#advance(now)
    const ends: [number, number][] = []
    for (let slot = this.#at - SLOTS; slot <= this.#at; slot += 1) {
      const count = (this.#ends[modulo(slot)] ?? 0) + (slot === this.#at ? this.#open : 0)
      if (count > 0) ends.push([Math.round(now - Math.min(now, (slot + 1) * this.#slot)), count])
    }
    return ends
  }

  /** Counts what `tally` gave, `passed` milliseconds ago. */
  restore(tally: Tally, passed: number, now: Instant): void {
    this.#advance(now)
    for (const [age, count] of tally) {
      const slot = Math.floor((now - Math.max(0, age + passed)) / this.#slot)
      if (slot >= this.#at - SLOTS) this.#add(Math.min(slot, this.#at), count)
    }
  }

  #add(slot: number, count: number): void {
    this.#ends[modulo(slot)] = (this.#ends[modulo(slot)] ?? 0) + count
    this.#ended += count
  }

  /** A clock that steps back stands still here until it is where it was. */
  #advance(now: Instant): void {
    const at = Math.floor(now / this.#slot)
    if (at <= this.#at) return
    const first = Math.max(this.#at + 1, at - SLOTS)
    for (let slot = first; slot <= at; slot += 1) {
      this.#ended -= this.#ends[modulo(slot)] ?? 0
      this.#ends[modulo(slot)] = 0
    }
    this.#at = at
  }
}

function modulo(slot: number): number {
  return ((slot % (SLOTS + 1)) + SLOTS + 1) % (SLOTS + 1)
}
