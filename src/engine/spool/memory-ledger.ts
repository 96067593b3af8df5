/** The log of events and the counts of a spool that forgets. */

import { dayOf, EVERY_DAY, HOUR, hourOf, isDaily } from './count.ts'
import type { CountKey, Facet, Series, SummedQuery, SummedRow } from './count.ts'
import type { PageQuery } from './engine.ts'
import type { StoredPage } from './event.ts'
import { Names } from './count-names.ts'
import { Ledger, nextPage } from './ledger.ts'
import type { Age } from './spool.ts'
import { seriesOf } from './tally.ts'

type Page = { readonly stored: StoredPage; readonly at: number; readonly count: number }

export class MemoryLedger {
  readonly #now: () => number
  readonly #names = new Names()
  #pages: Page[] = []
  #last = 0
  /** By series, then by hour. */
  readonly #sums = new Map<string, Map<number, number>>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Keeps what `work` has to tell, unless it throws. */
  told<T>(work: (ledger: Ledger) => T): T {
    const ledger = new Ledger(this.#names)
    const result = work(ledger)
    const at = this.#now()
    for (const [organization, count, entries] of ledger.pages()) {
      this.#last = nextPage(this.#last, at)
      this.#pages.push({ stored: [0, this.#last, organization, entries], at, count })
    }
    for (const [series, hour, count] of ledger.sums()) this.#add(series, hour, count)
    return result
  }

  pages({ organization, after, since = 0, limit }: PageQuery): readonly StoredPage[] {
    const [place] = after
    const found: StoredPage[] = []
    let events = -(place?.index ?? 0)
    for (const { stored, at, count } of this.#pages) {
      const isOurs = organization === undefined || stored[2] === organization
      if (!isOurs || stored[1] < (place?.page ?? 0) || at < since) continue
      found.push(stored)
      events += count
      if (events > limit) break
    }
    return found
  }

  sums(query: SummedQuery): readonly SummedRow[] {
    const { by, facet } = query
    const isEvery = isDaily(facet) && !by.includes('day')
    return [...this.#sums].flatMap(([text, sums]) => {
      const series = seriesOf(text)
      if (!isOf(query, series)) return []
      const days = Map.groupBy(
        [...sums].filter(([hour]) => !isDaily(facet) || isWithin(query, hour)),
        ([hour]) => (isEvery ? EVERY_DAY : Math.floor(hour / 24)),
      )
      return [...days].map(([day, hours]) => rowOf(query, series, day, hours))
    })
  }

  age({ events, hours, days }: Age): boolean {
    this.#pages = this.#pages.filter(({ at }, i) => at >= events || i === this.#pages.length - 1)
    for (const [series, sums] of this.#sums) {
      for (const [hour, count] of Array.from(sums)) {
        const isOld = dayOf(hour) < dayOf(hourOf(days))
        if (!isOld && (dayOf(hour) >= dayOf(hourOf(hours)) || hour === dayOf(hour))) continue
        sums.delete(hour)
        if (!isOld) this.#add(series, dayOf(hour), count)
      }
    }
    return false
  }

  #add(series: string, hour: number, count: number): void {
    const hours = this.#sums.getOrInsertComputed(series, () => new Map<number, number>())
    hours.set(hour, (hours.get(hour) ?? 0) + count)
  }
}

function isOf(query: SummedQuery, [facet, organization, value, stream, source]: Series): boolean {
  const wanted: readonly [string | undefined, string][] = [
    [query.facet, facet satisfies Facet],
    [query.organization, organization],
    [query.value, value],
    [query.stream, stream],
    [query.source, source],
  ]
  return wanted.every(([want, have]) => want === undefined || want === have)
}

function isWithin({ from, to }: SummedQuery, hour: number): boolean {
  return hour * HOUR >= from && hour * HOUR < to
}

function rowOf(
  { by }: SummedQuery,
  [, organization, value, stream, source, kind, detail]: Series,
  day: number,
  sums: readonly (readonly [hour: number, count: number])[],
): SummedRow {
  const told = (text: string, ...keys: readonly CountKey[]): string =>
    keys.some((key) => by.includes(key)) ? text : ''
  const hours = Array.from({ length: 24 }, () => 0)
  for (const [hour, count] of sums) hours[hour % 24] = (hours[hour % 24] ?? 0) + count
  return [
    day,
    told(organization, 'organization'),
    told(value, 'provider', 'domain', 'sender', 'tag'),
    told(stream, 'stream'),
    told(source, 'source'),
    kind,
    detail,
    ...hours,
  ]
}
