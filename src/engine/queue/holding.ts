/** Deliveries that shaping holds with their campaign: out of memory, into the store as held, and back. */

import { holdName, holdReason } from '#engine/shaping'
import type { Live, Shaping } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { changeAll } from './changing.ts'
import type { Changing } from './changing.ts'
import type { Loading } from './loading.ts'
import type { Ending } from './outcome.ts'
import type { Entry, ScheduledQueue } from './scheduled-queue.ts'

export type HoldingOptions = {
  readonly shaping: Pick<Shaping, 'heldBy'>
  readonly loading: Pick<Loading, 'withdrawn' | 'loadIfDue'>
  readonly changing: Changing
  /** They leave the memory, and what became of each is written down. */
  settle(entries: readonly Entry[], endings: readonly Ending[]): void
  now(): Instant
}

export class Holding {
  readonly #options: HoldingOptions

  constructor(options: HoldingOptions) {
    this.#options = options
  }

  /** Those that nothing holds; the others, which are in no band, go back to the store. */
  let(entries: readonly Entry[]): readonly Entry[] {
    if (!entries.some((entry) => this.#isHeld(entry))) return entries
    const { true: held = [], false: free = [] } = Object.groupBy(entries, (entry) =>
      this.#isHeld(entry) ? 'true' : 'false',
    )
    this.#hold(held)
    return free
  }

  /** Takes out of memory what of `queue` waits there for a path. */
  ready(queue: ScheduledQueue): void {
    const held = queue.removeReady((entry) => this.#isHeld(entry))
    if (held.length > 0) this.#hold(held)
  }

  /** Lets wait again in the store what `live` held there. @throws {SpoolError} when it does not answer */
  async release(live: Live): Promise<void> {
    const { organization = '', stream = '' } = live.campaign ?? {}
    const filter = { organization, stream, states: ['held'], said: holdName(live) } as const
    await changeAll(this.#options.changing, { filter, change: 'release', reason: '', shown: 0 })
  }

  #isHeld({ claimed }: Entry): boolean {
    return this.#options.shaping.heldBy(claimed) !== undefined
  }

  #hold(entries: readonly Entry[]): void {
    const { shaping, loading } = this.#options
    const now = this.#options.now()
    const endings = entries.flatMap(({ claimed }): Ending[] => {
      const live = shaping.heldBy(claimed)
      if (live === undefined) return []
      const { key, due } = claimed.delivery
      return [{ claimed, settlement: { key, state: 'held', due, at: now, reason: holdReason(live) } }]
    })
    this.#options.settle(entries, endings)
    for (const queue of new Set(entries.map((entry) => entry.queue))) {
      if (queue.inMemory === 0) loading.withdrawn(queue)
      loading.loadIfDue(queue)
    }
  }
}
