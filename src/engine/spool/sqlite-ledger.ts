/** The log of events and the counts in SQLite: written within the transactions of the spool, read by page and by sum. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'

import { DAY } from './count.ts'
import type { SummedQuery, SummedRow } from './count.ts'
import type { PageQuery } from './engine.ts'
import type { StoredPage } from './event.ts'
import { nextPage } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { AGE_STEP, asking, columnOf, LATER_HOURS, summing, WHOLE_DAY } from './rollup.ts'
import { SQLITE } from './selection.ts'
import type { Age } from './spool.ts'
import { seriesOf } from './tally.ts'

/** The node of pages in a store that no other node shares. */
const ALONE = 0

/** Numbers of series kept at hand; beyond, they are asked for again. 20 MB at the most. */
const KNOWN_SERIES = 50_000

/** Writes what `ledger` has gathered. Within a transaction; `undone` must be called when that is rolled back. */
export type LedgerWriter = { write(ledger: Ledger): void; undone(): void }

export function ledgerWriter(db: DatabaseSync, now: () => number): LedgerWriter {
  const page = db.prepare('insert into event_page values (?, ?, ?, ?, ?)')
  /** One for each hour of the day: two are in use at a time. */
  const adds = new Map<string, StatementSync>()
  const adding = (column: string): StatementSync =>
    adds.getOrInsertComputed(column, () =>
      db.prepare(
        `insert into rollup (series, day, ${column}) values (?, ?, ?)
         on conflict do update set ${column} = ${column} + excluded.${column}`,
      ),
    )
  const find = db.prepare(
    `select id from series where facet = ? and organization = ? and value = ? and stream = ? and source = ?
     and kind = ? and detail = ?`,
  )
  const insert = db.prepare('insert into series values (null, ?, ?, ?, ?, ?, ?, ?)')
  const newest = db.prepare('select max(id) as id from event_page').get()
  let last = Number(newest?.['id'] ?? 0)
  const known = new Map<string, number>()
  const idOf = (text: string): number => {
    const there = known.get(text)
    if (there !== undefined) return there
    const series = seriesOf(text)
    const id = Number(find.get(...series)?.['id'] ?? insert.run(...series).lastInsertRowid)
    if (known.size >= KNOWN_SERIES) known.clear()
    known.set(text, id)
    return id
  }
  return {
    write: (ledger) => {
      const at = now()
      for (const [organization, count, entries] of ledger.pages()) {
        last = nextPage(last, at)
        page.run(last, at, organization, count, entries)
      }
      for (const [series, hour, count] of ledger.sums())
        adding(columnOf(hour)).run(idOf(series), Math.floor(hour / 24), count)
    },
    // The series that it was to make are not there.
    undone: () => known.clear(),
  }
}

export function sqliteLedgerReads(db: DatabaseSync): {
  pages(query: PageQuery): readonly StoredPage[]
  sums(query: SummedQuery): Promise<readonly SummedRow[]>
} {
  return { pages: pageReader(db), sums: summer(db) }
}

function pageReader(db: DatabaseSync): (query: PageQuery) => readonly StoredPage[] {
  const columns = `select ${ALONE}, id, organization, entries, count, at from event_page`
  const ofOne = db.prepare(`${columns} where organization = ? and id >= ? order by id`)
  const ofAll = db.prepare(`${columns} where id >= ? order by id`)
  for (const statement of [ofOne, ofAll]) statement.setReturnArrays(true)
  return ({ organization, after, since = 0, limit }) => {
    const place = after.find(({ node }) => node === ALONE)
    const start = place?.page ?? 0
    const rows = organization === undefined ? ofAll.iterate(start) : ofOne.iterate(organization, start)
    return enough(rows as unknown as Iterable<PageRow>, since, limit + (place?.index ?? 0))
  }
}

type PageRow = [...StoredPage, count: number, at: number]

function enough(rows: Iterable<PageRow>, since: number, limit: number): readonly StoredPage[] {
  const pages: StoredPage[] = []
  let events = 0
  for (const [node, id, organization, entries, count, at] of rows) {
    if (at < since) continue
    pages.push([node, id, organization, entries])
    events += count
    // One more than is asked for: so is known that there is more.
    if (events > limit) break
  }
  return pages
}

/** Series looked at between two looks at the commits that wait: 5 ms for each month. */
const SLICE = 500

/** Slices are summed apart, and together by who asked. */
function summer(db: DatabaseSync): (query: SummedQuery) => Promise<readonly SummedRow[]> {
  return async (query) => {
    const wanted = asking(query, SQLITE)
    const ids = (many(db.prepare(wanted.sql), ...wanted.values) as [number][]).map(([id]) => id)
    const { sql, values } = summing(query, SQLITE, 'json_each(?) j cross join series s on s.id = j.value')
    const sums = db.prepare(sql)
    const rows: SummedRow[] = []
    for (let i = 0; i < ids.length; i += SLICE) {
      if (i > 0) await setImmediate()
      rows.push(...(many(sums, JSON.stringify(ids.slice(i, i + SLICE)), ...values) as SummedRow[]))
    }
    return rows
  }
}

/** Some series at a time: the log is in the order of its age, the sums are not. */
export function ager(db: DatabaseSync, forgotten: () => void): (before: Age) => boolean {
  const pages = db.prepare(
    'delete from event_page where id in (select id from event_page order by id limit ?) and at < ? and id < (select max(id) from event_page)',
  )
  const some = db.prepare('select id from series where id > ? order by id limit ?')
  some.setReturnArrays(true)
  const folded = LATER_HOURS.map((hour) => `${hour} = 0`).join(', ')
  const fold = db.prepare(
    `update rollup set h0 = ${WHOLE_DAY}, ${folded} where series = ? and day < ? and h0 <> ${WHOLE_DAY}`,
  )
  const remove = db.prepare('delete from rollup where series = ? and day < ?')
  const end = db.prepare(
    'delete from series where id = ? and not exists (select 1 from rollup where series = series.id)',
  )
  let after = 0
  return ({ events, hours, days }) => {
    const gone = pages.run(AGE_STEP.pages, events).changes
    const ids = many(some, after, AGE_STEP.series) as [number][]
    let ended = 0
    for (const [id] of ids) {
      fold.run(id, Math.floor(hours / DAY))
      remove.run(id, Math.floor(days / DAY))
      ended += Number(end.run(id).changes)
    }
    if (ended > 0) forgotten()
    after = ids.length < AGE_STEP.series ? 0 : (ids.at(-1)?.[0] ?? 0)
    return Number(gone) === AGE_STEP.pages || after > 0
  }
}

function many(statement: StatementSync, ...values: SQLInputValue[]): unknown[] {
  statement.setReturnArrays(true)
  return statement.all(...values)
}
