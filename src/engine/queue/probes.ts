/**
 * Scheduled queues of which it is not known whether their sites take mail: how many are tried at a time, and how much is
 * loaded for them in a second. Counts only.
 */

import type { ScheduledQueue } from './scheduled-queue.ts'

/** Queues at a time that come from the store. A site that does not answer keeps one for the time of a connection, 30 s. */
const STORED = 300

/**
 * Queues at a time in all, by whether fresh mail is to many recipients or to few: a message to a thousand domains must
 * not keep a password reset waiting, nor a thousand dead sites that come up again keep either.
 */
const ALL = { many: 500, few: 1_000 } as const

/** Recipients that are few. */
const FEW = 10

/**
 * Deliveries a second that may be loaded in vain: each is written down anew, at some 4 pages of the store, and fresh
 * mail shares its commits. With 1,000 a second and 100,000 dead sites fresh messages took up to 2 s on a busy machine.
 * What turns out to be sendable does not count.
 */
const RATE = 500

/** Deliveries loaded at a time: all that a small queue has, so that it need not be tried again for the rest. */
const LOAD = 100

/** What a load is taken for until it has come. */
const GUESS = 16

type Probe = { readonly from: 'store' | 'door'; readonly charged: number }

export class Probes {
  readonly #under = new Map<ScheduledQueue, Probe>()
  #stored = 0
  #budget = RATE

  /** Whether one more queue may be taken up from the store. */
  get hasTurn(): boolean {
    return this.#stored < STORED && this.#budget > 0
  }

  /** Whether fresh mail to so many recipients may begin one. */
  hasPlace(recipients: number): boolean {
    return this.#under.size < (recipients > FEW ? ALL.many : ALL.few)
  }

  has(queue: ScheduledQueue): boolean {
    return this.#under.has(queue)
  }

  isFromStore(queue: ScheduledQueue): boolean {
    return this.#under.get(queue)?.from === 'store'
  }

  /** How many of `room` it may load. */
  limit(room: number): number {
    return Math.min(room, LOAD)
  }

  begin(queue: ScheduledQueue, from: Probe['from']): void {
    if (this.#under.has(queue)) return
    if (from === 'store') this.#stored += 1
    this.#charge(queue, { from, charged: from === 'store' ? GUESS : 1 })
  }

  loaded(queue: ScheduledQueue, count: number): void {
    const probe = this.#under.get(queue)
    if (probe === undefined) return
    this.#budget += probe.charged
    this.#charge(queue, { ...probe, charged: count })
  }

  /** False when it was none. */
  end(queue: ScheduledQueue, isGood: boolean): boolean {
    const probe = this.#under.get(queue)
    if (probe === undefined) return false
    if (probe.from === 'store') this.#stored -= 1
    if (isGood) this.#budget += probe.charged
    return this.#under.delete(queue)
  }

  /** A second has passed. */
  tick(): void {
    this.#budget = Math.min(RATE, this.#budget + RATE)
  }

  #charge(queue: ScheduledQueue, probe: Probe): void {
    this.#under.set(queue, probe)
    this.#budget -= probe.charged
  }
}
