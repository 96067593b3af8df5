/** Which names are counted apart: however many a day brings, the store and the memory bear it. */

import { COUNT_LIMIT, COUNT_LIMITS, OTHERS } from './count.ts'

/** Names that have been counted apart; lives as long as the engine. */
export class Names {
  readonly #facets = new Map<
    keyof typeof COUNT_LIMITS,
    { period: number; total: number; of: Map<string, Set<string>> }
  >()

  /** `name`, or `OTHERS` when there were too many of that organization in this period. */
  apart(facet: keyof typeof COUNT_LIMITS, period: number, organization: string, name: string): string {
    const facets = this.#facets
    let known = facets.get(facet)
    if (known === undefined || known.period < period) {
      known = { period, total: 0, of: new Map() }
      facets.set(facet, known)
    }
    const names = known.of.getOrInsertComputed(organization, () => new Set())
    if (names.has(name)) return name
    if (names.size >= COUNT_LIMITS[facet] || known.total >= COUNT_LIMIT) return OTHERS
    names.add(name)
    known.total += 1
    return name
  }
}
