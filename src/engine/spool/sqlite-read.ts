/** What operators and clean-up ask of the SQLite spool, in slices short enough that commits need not wait for them. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'

import { timeOf } from '#grammar/message-id'

import type { ClaimedRow, Key, PastRow, SearchedRows, ShownRows, StoredBody, StoredChunk } from './engine.ts'
import { CLAIMED, LISTED, SQLITE, TELLING, untold } from './selection.ts'
import type { Selected } from './selection.ts'
import type { Page, QueueDepth, QueueDue, Totals } from './spool.ts'
import { spoolErrorOf } from './sqlite-error.ts'
import { searcher } from './sqlite-search.ts'

/** Deliveries looked at between two looks at the commits that wait: some 5 ms. */
const SLICE = 10_000

/** What finding one more queue costs, in rows: 100,000 queues of a row or two are many slices, not one and not 100,000. */
const QUEUE_ROWS = 25

type Bytes = Uint8Array<ArrayBuffer>

export function sqliteBodies(db: DatabaseSync): {
  read(id: number): StoredBody | undefined
  readChunk(id: number, seq: number): StoredChunk | undefined
} {
  const whole = db.prepare('select bytes, crc from body where id = ?')
  const chunked = db.prepare('select size, chunks from message where id = ? and open > 0 and chunks > 0')
  const chunk = db.prepare('select bytes, crc from chunk where message = ? and seq = ?')
  for (const statement of [whole, chunked, chunk]) statement.setReturnArrays(true)
  return {
    read: (id) => {
      const body = one(whole, id) as [Bytes, number] | undefined
      if (body) return { kind: 'whole', bytes: body[0], crc: body[1] }
      const parts = one(chunked, id) as [number, number] | undefined
      return parts && { kind: 'chunked', size: parts[0], count: parts[1] }
    },
    readChunk: (id, seq) => {
      const row = one(chunk, id, seq) as [Bytes, number] | undefined
      return row && { bytes: row[0], crc: row[1] }
    },
  }
}

export function sqliteReads(db: DatabaseSync): {
  depths(queues?: readonly string[]): Promise<readonly QueueDepth[]>
  totals(): Promise<Totals>
  search(filter: Selected, page: Page): Promise<SearchedRows>
  show(id: number): ShownRows | undefined
  past(after: Key, limit: number): readonly PastRow[]
  overdue(now: number, limit: number): readonly ClaimedRow[]
  nextDeadline(): number | undefined
} {
  return {
    depths: (queues) => depths(db, queues),
    totals: () => totals(db),
    search: searcher(db),
    show: shower(db),
    past: past(db),
    ...deadlines(db),
  }
}

function shower(db: DatabaseSync): (id: number) => ShownRows | undefined {
  const all = db.prepare(
    `select ${LISTED} from message m join delivery d on d.message = m.id where m.id = ? order by d.n`,
  )
  const attempts = db.prepare('select n, record from attempt where message = ? order by n, attempt')
  const reports = db.prepare('select n, record from report where message = ?')
  const body = db.prepare(
    'select open > 0 and (chunks > 0 or exists (select 1 from body b where b.id = m.id)) from message m where id = ?',
  )
  body.setReturnArrays(true)
  return (id) => {
    const deliveries = many(all, id) as ClaimedRow[]
    if (deliveries.length === 0) return undefined
    return {
      deliveries,
      attempts: many(attempts, id) as [number, string][],
      reports: many(reports, id) as [number, string][],
      hasBody: (one(body, id) as [number] | undefined)?.[0] === 1,
    }
  }
}

function deadlines(db: DatabaseSync): {
  overdue(now: number, limit: number): readonly ClaimedRow[]
  nextDeadline(): number | undefined
} {
  const overdue = db.prepare(
    `select ${CLAIMED} from deadline late cross join delivery d on d.message = late.message
     cross join message m on m.id = d.message
     where late.at <= ? and ${untold(SQLITE)} order by late.at, d.message, d.n limit ?`,
  )
  const next = db.prepare('select min(at) from deadline')
  next.setReturnArrays(true)
  return {
    overdue: (now, limit) => many(overdue, now, limit) as readonly ClaimedRow[],
    nextDeadline: () => (one(next) as [number | null])[0] ?? undefined,
  }
}

/** A stretch of the primary keys and no more: a thousand rows are some 5 ms. */
function past(db: DatabaseSync): (after: Key, limit: number) => readonly PastRow[] {
  const rows = db.prepare(
    `select d.message, d.n, m.organization, m.stream, json_extract(m.detail, '$.door'), d.recipient, d.state,
       d.last_reply, d.ended_at,
       case when ${TELLING} then (
         select a.record from attempt a where a.message = d.message and a.n = d.n and a.attempt = d.attempts) end,
       (select json_group_array(json(r.record)) from report r where r.message = d.message and r.n = d.n)
     from delivery d cross join message m on m.id = d.message
     where (d.message, d.n) > (?, ?) order by d.message, d.n limit ?`,
  )
  return (after, limit) => many(rows, ...after, limit) as readonly PastRow[]
}

type Depth = { waiting: number; active: number; held: number; nextDue?: number; oldest: number }

