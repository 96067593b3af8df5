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

/** How a window outlives the process: nothing begins in it that a restart would not know of. */
export type Keeping = {
  /** With each writing one of so many parts of it is bought ahead; a crash costs as much. */
  readonly parts: number
  /** Whether as much may begin without any writing: after a crash it is taken to have begun, see `presume`. */
  readonly isLenient: boolean
}

export class Window {
  /** Milliseconds. */
  readonly within: number
  most: number
  readonly #slot: number
  readonly #keeping: Keeping | undefined
  /** How many may begin before it is written down again; `Infinity` where it need not be. */
  #allowance: number
  /** Something waits for the next writing. */
  #isAwaited = false
  #begunSinceTally = 0
  #isTallied = false
  readonly #ends = new Uint32Array(SLOTS + 1)
  /** The slot of the moment, counted from the epoch of the clock. */
  #at = 0
  #ended = 0
  #open = 0

  constructor(most: number, within: number, keeping?: Keeping) {
    this.most = most
    this.within = within
    this.#keeping = keeping
    this.#allowance = keeping === undefined ? Infinity : 0
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
    let excess = this.#counted - this.most + 1
    this.#isAwaited = excess <= 0 && this.#allowance <= 0 && this.#counted >= this.#free
    if (excess <= 0) return this.#isAwaited ? Infinity : 0
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

  /** Whether one more could begin, had what is counted been written down. */
  get isAwaited(): boolean {
    return this.#isAwaited
  }

  /** Whether it should be written down again, before those that wait have to wait for it. */
  get isRunningOut(): boolean {
    return this.#allowance <= this.#block / 2 && (this.#free === 0 || this.#counted > this.#free / 2)
  }

  /** What `tally` gave last has been written down, with all that it reserves. Whether somebody waited for it. */
  kept(): boolean {
    if (this.#isTallied) this.#allowance = this.#block - this.#begunSinceTally
    const wasAwaited = this.#isAwaited
    this.#isAwaited = false
    return wasAwaited
  }

  /** Bought ahead with each writing. */
  get #block(): number {
    return this.#keeping === undefined ? 0 : Math.max(1, Math.floor(this.most / this.#keeping.parts))
  }

  get #free(): number {
    return this.#keeping?.isLenient === true ? this.#block : 0
  }

  /** Those that count, or did at the last look. */
  get #counted(): number {
    return this.#ended + this.#open
  }

  end(now: Instant): void {
    this.#advance(now)
    this.#open -= 1
    this.#add(this.#at, 1)
  }

  /**
   * What ended within the span; what is open is taken to end now. `undefined`: nothing need be written. `isLast`:
   * nothing will begin any more.
   */
  tally(now: Instant, isLast: boolean): Tally | undefined {
    this.#advance(now)
    this.#isTallied = this.#keeping !== undefined && (this.#free === 0 || this.#counted > this.#free / 2)
    // What an earlier writing bought is written no more.
    if (this.#keeping !== undefined && !this.#isTallied) this.#allowance = Math.min(this.#allowance, 0)
    if (!isLast && !this.#isTallied) return undefined
    this.#begunSinceTally = 0
    const ends = this.seen(now)
    const reserved = isLast ? 0 : this.#block
    return ends.length + reserved === 0 ? undefined : { ends, reserved }
  }

  /** What counts at `now`, as if all of it had ended. */
  seen(now: Instant): Tally['ends'] {
    this.#advance(now)
    const ends: [number, number][] = []
    for (let slot = this.#at - SLOTS; slot <= this.#at; slot += 1) {
      const count = (this.#ends[modulo(slot)] ?? 0) + (slot === this.#at ? this.#open : 0)
      if (count > 0) ends.push([Math.round(now - Math.min(now, (slot + 1) * this.#slot)), count])
    }
    return ends
  }

  /** Counts what `tally` gave, `passed` milliseconds ago. When what it reserved began nobody knows: a moment ago. */
  restore({ ends, reserved }: Tally, passed: number, now: Instant): void {
    this.#advance(now)
    if (reserved > 0) this.#add(this.#at, reserved)
    for (const [age, count] of ends) this.#addAt(now - Math.max(0, age + passed), count)
  }

  /** Counts what a process that crashed may have begun without writing it down; it was gone at `by`. */
  presume(by: Instant, now: Instant, tally: Tally | undefined): void {
    this.#advance(now)
    // A window that is never written holds all that it may.
    const unwritten = this.#keeping === undefined ? this.most : this.#free
    this.#addAt(by, Math.max(0, unwritten - (tally?.reserved ?? 0)))
  }

  #addAt(when: Instant, count: number): void {
    const slot = Math.floor(when / this.#slot)
    if (slot >= this.#at - SLOTS) this.#add(Math.min(slot, this.#at), count)
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
