/** What is left to send to one site: messages that were never tried, as counts, and each that was put off. */

import type { Instant } from '#engine/spool'

import { Heap } from './heap.ts'

/** One message to one recipient. */
export type Parcel = {
  readonly domain: string
  /** There is nobody of this name. */
  readonly isUnknown: boolean
  /** The receiver puts off for a while what it has never seen. */
  readonly isGreylisted: boolean
  /** When it was tried first. */
  readonly since: Instant
  tries: number
  /** It had its second chance on another connection. */
  isRepeated: boolean
}

/** What chance there is that a recipient is unknown, or put off the first time; shares from 0 to 1. */
export type Luck = {
  /** In [0, 1). */
  readonly random: () => number
  readonly unknown: number
  readonly greylisting: number
}

export class Backlog {
  readonly #fresh: { readonly domain: string; left: number }[]
  readonly #luck: Luck
  readonly #later = new Heap<{ readonly at: Instant; readonly n: number; readonly parcel: Parcel }>()
  #left: number
  #turn = 0
  #n = 0

  constructor(counts: ReadonlyMap<string, number>, luck: Luck) {
    this.#fresh = Array.from(counts, ([domain, left]) => ({ domain, left }))
    this.#luck = luck
    this.#left = this.#fresh.reduce((sum, { left }) => sum + left, 0)
  }

  /** Those that nobody has begun, whenever they are due. */
  get size(): number {
    return this.#left + this.#later.size
  }

  /** When the first of those put off is due; absent when there are none. */
  get nextDue(): Instant | undefined {
    return this.#later.first?.at
  }

  hasReady(now: Instant): boolean {
    return this.#left > 0 || (this.#later.first?.at ?? Infinity) <= now
  }

  /** Domains take turns. What was never tried was due before what was put off. */
  next(now: Instant): Parcel | undefined {
    if (this.#left === 0)
      return (this.#later.first?.at ?? Infinity) <= now ? this.#later.pop()?.parcel : undefined
    for (;;) {
      this.#turn = (this.#turn + 1) % this.#fresh.length
      const one = this.#fresh[this.#turn]
      if (one === undefined || one.left === 0) continue
      one.left -= 1
      this.#left -= 1
      return this.#parcel(one.domain, now)
    }
  }

  putOff(parcel: Parcel, at: Instant): void {
    this.#n += 1
    this.#later.push({ at, n: this.#n, parcel })
  }

  /** All are given up; gives how many. */
  clear(): number {
    const { size } = this
    this.#left = 0
    this.#later.clear()
    return size
  }

  #parcel(domain: string, now: Instant): Parcel {
    const { random, unknown, greylisting } = this.#luck
    const isUnknown = unknown > 0 && random() < unknown
    const isGreylisted = greylisting > 0 && random() < greylisting
    return { domain, isUnknown, isGreylisted, since: now, tries: 0, isRepeated: false }
  }
}
