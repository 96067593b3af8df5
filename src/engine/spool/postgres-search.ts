/** Entries of what deliveries are found by, in PostgreSQL: statements of the spool's transactions, and questions. */

import type { Pool } from 'pg'

import type { ClaimedRow, MessageRow, SearchedRows } from './engine.ts'
import type { Statement } from './postgres-transaction.ts'
import { BLOCK_NUMBERS, Entries, SEGMENT_FROM } from './search-entries.ts'
import type { Segment } from './search-entries.ts'
import { search } from './search.ts'
import type { SearchSource, SegmentBlock } from './search.ts'
import { columnsOf, POSTGRES, selection } from './selection.ts'
import type { Selected } from './selection.ts'
import type { Page } from './spool.ts'

export type Searching = {
  /** The statements that keep the entries of these messages. */
  readonly statements: readonly Statement[]
  /** To be called when they are committed. */
  done(): void
}

export type SearchWriter = (rows: readonly MessageRow[]) => Searching

const NOTHING: Searching = { statements: [], done: () => {} }

/** Entries are gathered until they are worth a segment. What is in doubt after a lost answer may be kept twice. */
export async function searchWriter(pool: Pool, node: number): Promise<SearchWriter> {
  const recent = new Entries()
  for (const entries of await recentOf(pool, node)) recent.append(entries)
  const { rows } = await pool.query<{ recent: number; segment: number }>(
    `select (select coalesce(max(id), 0) from search_recent where node = $1) as recent,
      (select coalesce(max(id), 0) from search_segment where node = $1) as segment`,
    [node],
  )
  let { recent: lastRecent, segment: lastSegment } = rows[0] ?? { recent: 0, segment: 0 }
  return (accepts) => {
    if (accepts.length === 0) return NOTHING
    const added = new Entries()
    for (const row of accepts) added.addMessage(row)
    const octets = added.octets()
    if (recent.size + added.size < SEGMENT_FROM) {
      lastRecent += 1
      return { statements: [recentStatement(node, lastRecent, octets)], done: () => recent.append(octets) }
    }
    const all = new Entries()
    all.append(recent.octets())
    all.append(octets)
    const statements: Statement[] = [{ text: 'delete from search_recent where node = $1', values: [node] }]
    for (const segment of all.segments()) {
      lastSegment += 1
      statements.push(...segmentStatements(node, lastSegment, segment))
    }
    return { statements, done: () => recent.clear() }
  }
}

function recentStatement(node: number, id: number, octets: Uint8Array): Statement {
  return {
    name: 'search recent',
    text: 'insert into search_recent values ($1, $2, $3)',
    values: [node, id, bufferOf(octets)],
  }
}

function segmentStatements(
  node: number,
  id: number,
  { oldest, newest, blocks }: Segment,
): readonly Statement[] {
  return [
    { text: 'insert into search_segment values ($1, $2, $3, $4)', values: [node, id, oldest, newest] },
    {
      text: `insert into search_block select block, $1, $2, entries
        from unnest($3::integer[], $4::bytea[]) as given (block, entries)`,
      values: [node, id, blocks.map(([number]) => number), blocks.map(([, octets]) => bufferOf(octets))],
    },
  ]
}

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}

type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/** `unsearched`: the newest message that was there before there were entries. */
export function searcher(
  ask: Ask,
  unsearched: number,
): (filter: Selected, page: Page) => Promise<SearchedRows> {
  const source = sourceOf(ask, unsearched)
  return (filter, page) => search(source, filter, page)
}

function sourceOf(ask: Ask, unsearched: number): SearchSource {
  const number = async (text: string, values: readonly unknown[]): Promise<number> =>
    (await ask<[number | null]>(text, values))[0]?.[0] ?? -1
  return {
    without: unsearched,
    newest: () => number('select max(id) from message', []),
    below: (upper, deliveries) =>
      number(
        'select message from delivery where message <= $1 order by message desc, n desc limit 1 offset $2',
        [upper, deliveries],
      ),
    between: (below, upper, filter, limit) => {
      const { sql, values } = selection(filter, POSTGRES, [below, upper])
      return ask<ClaimedRow>(
        `select ${columnsOf(filter)} from delivery d join message m on m.id = d.message
         where d.message > $1 and d.message <= $2 and ${sql}
         order by d.message desc, d.n desc limit $${values.length + 1}`,
        [...values, limit],
      )
    },
    among: (ranges, filter, limit) => {
      const { sql, values } = selection(filter, POSTGRES, [JSON.stringify(ranges)])
      return ask<ClaimedRow>(
        `select ${columnsOf(filter)} from json_array_elements($1::json) k
         cross join lateral (select * from delivery d where d.message = (k ->> 0)::bigint
           and d.n between (k ->> 1)::integer and (k ->> 2)::integer offset 0) d
         join message m on m.id = d.message
         where ${sql} order by d.message desc, d.n desc limit $${values.length + 1}`,
        [...values, limit],
      )
    },
    recent: async () =>
      (await ask<[Uint8Array]>('select entries from search_recent order by node, id', [])).map(
        ([one]) => one,
      ),
    blocks: (block, { lowest, upper }, { offset, limit }) =>
      ask<SegmentBlock>(
        `select s.newest, b.entries from search_segment s
         cross join lateral (select entries from search_block b
           where b.block = $1 and b.node = s.node and b.segment = s.id offset 0) b
         where s.newest >= $2 and s.oldest <= $3 order by s.newest desc, s.node, s.id limit $4 offset $5`,
        [block, lowest, upper, limit, offset],
      ),
    breathe: () => {},
  }
}

async function recentOf(pool: Pool, node: number): Promise<readonly Uint8Array[]> {
  const { rows } = await pool.query<{ entries: Uint8Array }>(
    'select entries from search_recent where node = $1 order by id',
    [node],
  )
  return rows.map(({ entries }) => entries)
}

export async function unsearchedOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ value: number }>(`select value from mark where name = 'unsearched'`)
  return rows[0]?.value ?? 0
}

/** The segment, if there is one, of which no message is kept any more. */
export function forgetEntriesStatement(): Statement {
  return {
    text: `with gone as (
        delete from search_segment s using (
          select node, id from search_segment where newest < (select coalesce(min(id), 0) from message)
          order by newest limit 1) old
        where s.node = old.node and s.id = old.id returning s.node, s.id)
      delete from search_block b using gone
      where b.node = gone.node and b.segment = gone.id and b.block between 0 and $1`,
    values: [BLOCK_NUMBERS - 1],
  }
}
