/** The sums as SQL, for both engines; every value is bound. */

import { DAY, EVERY_DAY, isDaily } from './count.ts'
import type { CountKey, SummedQuery } from './count.ts'
import type { Dialect } from './selection.ts'

/** What one step of cleaning up looks at: some 10 ms. */
export const AGE_STEP = { pages: 200, series: 500 } as const

const ORDER = ['organization', 'value', 'stream', 'source'] as const

/** The column of `series s` that each key tells apart; those of time are made of the hour. */
const COLUMNS: { readonly [K in Exclude<CountKey, 'hour' | 'day' | 'class'>]: (typeof ORDER)[number] } = {
  organization: 'organization',
  stream: 'stream',
  source: 'source',
  provider: 'value',
  domain: 'value',
  sender: 'value',
  tag: 'value',
}

const HOURS = Array.from({ length: 24 }, (_, hour) => `h${hour}`)

/** What a day has in all. */
export const WHOLE_DAY = HOURS.join(' + ')

/** The others than the first. */
export const LATER_HOURS = HOURS.slice(1)

/** The column of one, counted from the epoch. */
export function columnOf(hour: number): string {
  return `h${hour % 24}`
}

/**
 * Columns as in a `SummedRow`. Kind and detail are always told apart: they are the answer. `s` comes first, so that a
 * question about one organization reads its sums only. `series`: in place of all, as `s`; what it binds is bound first.
 */
export function summing(
  query: SummedQuery,
  { placeholder }: Dialect,
  series = 'series s',
): { sql: string; values: (string | number)[] } {
  const values: (string | number)[] = []
  const bind = (value: string | number): string => placeholder(values.push(value))
  const byDay = isDaily(query.facet)
  const day = byDay && !query.by.includes('day') ? String(EVERY_DAY) : 'r.day'
  const told = new Set(
    query.by.flatMap((key) => (key in COLUMNS ? [COLUMNS[key as keyof typeof COLUMNS]] : [])),
  )
  const columns = ORDER.map((name) => (told.has(name) ? `s.${name}` : `''`))
  const hours = byDay ? ['h0'] : HOURS
  const conditions = [`s.facet = ${bind(query.facet)}`]
  for (const name of ORDER) {
    const wanted = query[name]
    if (wanted !== undefined) conditions.push(`s.${name} = ${bind(wanted)}`)
  }
  const from = byDay ? Math.ceil(query.from / DAY) : Math.floor(query.from / DAY)
  conditions.push(`r.day >= ${bind(from)}`, `r.day < ${bind(Math.ceil(query.to / DAY))}`)
  const groups = [day, ...columns, 's.kind', 's.detail'].filter((text) => /^[rs]\./.test(text))
  return {
    sql: `select ${[day, ...columns, 's.kind', 's.detail', ...hours.map((hour) => `sum(r.${hour})`)].join(', ')}
      from ${series} cross join rollup r
      where r.series = s.id and ${conditions.join(' and ')} group by ${groups.join(', ')}`,
    values,
  }
}

/** The numbers of the series that a question is about. */
export function asking(
  query: SummedQuery,
  { placeholder }: Dialect,
): { sql: string; values: (string | number)[] } {
  const values: (string | number)[] = []
  const conditions = (['facet', ...ORDER] as const).flatMap((name) => {
    const wanted = query[name]
    return wanted === undefined ? [] : [`${name} = ${placeholder(values.push(wanted))}`]
  })
  return { sql: `select id from series where ${conditions.join(' and ')}`, values }
}
