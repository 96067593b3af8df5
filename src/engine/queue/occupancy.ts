/** How much of memory deliveries take, of each scheduled queue and in all, in places. Counts; holds nothing itself. */

import type { Claimed } from '#engine/spool'
import type { QueueConfig } from '#platform/config'

import type { Entry, ScheduledQueue } from './scheduled-queue.ts'

export type Windows = Pick<QueueConfig, 'window' | 'windowTotal'>

/** Places a queue may have when all windows together are nearly full, so that slow sites starve nobody. */
const FLOOR = 16

/** Of all places, the share that any queue may fill. The rest is for the floors: `windowTotal` stays the bound. */
const COMMON = 0.9

/** Octets of data that take the room of one more delivery. */
const DATA = 1024

export class Occupancy {
  /** Read at each call: it may be reloaded. */
  readonly #windows: () => Windows
  #taken = 0

  constructor(windows: () => Windows) {
    this.#windows = windows
  }

  get taken(): number {
    return this.#taken
  }

  get isHalfTaken(): boolean {
    return this.#taken * 2 > this.#windows().windowTotal
  }

  /** How many more `queue` may take now. */
  room(queue: ScheduledQueue): number {
    const { window, windowTotal } = this.#windows()
    const mine = queue.inMemory
    const common = Math.floor(windowTotal * COMMON) - this.#taken
    const floor = Math.min(FLOOR - mine, windowTotal - this.#taken)
    return Math.max(0, Math.min(window - mine, Math.max(common, floor)))
  }

  /** Why the store is not asked for more of `queue`, `undefined` when it may be: its own window is full, or that of all. */
  full(queue: ScheduledQueue): 'queue' | 'all' | undefined {
    const room = this.room(queue)
    const enough = this.#worthwhile
    if (room >= enough || (room > 0 && queue.inMemory === 0)) return undefined
    return this.#windows().window - queue.inMemory < enough ? 'queue' : 'all'
  }

  /**
   * Whether fresh mail may take a place. Where something due waits in the store, the next load has its places first:
   * otherwise a steady stream of fresh mail would keep it waiting until it expires.
   */
  hasRoomForFresh(queue: ScheduledQueue, isBehind: boolean): boolean {
    return this.room(queue) > (isBehind ? this.#worthwhile : 0)
  }

  /** Fewer than so many are not worth asking the store for: a claim for one costs as much as one for a hundred. */
  get #worthwhile(): number {
    return Math.min(FLOOR, this.#windows().window)
  }

  /** Keeps places for what is being committed or claimed; each is given back, or becomes an entry. */
  keep(queue: ScheduledQueue, count: number): void {
    queue.reserved += count
    this.#taken += count
  }

  giveBack(queue: ScheduledQueue, count: number): void {
    queue.reserved -= count
    this.#taken -= count
  }

  /** A place that was kept is an entry's from now on, until `left`; and some more for what data it has. */
  entered({ queue, claimed }: Entry): void {
    queue.reserved -= 1
    this.#taken += more(claimed)
  }

  /** An entry is no longer in memory. */
  left({ claimed }: Entry): void {
    this.#taken -= 1 + more(claimed)
  }
}

function more({ delivery: { data } }: Claimed): number {
  return data === undefined ? 0 : Math.floor(data.length / DATA)
}
