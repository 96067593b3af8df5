/** What is read from the PostgreSQL spool, on connections that the writer does not wait for. */

import type { Pool } from 'pg'

import { timeOf } from '#grammar/message-id'

import type { ClaimedRow, KeptRequestRow, PastRow, SpoolEngine } from './engine.ts'
import { spoolErrorOf } from './postgres-error.ts'
import { KEPT_REQUEST } from './postgres-idempotency.ts'
import { searcher } from './postgres-search.ts'
import { CLAIMED, LISTED, POSTGRES, TELLING, untold } from './selection.ts'
import type { QueueDepth, QueueDue, Totals } from './spool.ts'

/** The bands of a queue that have something waiting, one index seek each. $1 is the node; `queue` an expression. */
function bandsOf(queue: string): string {
  return `bands as (
        (select band from delivery where node = $1 and queue = ${queue} and state = 'waiting' order by band limit 1)
        union all
        select (select d.band from delivery d where d.node = $1 and d.queue = ${queue} and d.state = 'waiting'
          and d.band > b.band order by d.band limit 1) from bands b where b.band is not null)`
}

/** $1 is the node, $2 the queue. */
export const BANDS = bandsOf('$2')

/** One index seek a band: a plain `min(due)` would read every waiting row of the queue. */
function nextDueOf(queue: string): string {
  return `with recursive ${bandsOf(queue)}
      select min(first.due) from bands b cross join lateral (
        select due from delivery
        where node = $1 and queue = ${queue} and band = b.band and state = 'waiting' order by due limit 1) first`
}

/** One index seek a queue more: `select distinct queue` would read every waiting row of all. $2 is the one before. */
const WAITING = `with recursive queues as (
        (select queue from delivery where node = $1 and state = 'waiting' and queue > $2 order by queue limit 1)
        union all
        select (select d.queue from delivery d where d.node = $1 and d.state = 'waiting' and d.queue > q.queue
          order by d.queue limit 1) from queues q where q.queue is not null)
      select q.queue, (${nextDueOf('q.queue')}) from queues q where q.queue is not null limit $3`

type Bytes = Uint8Array<ArrayBuffer>
type Reads = Pick<
  SpoolEngine,
  | 'nextDue'
  | 'waiting'
  | 'overdue'
  | 'nextDeadline'
  | 'read'
  | 'readChunk'
  | 'depths'
  | 'totals'
  | 'search'
  | 'show'
  | 'past'
  | 'kept'
>

export function postgresReads(pool: Pool, node: number, unsearched: number): Reads {
  const ask = asking(pool)
  return {
    nextDue: async (queue) => {
      const [first] = await ask<[number | null]>(nextDueOf('$2'), [node, queue])
      return first?.[0] ?? undefined
    },
    waiting: (after, limit) => ask<QueueDue>(WAITING, [node, after, limit]),
    ...deadlines(ask, node),
    read: async (id) => {
      const [body] = await ask<[Bytes, number]>('select bytes, crc from body where id = $1', [id])
      if (body) return { kind: 'whole', bytes: owned(body[0]), crc: body[1] }
      const [parts] = await ask<[number, number]>(
        'select size, chunks from message where id = $1 and open > 0 and chunks > 0',
        [id],
      )
      return parts && { kind: 'chunked', size: parts[0], count: parts[1] }
    },
    readChunk: async (id, seq) => {
      const [chunk] = await ask<[Bytes, number]>(
        'select bytes, crc from chunk where message = $1 and seq = $2',
        [id, seq],
      )
      return chunk && { bytes: owned(chunk[0]), crc: chunk[1] }
    },
    kept: async (organization, key) => (await ask<KeptRequestRow>(KEPT_REQUEST, [organization, key]))[0],
    depths: (queues) => depths(ask, node, queues),
    totals: () => totals(ask, node),
    search: searcher(ask, unsearched),
    show: async (id) => {
      const deliveries = await ask<ClaimedRow>(
        `select ${LISTED} from message m join delivery d on d.message = m.id where m.id = $1 order by d.n`,
        [id],
      )
      if (deliveries.length === 0) return undefined
      const reports = await ask<[number, string]>('select n, record from report where message = $1', [id])
      const attempts = await ask<[number, string]>(
        'select n, record from attempt where message = $1 order by n, attempt',
        [id],
      )
      const [body] = await ask<[boolean]>(
        `select open > 0 and (chunks > 0 or exists (select 1 from body b where b.id = m.id))
         from message m where id = $1`,
        [id],
      )
      return { deliveries, attempts, reports, hasBody: body?.[0] === true }
    },
    past: ([id, n], limit) => ask<PastRow>(PAST, [id, n, limit]),
  }
}

