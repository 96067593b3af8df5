/** How many scheduled queues are being tried out at a time, and how much of them is loaded a second. Counts only. */

import type { ScheduledQueue } from './scheduled-queue.ts'

/** Queues at a time. A site that does not answer keeps one for the time of a connection, 30 s. */
const AT_ONCE = 500

/**
 * Deliveries a second that probes may load in vain: each is written down anew, at some 4 pages of the store, and fresh
 * mail shares its commits. What turns out to be sendable does not count.
 */
const RATE = 1_000

/** Deliveries of one probe: enough for a queue of a small site to be dealt with at once. */
const LIMIT = 100

/** What a probe is taken for until its load is known. */
const GUESS = 16

export class Probes {
  /** What each has been charged for. */
  readonly #under = new Map<ScheduledQueue, number>()
  #budget = RATE

  get mayBegin(): boolean {
    return this.#under.size < AT_ONCE && this.#budget > 0
  }

  has(queue: ScheduledQueue): boolean {
    return this.#under.has(queue)
  }

  /** How many of `room` it may load. */
  limit(room: number): number {
    return Math.min(room, LIMIT)
  }

  begin(queue: ScheduledQueue): void {
    if (this.#under.has(queue)) return
    this.#charge(queue, GUESS)
  }

  loaded(queue: ScheduledQueue, count: number): void {
    const guessed = this.#under.get(queue)
    if (guessed === undefined) return
    this.#budget += guessed
    this.#charge(queue, count)
  }

  /** False when it was none. */
  end(queue: ScheduledQueue, isGood: boolean): boolean {
    if (isGood) this.#budget += this.#under.get(queue) ?? 0
    return this.#under.delete(queue)
  }

  /** A second has passed. */
  tick(): void {
    this.#budget = Math.min(RATE, this.#budget + RATE)
  }

  #charge(queue: ScheduledQueue, count: number): void {
    this.#under.set(queue, count)
    this.#budget -= count
  }
}
