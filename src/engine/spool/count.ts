/**
 * How often something has happened: sums that are kept in the commit of what they count, by hour and by day. Nothing
 * here looks at a delivery: a year of them makes no question slower.
 */

import { bucketOf, COUNT_KEYS, COUNTED, percentile } from '#grammar/event'
import type { Counted, CountKey, Delays } from '#grammar/event'

import type { Instant } from './message.ts'

export { bucketOf, COUNT_KEYS, COUNTED, percentile }
export type { Counted, CountKey, Delays }

/** What more than `COUNT_LIMITS` of a kind are counted as together. */
export const OTHERS = '*'

/** The class of what was accepted that no organization made: see `isOurs`. */
export const OURS = 'platform'

/** Names that are counted apart, of each organization in a day (of sites: in an hour); the rest is `OTHERS`. */
export const COUNT_LIMITS = { site: 1_000, domain: 5_000, sender: 1_000, tag: 1_000 } as const

/** And of all organizations together: what the memory and the store bear. */
export const COUNT_LIMIT = 50_000

export type CountQuery = {
  /** Absent: of all organizations. */
  readonly organization?: string
  /** Hours (days, for `domain`, `sender` and `tag`) that begin then or later. */
  readonly from: Instant
  /** And before then. */
  readonly to: Instant
  readonly by: readonly CountKey[]
  readonly stream?: string
  readonly source?: string
  readonly provider?: string
  readonly domain?: string
  readonly sender?: string
  readonly tag?: string
  /** Minutes east of UTC at which a `day` begins; 0 when absent. Hours are not divided. */
  readonly zone?: number
}

export type CountRow = {
  /** One for each of `by`; the beginning of an hour or a day as an instant. */
  readonly key: { readonly [K in CountKey]?: K extends 'hour' | 'day' ? Instant : string }
  /** Absent: none. */
  readonly counts: { readonly [K in Counted]?: number }
  /** How long those that were delivered took from being accepted; empty by `domain` and `sender`. */
  readonly delays: Delays
}

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** Hours since the epoch. */
export function hourOf(at: Instant): number {
  return Math.floor(at / HOUR)
}

/** What is counted by the day has the first hour of it. */
export function dayOf(hour: number): number {
  return hour - (hour % 24)
}

/**
 * What counts are kept of: streams by the hour, and paths of mail apart, since of a month there are thousands; and by
 * the day three that have too many names for hours.
 */
export type Facet = 'stream' | 'path' | DailyFacet
export type DailyFacet = 'domain' | 'sender' | 'tag'

export function isDaily(facet: Facet): facet is DailyFacet {
  return facet !== 'stream' && facet !== 'path'
}

/** As it is kept: what one number is the sum of, without the hour. */
export type Series = readonly [
  facet: Facet,
  organization: string,
  /** The provider or site, the domain, the tag. */
  value: string,
  stream: string,
  source: string,
  kind: Counted,
  /** A class; of what was delivered, the bucket of its delay. */
  detail: string,
]

/** What is to be summed. Conditions of the query that `facet` has no column for were refused before. */
export type SummedQuery = CountQuery & { readonly facet: Facet; readonly value?: string }

/** Sums as an engine gives them: empty, and 0, for what was not asked for. */
export type SummedRow = readonly [
  /** Days since the epoch, in UTC. */
  day: number,
  organization: string,
  value: string,
  stream: string,
  source: string,
  kind: Counted,
  detail: string,
  /** Of each hour of the day; of what is kept by the day, all in the first. */
  ...hours: number[],
]

/** @throws {RangeError} when the keys do not go together */
export function summedQuery(query: CountQuery): SummedQuery {
  const facets = (['domain', 'sender', 'tag'] as const).filter(
    (one) => query.by.includes(one) || query[one] !== undefined,
  )
  const [facet] = facets
  const isPath = query.source !== undefined || query.provider !== undefined
  if (facet === undefined) return ofPaths(query, isPath)
  const clash = query.by.find((key) => key === 'hour' || key === 'source' || key === 'provider')
  if (facets.length > 1 || isPath || clash !== undefined)
    throw new RangeError(
      `counts by ${facet} are kept by the day, without ${clash ?? facets[1] ?? 'source and provider'}`,
    )
  const value = query[facet]
  const { zone: _, ...days } = query
  return { ...days, facet, ...(value === undefined ? {} : { value }) }
}

function ofPaths(query: CountQuery, isPath: boolean): SummedQuery {
  if (!isPath && !query.by.includes('source') && !query.by.includes('provider'))
    return { ...query, facet: 'stream' }
  return { ...query, facet: 'path', ...(query.provider !== undefined && { value: query.provider }) }
}

/** The rows of the answer, by key in the order of `by`. */
export function countRows(query: CountQuery, summed: readonly SummedRow[]): readonly CountRow[] {
  const { by } = query
  const found = new Map<string, Sums>()
  for (const row of summed) {
    for (const [from, count] of timesOf(query, row)) {
      const values = by.map((key) => (key === 'hour' || key === 'day' ? from : valueOf(key, row)))
      const into = found.getOrInsertComputed(values.join('\0'), () => ({
        key: Object.fromEntries(by.map((key, i) => [key, values[i]])),
        counts: new Map(),
        delays: new Map(),
      }))
      add(into, row, count)
    }
  }
  return [...found.values()]
    .toSorted((a, b) => compare(by, a.key, b.key))
    .map(({ key, counts, delays }) => ({
      key,
      counts: Object.fromEntries(counts),
      delays: [...delays].toSorted(([a], [b]) => a - b),
    }))
}

type Sums = {
  readonly key: CountRow['key']
  readonly counts: Map<Counted, number>
  readonly delays: Map<number, number>
}

function add({ counts, delays }: Sums, [, , , , , kind, detail]: SummedRow, count: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + count)
  if (kind !== 'delivered' || detail === '') return
  const bucket = Number(detail)
  delays.set(bucket, (delays.get(bucket) ?? 0) + count)
}

/** Hours before the sums in a row. */
const FIRST_HOUR = 7

/** What the row has of the time that is asked for: when each hour or day begins, if they are told apart, and its sum. */
function timesOf(query: CountQuery, row: SummedRow): readonly (readonly [from: Instant, count: number])[] {
  const { by, from, to } = query
  const east = (query.zone ?? 0) * 60_000
  const isByHour = by.includes('hour')
  const isByDay = by.includes('day')
  const times = new Map<Instant, number>()
  for (let column = FIRST_HOUR; column < row.length; column += 1) {
    const count = Number(row[column])
    const hour = row[0] * DAY + (column - FIRST_HOUR) * HOUR
    if (count === 0 || (row[0] !== EVERY_DAY && (hour < from || hour >= to))) continue
    const begin = isByHour ? hour : isByDay ? Math.floor((hour + east) / DAY) * DAY - east : 0
    times.set(begin, (times.get(begin) ?? 0) + count)
  }
  return [...times]
}

/** The day of sums over all days that were asked for. */
export const EVERY_DAY = -1

function valueOf(
  key: Exclude<CountKey, 'hour' | 'day'>,
  [, organization, value, stream, source, kind, detail]: SummedRow,
): string {
  switch (key) {
    case 'organization':
      return organization
    case 'stream':
      return stream
    case 'source':
      return source
    case 'class':
      return kind === 'delivered' ? '' : detail
    case 'provider':
    case 'domain':
    case 'sender':
    case 'tag':
      return value
  }
}

function compare(by: readonly CountKey[], a: CountRow['key'], b: CountRow['key']): number {
  for (const key of by) {
    const [left = '', right = ''] = [a[key], b[key]]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
