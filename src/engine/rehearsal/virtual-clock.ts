/** Time that passes only when the next thing happens. */

import type { Clock } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { Heap } from './heap.ts'

type Event = { readonly at: Instant; readonly n: number; ring: (() => void) | undefined }

export class VirtualClock implements Clock {
  #now: Instant
  #n = 0
  readonly #events = new Heap<Event>()

  constructor(start: Instant) {
    this.#now = start
  }

  now(): Instant {
    return this.#now
  }

  after(ms: number, ring: () => void): () => void {
    this.#n += 1
    const event: Event = { at: this.#now + Math.max(0, ms), n: this.#n, ring }
    this.#events.push(event)
    return () => {
      event.ring = undefined
    }
  }

  /** Lets everything happen until `isDone`, or until nothing is left to happen. */
  run(isDone: () => boolean): void {
    while (!isDone()) {
      const event = this.#events.pop()
      if (event === undefined) return
      if (event.ring === undefined) continue
      this.#now = event.at
      event.ring()
    }
  }
}
