/** Looks now and then at what became of the mail of the last day, and knows which rates are too high. Counts nothing. */

import { judge } from './alert.ts'
import type { Alert, AlertChange, AlertTerms } from './alert.ts'
import type { AlertStore } from './alert-store.ts'
import { hourOf, partsOf, spanBefore } from './rate-row.ts'
import type { Within } from './rate-row.ts'
import { tallied } from './tally.ts'
import type { Outcomes, Tally } from './tally.ts'

export type RateWatchOptions = {
  /** What was counted within. */
  readonly outcomes: (within: Within) => Promise<readonly Outcomes[]>
  readonly store: AlertStore
  readonly terms: AlertTerms
  readonly now: () => number
}

/** Milliseconds that the last commit of an hour may take, with much to spare. */
const LATE = 60_000

export class RateWatch {
  readonly #options: RateWatchOptions
  #alerts: readonly Alert[]
  #tallies: readonly Tally[] = []
  /** Of the last day, as receivers that publish limits count; by hour. */
  readonly #hours = new Map<number, readonly Outcomes[]>()
  #lookedAt: number | undefined

  private constructor(options: RateWatchOptions, alerts: readonly Alert[]) {
    this.#options = options
    this.#alerts = alerts
  }

  static async open(options: RateWatchOptions): Promise<RateWatch> {
    return new RateWatch(options, await options.store.load())
  }

  /** Those that stand. */
  get alerts(): readonly Alert[] {
    return this.#alerts
  }

  /** Of the last day, as of the last look. */
  get tallies(): readonly Tally[] {
    return this.#tallies
  }

  /** Gives what has changed since the last look, of this process or one before, once that is written down. */
  async look(): Promise<readonly AlertChange[]> {
    const { outcomes, store, terms, now } = this.#options
    const at = now()
    await this.#refresh(at, outcomes)
    this.#tallies = tallied([...this.#hours.values()].flat())
    const { alerts, changes } = judge(this.#tallies, terms, this.#alerts, at)
    // First what a restart finds: what is told twice is noise, and what is not told stands in `source show`.
    if (changes.length > 0) await store.save(alerts)
    this.#alerts = alerts
    return changes
  }

  /** Hours that are over are not asked for again; the last moments of one may be written down a little later. */
  async #refresh(at: number, ask: RateWatchOptions['outcomes']): Promise<void> {
    const { from, to } = spanBefore(at, 'day')
    const since = this.#lookedAt === undefined ? from : Math.max(from, hourOf(this.#lookedAt - LATE))
    for (const hour of partsOf({ from: since, to }, 1)) this.#hours.set(hour.from, await ask(hour))
    for (const hour of this.#hours.keys()) if (hour < from) this.#hours.delete(hour)
    this.#lookedAt = at
  }
}
