/** Rates as an operator sees them: of counts that the spool keeps by the hour, with the alerts that stand. Pure. */

import { SPANS } from '#grammar/event'
import type { Span } from '#grammar/event'
import { isProviderName, OTHERS } from '#engine/rule'

import type { Alert } from './alert.ts'
import { MEASURES, OUTCOMES, shareOf, tallied } from './tally.ts'
import type { Measure, Outcomes, Tally } from './tally.ts'

export const HOUR = 3_600_000

export { SPANS }
export type { Span }

/** One sum of the spool's; `provider` is the site where the rules know of no provider. */
export type CountedRow = {
  readonly key: { readonly source?: string; readonly provider?: string; readonly class?: string }
  readonly counts: { readonly [K in Outcomes['kind']]?: number }
}

export const COUNTED_BY = ['source', 'provider', 'class'] as const

export type RateRow = Tally & {
  /** From 0 to 1, or above it where what came back is about mail of before; absent where there is nothing to share. */
  readonly shares: { readonly [K in Measure]?: number }
  readonly alerts: readonly Alert[]
}

/** From then, and before then. */
export type Within = { readonly from: number; readonly to: number }

/** Parts of `hours` at most: a long span at once would hold up who commits. */
export function partsOf({ from, to }: Within, hours: number): readonly Within[] {
  const parts: Within[] = []
  for (let at = from; at < to; at += hours * HOUR)
    parts.push({ from: at, to: Math.min(to, at + hours * HOUR) })
  return parts
}

/** Counts are kept by the hour: the one that runs, and as many before it as `span` has. */
export function spanBefore(now: number, span: Span): Within {
  const begun = hourOf(now)
  return { from: begun - SPANS[span] * HOUR, to: begun + HOUR }
}

/** When the hour began in which `now` is. */
export function hourOf(now: number): number {
  return now - (now % HOUR)
}

/**
 * What was never tried has no source, and is left out. Sites without a provider are one group, as for warm-ups, however
 * many they are.
 */
export function outcomesOf(rows: readonly CountedRow[]): readonly Outcomes[] {
  const sums = new Map<string, Outcomes>()
  for (const { key, counts } of rows) {
    const { source = '', provider: named = '', class: name = '' } = key
    if (source === '') continue
    const provider = isProviderName(named) ? named : OTHERS
    for (const kind of OUTCOMES) {
      const count = counts[kind] ?? 0
      if (count === 0) continue
      const of = [source, provider, kind, name].join('\0')
      sums.set(of, { source, provider, kind, class: name, count: count + (sums.get(of)?.count ?? 0) })
    }
  }
  return [...sums.values()]
}

export function rateRows(outcomes: readonly Outcomes[], alerts: readonly Alert[]): readonly RateRow[] {
  return tallied(outcomes).map((tally) => ({
    ...tally,
    shares: Object.fromEntries(
      MEASURES.flatMap((measure) => {
        const { bad, of } = shareOf(tally, measure)
        return of === 0 ? [] : [[measure, bad / of]]
      }),
    ),
    alerts: alerts.filter(({ source, provider }) => source === tally.source && provider === tally.provider),
  }))
}