type Waiting = { readonly count: number; readonly due: number; readonly message: number }

/** Sums over what waits in one queue, a part of the index at a time. */
function waitingSlices(db: DatabaseSync): (queue: string) => Generator<Waiting> {
  const place = '(band, due, message, n)'
  const from = `from delivery where state = 'waiting' and queue = ? and ${place} > (?, ?, ?, ?)`
  const last = db.prepare(
    `select band, due, message, n ${from} order by band, due, message, n limit 1 offset ${SLICE}`,
  )
  const part = db.prepare(`select count(*), min(due), min(message) ${from} and ${place} <= (?, ?, ?, ?)`)
  const rest = db.prepare(`select count(*), min(due), min(message) ${from}`)
  for (const statement of [last, part, rest]) statement.setReturnArrays(true)
  return function* (queue) {
    let at: readonly number[] | undefined = [Number.MIN_SAFE_INTEGER, 0, 0, 0]
    while (at) {
      const to = one(last, queue, ...at) as number[] | undefined
      const sum = to ? one(part, queue, ...at, ...to) : one(rest, queue, ...at)
      const [count, due, message] = sum as [number, number, number]
      if (count > 0) yield { count, due, message }
      at = to
    }
  }
}

/** Queue by queue along the index: one count over all would hold up the commits for its whole length. */
async function depths(
  db: DatabaseSync,
  queues: readonly string[] | undefined,
): Promise<readonly QueueDepth[]> {
  const found = new Map<string, Depth>()
  const depth = (queue: string, oldest: number): Depth => {
    const known = found.get(queue) ?? { waiting: 0, active: 0, held: 0, oldest }
    known.oldest = Math.min(known.oldest, oldest)
    found.set(queue, known)
    return known
  }
  const slices = waitingSlices(db)
  let looked = 0
  const breathe = async (rows: number): Promise<void> => {
    looked += rows
    if (looked < SLICE) return
    looked = 0
    await setImmediate()
  }
  for (const queue of queues === undefined ? queuesAfter(db, '') : new Set(queues)) {
    for (const { count, due, message } of slices(queue)) {
      const known = depth(queue, timeOf(message))
      known.waiting += count
      known.nextDue = Math.min(known.nextDue ?? due, due)
      await breathe(count)
    }
    await breathe(QUEUE_ROWS)
  }
  const wanted = queues === undefined ? [] : [JSON.stringify(queues)]
  const among = queues === undefined ? '' : 'and queue in (select value from json_each(?))'
  for (const state of ['active', 'held'] as const) {
    const rows = db.prepare(
      `select queue, count(*), min(message) from delivery where state = '${state}' ${among} group by queue`,
    )
    for (const [name, count, message] of many(rows, ...wanted) as [string, number, number][]) {
      depth(name, timeOf(message))[state] = count
    }
  }
  return [...found].map(([name, counts]) => ({ queue: name, ...counts }))
}

/** In the order of their names. */
function* queuesAfter(db: DatabaseSync, after: string): Generator<string> {
  const next = db.prepare(`select min(queue) from delivery where state = 'waiting' and queue > ?`)
  next.setReturnArrays(true)
  for (let queue = after; ;) {
    const [name] = one(next, queue) as [string | null]
    if (name === null) return
    yield name
    queue = name
  }
}

/** One index seek a queue and two a band of it, however much waits in each. */
export async function waitingQueues(
  db: DatabaseSync,
  after: string,
  limit: number,
  nextDue: (queue: string) => number | undefined,
): Promise<readonly QueueDue[]> {
  const found: QueueDue[] = []
  for (const queue of queuesAfter(db, after).take(limit)) {
    found.push([queue, nextDue(queue) ?? 0])
    if (found.length % (SLICE / QUEUE_ROWS) === 0) await setImmediate()
  }
  return found
}

/** What waits is counted along its index, a slice at a time; what is active or held is little. */
async function totals(db: DatabaseSync): Promise<Totals> {
  const place = '(queue, band, due, message, n)'
  const last = db.prepare(
    `select queue, band, due, message, n from delivery where state = 'waiting' and ${place} > (?, ?, ?, ?, ?)
     order by queue, band, due, message, n limit 1 offset ${SLICE - 1}`,
  )
  const rest = db.prepare(
    `select count(*) from delivery where state = 'waiting' and ${place} > (?, ?, ?, ?, ?)`,
  )
  const others = db.prepare(
    `select (select count(*) from delivery where state = 'active'),
       (select count(*) from delivery where state = 'held')`,
  )
  for (const statement of [last, rest, others]) statement.setReturnArrays(true)
  let waiting = 0
  let at: SQLInputValue[] = ['', Number.MIN_SAFE_INTEGER, 0, 0, 0]
  for (;;) {
    const to = one(last, ...at) as SQLInputValue[] | undefined
    if (to === undefined) break
    waiting += SLICE
    at = to
    await setImmediate()
  }
  const [more] = one(rest, ...at) as [number]
  const [active, held] = one(others) as [number, number]
  return { waiting: waiting + more, active, held }
}

function one(statement: StatementSync, ...values: SQLInputValue[]): unknown {
  try {
    return statement.get(...values)
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
