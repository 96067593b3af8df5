/** Deliveries that leave the memory untried: the store is told that it has them again, for as long as it takes. */

import { SpoolError } from '#engine/spool'
import type { DeliveryKey, Instant, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

/** By the queue and the time they are due there. */
export type Returning = { readonly key: DeliveryKey; readonly queue: string; readonly due: Instant }

export type HandingBackOptions = {
  readonly spool: Pick<Spool, 'unclaim'>
  readonly log: Log
  planned(queue: string, due: Instant): void
  /** The store finds them when it is opened again. */
  isStopped(): boolean
  /** Nothing is to be loaded while the store has not heard, lest something is here twice. */
  pause(): void
  resume(): void
}

export class HandingBack {
  readonly #options: HandingBackOptions
  /** What the store has not heard yet that it has back. */
  #waiting: readonly Returning[] = []

  constructor(options: HandingBackOptions) {
    this.#options = options
  }

  /** Tells the store that it has them again, now or, when it does not answer and this rejects, as soon as it does. */
  async back(returning: readonly Returning[]): Promise<void> {
    if (returning.length === 0) return
    const { spool, log } = this.#options
    try {
      await spool.unclaim(returning.map(({ key }) => key))
    } catch (cause) {
      if (cause instanceof SpoolError && !this.#options.isStopped()) {
        log.error('queue.return-failed', { deliveries: returning.length, cause })
        this.#waiting = [...this.#waiting, ...returning]
        this.#options.pause()
      }
      throw cause
    }
    for (const { queue, due } of returning) this.#options.planned(queue, due)
  }

  /** Tries what failed once more. */
  again(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    void this.back(waiting)
      .catch((error: unknown) => {
        // It was logged where it happened, and what it was about is kept.
        if (!(error instanceof SpoolError)) throw error
      })
      .finally(() => this.#options.resume())
  }
}
