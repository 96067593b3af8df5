/** Entries of what deliveries are found by, in SQLite: written in the transaction of their messages, read by question. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'

import type { ClaimedRow, MessageRow, SearchedRows } from './engine.ts'
import { BLOCK_NUMBERS, Entries, SEGMENT_FROM } from './search-entries.ts'
import { search } from './search.ts'
import type { SearchSource, SegmentBlock } from './search.ts'
import { columnsOf, selection, SQLITE } from './selection.ts'
import type { Selected } from './selection.ts'
import type { Page } from './spool.ts'
import { spoolErrorOf } from './sqlite-error.ts'

export type SearchWriter = {
  accepted(row: MessageRow): void
  /** Within the transaction; then `done`, or `undone` when that is rolled back. */
  write(): void
  done(): void
  undone(): void
}

/** Entries are gathered until they are worth a segment. */
export function searchWriter(db: DatabaseSync): SearchWriter {
  const insert = db.prepare('insert into search_recent values (null, ?)')
  const clear = db.prepare('delete from search_recent')
  const segment = db.prepare('insert into search_segment values (null, ?, ?)')
  const block = db.prepare('insert into search_block values (?, ?, ?)')
  const recent = new Entries()
  for (const entries of recentOf(db)) recent.append(entries)
  /** Those of the transaction. */
  const added = new Entries()
  const isFull = (): boolean => recent.size + added.size >= SEGMENT_FROM
  const writeSegments = (octets: Uint8Array): void => {
    clear.run()
    const all = new Entries()
    all.append(recent.octets())
    all.append(octets)
    for (const { oldest, newest, blocks } of all.segments()) {
      const id = segment.run(oldest, newest).lastInsertRowid
      for (const [number, entries] of blocks) block.run(number, id, entries)
    }
  }
  return {
    accepted: (row) => added.addMessage(row),
    write: () => {
      if (added.size === 0) return
      const octets = added.octets()
      if (isFull()) writeSegments(octets)
      else insert.run(octets)
    },
    done: () => {
      if (added.size === 0) return
      if (isFull()) recent.clear()
      else recent.append(added.octets())
      added.clear()
    },
    undone: () => added.clear(),
  }
}

function recentOf(db: DatabaseSync): readonly Uint8Array[] {
  const rows = db.prepare('select entries from search_recent order by id')
  return (many(rows) as [Uint8Array][]).map(([entries]) => entries)
}

export function searcher(db: DatabaseSync): (filter: Selected, page: Page) => Promise<SearchedRows> {
  const source = sourceOf(db)
  return (filter, page) => search(source, filter, page)
}

function sourceOf(db: DatabaseSync): SearchSource {
  const newest = db.prepare('select max(id) from message')
  const mark = db.prepare(`select value from mark where name = 'unsearched'`)
  const below = db.prepare(
    'select message from delivery where message <= ? order by message desc, n desc limit 1 offset ?',
  )
  const blocks = db.prepare(
    `select s.newest, b.entries from search_segment s cross join search_block b on b.block = ? and b.segment = s.id
     where s.newest >= ? and s.oldest <= ? order by s.newest desc limit ? offset ?`,
  )
  return {
    without: first(mark, 0),
    newest: () => first(newest, -1),
    below: (upper, deliveries) => first(below, -1, upper, deliveries),
    between: (from, upper, filter, limit) => {
      const { sql, values } = selection(filter, SQLITE, [from, upper])
      const statement = db.prepare(
        `select ${columnsOf(filter)} from delivery d cross join message m on m.id = d.message
         where d.message > ? and d.message <= ? and ${sql} order by d.message desc, d.n desc limit ?`,
      )
      return many(statement, ...values, limit) as ClaimedRow[]
    },
    among: (ranges, filter, limit) => {
      const { sql, values } = selection(filter, SQLITE, [JSON.stringify(ranges)])
      const statement = db.prepare(
        `select ${columnsOf(filter)} from json_each(?) k cross join delivery d
         cross join message m on m.id = d.message
         where d.message = k.value ->> 0 and d.n between k.value ->> 1 and k.value ->> 2 and ${sql}
         order by d.message desc, d.n desc limit ?`,
      )
      return many(statement, ...values, limit) as ClaimedRow[]
    },
    recent: () => recentOf(db),
    blocks: (number, { lowest, upper }, { offset, limit }) =>
      many(blocks, number, lowest, upper, limit, offset) as readonly SegmentBlock[],
    breathe: () => setImmediate(),
  }
}

/** Segments of which no message is kept any more go, one at a time. */
export function searchForgetter(db: DatabaseSync): () => void {
  const old = db.prepare(
    `select id from search_segment where newest < (select coalesce(min(id), 0) from message)
     order by newest limit 1`,
  )
  const remove = db.prepare('delete from search_segment where id = ?')
  const blocks = db.prepare(
    'delete from search_block where segment = ? and block in (select value from json_each(?))',
  )
  const numbers = JSON.stringify(Array.from({ length: BLOCK_NUMBERS }, (_, number) => number))
  return () => {
    const id = first(old, 0)
    if (id === 0) return
    remove.run(id)
    blocks.run(id, numbers)
  }
}

function first(statement: StatementSync, otherwise: number, ...values: SQLInputValue[]): number {
  statement.setReturnArrays(true)
  try {
    const [value] = (statement.get(...values) as unknown as [number | null] | undefined) ?? [null]
    return value ?? otherwise
  } catch (error) {
    throw spoolErrorOf(error)
  }
}

function many(statement: StatementSync, ...values: SQLInputValue[]): unknown {
  statement.setReturnArrays(true)
  try {
    return statement.all(...values)
  } catch (error) {
    throw spoolErrorOf(error)
  }
}
