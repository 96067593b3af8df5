/** How mail went, for people who look at it by day, stream, receiver: from sums that were kept with what they count. */

import { COUNT_KEYS, COUNTED, percentile } from '#engine/spool'
import type { Counted, CountKey, CountQuery, CountRow, Delays, Spool } from '#engine/spool'

import { folded } from './fold.ts'

export type StatisticKey = Exclude<CountKey, 'organization'>

export const STATISTIC_KEYS = COUNT_KEYS.filter((key): key is StatisticKey => key !== 'organization')

export type StatisticsQuery = Omit<CountQuery, 'by' | 'organization'> & {
  readonly organization: string
  readonly by: readonly StatisticKey[]
}

const CLASSED = [
  'deferred',
  'bounced',
  'returned',
  'opened',
  'unique_opens',
  'clicked',
  'unique_clicks',
] as const

export type Statistic = {
  /** One for each of `by`; the beginning of an hour or a day as an instant. */
  readonly key: CountRow['key']
  readonly counts: { readonly [K in Counted]: number }
  /** Why what was deferred, bounced or returned was, and who opened or clicked; empty where `by` has them apart. */
  readonly classes: { readonly [K in (typeof CLASSED)[number]]?: Readonly<Record<string, number>> }
  /** Milliseconds from being accepted to being delivered that so many percent took at most; absent without any. */
  readonly delay?: { readonly p50: number; readonly p90: number; readonly p99: number }
}

export type CountSource = Pick<Spool, 'counts'>

/** Rows of one answer: see `folded`. */
const MOST = 10_000

/** By key, in the order of `by`; what would be too many names together. @throws {SpoolError} `refused` when the keys do not go together */
export async function statistics(source: CountSource, query: StatisticsQuery): Promise<readonly Statistic[]> {
  const isApart = query.by.includes('class')
  const by: StatisticsQuery['by'] = isApart ? query.by : [...query.by, 'class']
  const rows = folded(await source.counts({ ...query, by }), by, MOST)
  if (isApart) return rows.map((row) => statistic(row.key, [row], {}))
  const groups = Map.groupBy(rows, ({ key }) => JSON.stringify(query.by.map((name) => key[name])))
  return Array.from(groups.values(), (group) => {
    const { class: _, ...key } = group[0]?.key ?? {}
    return statistic(key, group, classesOf(group))
  })
}

function statistic(
  key: CountRow['key'],
  rows: readonly CountRow[],
  classes: Statistic['classes'],
): Statistic {
  const sum = (kind: Counted): number => rows.reduce((all, { counts }) => all + (counts[kind] ?? 0), 0)
  // What was delivered has no class: one row has all of it.
  const delay = delayOf(rows.find(({ delays }) => delays.length > 0)?.delays ?? [])
  const counts = Object.fromEntries(COUNTED.map((kind) => [kind, sum(kind)])) as Statistic['counts']
  return { key, counts, classes, ...(delay !== undefined && { delay }) }
}

function classesOf(rows: readonly CountRow[]): Statistic['classes'] {
  const of = (kind: Counted): Record<string, number> =>
    Object.fromEntries(
      rows.flatMap(({ key, counts }) => {
        const count = counts[kind] ?? 0
        return count === 0 ? [] : [[key.class === '' ? 'other' : (key.class ?? ''), count]]
      }),
    )
  const all = CLASSED.map((kind) => [kind, of(kind)] as const)
  return Object.fromEntries(all.filter(([, classes]) => Object.keys(classes).length > 0))
}

function delayOf(delays: Delays): Statistic['delay'] {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((rank) => percentile(delays, rank))
  if (p50 === undefined || p90 === undefined || p99 === undefined) return undefined
  return { p50: Math.round(p50), p90: Math.round(p90), p99: Math.round(p99) }
}