const OVERDUE = `select ${CLAIMED} from deadline late join delivery d on d.message = late.message
    join message m on m.id = d.message
  where late.node = $1 and late.at <= $2 and ${untold(POSTGRES)} order by late.at, d.message, d.n limit $3`

const PAST = `select d.message, d.n, m.organization, m.stream, m.detail::json ->> 'door', d.recipient, d.state,
    d.last_reply, d.ended_at,
    case when ${TELLING} then (
      select a.record from attempt a where a.message = d.message and a.n = d.n and a.attempt = d.attempts) end,
    coalesce((select json_agg(r.record::json)::text from report r where r.message = d.message and r.n = d.n), '[]')
  from delivery d join message m on m.id = d.message
  where (d.message, d.n) > ($1, $2) order by d.message, d.n limit $3`

function deadlines(ask: Ask, node: number): Pick<Reads, 'overdue' | 'nextDeadline'> {
  return {
    overdue: (now, limit) => ask<ClaimedRow>(OVERDUE, [node, now, limit]),
    nextDeadline: async () => {
      const [first] = await ask<[number | null]>('select min(at) from deadline where node = $1', [node])
      return first?.[0] ?? undefined
    },
  }
}

type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

function asking(pool: Pool): Ask {
  return async <Row>(text: string, values: readonly unknown[]) => {
    try {
      const { rows } = await pool.query({ text, values: [...values], rowMode: 'array' })
      return rows as unknown as readonly Row[]
    } catch (error) {
      throw spoolErrorOf(error)
    }
  }
}

/** The driver cuts values out of its receive buffer, which is not ours to move to another thread. */
function owned(bytes: Bytes): Bytes {
  return Uint8Array.from(bytes)
}

type Depth = {
  queue: string
  waiting: number
  active: number
  held: number
  nextDue?: number
  oldest: number
}

type Unfinished = 'waiting' | 'active' | 'held'

function depthsIn(state: Unfinished, among: string): string {
  return `select '${state}', queue, count(*), min(due), min(message) from delivery
    where node = $1 and state = '${state}' ${among} group by queue`
}

async function depths(
  ask: Ask,
  node: number,
  queues: readonly string[] | undefined,
): Promise<readonly QueueDepth[]> {
  type Row = readonly [Unfinished, string, number, number, number]
  const among = queues === undefined ? '' : 'and queue = any($2::text[])'
  const rows = await ask<Row>(
    [depthsIn('waiting', among), depthsIn('active', among), depthsIn('held', among)].join(' union all '),
    queues === undefined ? [node] : [node, queues],
  )
  const found = new Map<string, Depth>()
  for (const [state, queue, count, due, message] of rows) {
    const depth = found.get(queue) ?? { queue, waiting: 0, active: 0, held: 0, oldest: timeOf(message) }
    depth[state] = count
    depth.oldest = Math.min(depth.oldest, timeOf(message))
    if (state === 'waiting') depth.nextDue = due
    found.set(queue, depth)
  }
  return [...found.values()]
}

async function totals(ask: Ask, node: number): Promise<Totals> {
  const [row] = await ask<[number, number, number]>(
    `select ${countOf('waiting')}, ${countOf('active')}, ${countOf('held')}`,
    [node],
  )
  const [waiting, active, held] = row ?? [0, 0, 0]
  return { waiting, active, held }
}

function countOf(state: Unfinished): string {
  return `(select count(*) from delivery where node = $1 and state = '${state}')`
}
