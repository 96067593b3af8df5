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

/** What is written down of a window. */
export type Tally = {
  /** How many milliseconds before it was taken, and how many ended then. */
  readonly ends: readonly (readonly [age: number, ends: number])[]
  /** How many more may have begun by the time it is read. */
  readonly reserved: number
}

export class Window {
  /** Milliseconds. */
  readonly within: number
  most: number
  readonly #slot: number
  /** How many may begin before it is written down again; `Infinity` where it need not be. */
  #allowance = Infinity
  #begunSinceTally = 0
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
    if (excess <= 0) return this.#allowance > 0 ? 0 : Infinity
    for (let slot = this.#at - SLOTS; slot <= this.#at; slot += 1) {
      excess -= this.#ends[modulo(slot)] ?? 0
      if (excess <= 0) return Math.max(1, Math.ceil((slot + SLOTS + 1) * this.#slot - now))
    }
    return Infinity
  }

  begin(): void {
    this.#open += 1
    this.#allowance -= 1
    this.#begunSinceTally += 1
  }

  /** From now on none begins that is not covered by what has been written down. */
  mustBeKept(): void {
    if (this.#allowance === Infinity) this.#allowance = 0
  }

  /** Whether it should be written down again, before those that wait have to wait for it. */
  get isRunningOut(): boolean {
    return this.#allowance <= this.#block / 2
  }

  /** What `tally` gave has been written down, with all that it reserves. */
  kept(): void {
    if (this.#allowance !== Infinity) this.#allowance = this.#block - this.#begunSinceTally
  }

  /** Bought ahead with each writing: a crash costs two of a hundred at most, and a busy window is written 50 times. */
  get #block(): number {
    return Math.max(1, Math.floor(this.most / 50))
  }

  end(now: Instant): void {
    this.#advance(now)
    this.#open -= 1
    this.#add(this.#at, 1)
  }

  /** What ended within the span; what is open is taken to end now. `isLast`: nothing will begin any more. */
  tally(now: Instant, isLast: boolean): Tally {
    this.#advance(now)
    this.#begunSinceTally = 0
    const ends: [number, number][] = []
    for (let slot = this.#at - SLOTS; slot <= this.#at; slot += 1) {
      const count = (this.#ends[modulo(slot)] ?? 0) + (slot === this.#at ? this.#open : 0)
      if (count > 0) ends.push([Math.round(now - Math.min(now, (slot + 1) * this.#slot)), count])
    }
    return { ends, reserved: isLast || this.#allowance === Infinity ? 0 : this.#block }
  }

  /** Counts what `tally` gave, `passed` milliseconds ago. When what it reserved began nobody knows: a moment ago. */
  restore({ ends, reserved }: Tally, passed: number, now: Instant): void {
    this.#advance(now)
    if (reserved > 0) this.#add(this.#at, reserved)
    for (const [age, count] of ends) {
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
