/** The sums as SQL, for both engines; every value is bound. */

import type { CountKey, SummedQuery } from './count.ts'
import type { Dialect } from './selection.ts'

/** What one step of cleaning up looks at: some 10 ms. */
export const AGE_STEP = { pages: 200, series: 500 } as const

/** The column of `series s` that each key tells apart; those of time are made of the hour. */
const COLUMNS: { readonly [K in Exclude<CountKey, 'hour' | 'day' | 'class'>]: string } = {
  organization: 's.organization',
  stream: 's.stream',
  source: 's.source',
  provider: 's.value',
  domain: 's.value',
  sender: 's.value',
  tag: 's.value',
}

const HOUR_MS = 3_600_000
const DAY_MINUTES = 1440

/**
 * Columns as in a `SummedRow`. Kind and detail are always told apart: they are the answer. `s` comes first, so that a
 * question about one organization reads its sums only.
 */
export function summing(
  query: SummedQuery,
  { placeholder }: Dialect,
): { sql: string; values: (string | number)[] } {
  const values: (string | number)[] = []
  const bind = (value: string | number): string => placeholder(values.push(value))
  const time = timeOf(query)
  const column = (name: string): string =>
    query.by.some((key) => key !== 'hour' && key !== 'day' && key !== 'class' && COLUMNS[key] === name)
      ? name
      : `''`
  const named = [...new Set(Object.values(COLUMNS))].toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
  const columns = [time, ...named.map(column), 's.kind', 's.detail']
  const conditions = [`s.facet = ${bind(query.facet)}`]
  for (const name of ['organization', 'value', 'stream', 'source'] as const) {
    const wanted = query[name]
    if (wanted !== undefined) conditions.push(`s.${name} = ${bind(wanted)}`)
  }
  conditions.push(
    `r.hour >= ${bind(Math.ceil(query.from / HOUR_MS))}`,
    `r.hour < ${bind(Math.ceil(query.to / HOUR_MS))}`,
  )
  const groups = columns.filter((text) => text !== `''` && text !== '0')
  return {
    sql: `select ${columns.join(', ')}, sum(r.count) from series s cross join rollup r
      where r.series = s.id and ${conditions.join(' and ')} group by ${groups.join(', ')}`,
    values,
  }
}

const ORDER = ['s.organization', 's.value', 's.stream', 's.source']

/** When the hour or the day begins, in ms; 0 when neither is asked for. The zone is whole minutes, and no text. */
function timeOf({ by, zone = 0 }: SummedQuery): string {
  if (by.includes('hour')) return `r.hour * ${HOUR_MS}`
  if (!by.includes('day')) return '0'
  const east = Math.trunc(zone)
  const minutes = `(r.hour * 60 + ${east})`
  return `(${minutes} - ${minutes} % ${DAY_MINUTES} - ${east}) * 60000`
}
