/** The spool in PostgreSQL. One connection writes, in pipelined transactions; others read. */

import type { Pool, QueryArrayResult } from 'pg'

import { lockNode, migrate, openPostgres } from '#platform/store'

import { EFFECTS } from './change.ts'
import type {
  Batch,
  Changed,
  EventRow,
  Found,
  Key,
  SettlementRow,
  SpoolEngine,
  StoredChunk,
} from './engine.ts'
import { Names } from './count-names.ts'
import { Ledger, WITHDRAWN } from './ledger.ts'
import type { DeliveryState } from './message.ts'
import { claims } from './postgres-claim.ts'
import {
  acceptStatements,
  removeStatement,
  settleStatements,
  touchStatement,
  withdrawnStatement,
} from './postgres-commit.ts'
import type { SettledRow } from './postgres-commit.ts'
import {
  ageStatements,
  endedStatement,
  endStatements,
  FACTS,
  factsOf,
  ledgerWriter,
  postgresLedgerReads,
} from './postgres-ledger.ts'
import type { FactsRow } from './postgres-ledger.ts'
import { tidyKeysStatement } from './postgres-idempotency.ts'
import { postgresReads } from './postgres-read.ts'
import { forgetEntriesStatement, searchWriter, unsearchedOf } from './postgres-search.ts'
import type { SearchWriter } from './postgres-search.ts'
import { AGE_STEP } from './rollup.ts'
import { attemptOf, reportOf } from './row.ts'
import { transaction } from './postgres-transaction.ts'
import type { Statement } from './postgres-transaction.ts'
import { SPOOL_MIGRATIONS } from './schema.ts'
import type { Age, Change } from './spool.ts'

/** Milliseconds until a server that does not answer a statement counts as gone. */
const TIMEOUT = 30_000

/**
 * Everything the writer does goes from few keys to few rows. Before the first ANALYZE, and while a queue grows from
 * nothing to a million, the planner guesses otherwise and reads whole tables: 1.1 s for what takes 40 ms.
 */
const BY_KEY = { enable_hashjoin: 'off', enable_mergejoin: 'off', enable_seqscan: 'off', jit: 'off' }

/**
 * Opens the deliveries of `node` in the database at `url`.
 * @param onLost called when another process took the node's number, so that this one must end
 * @throws {StoreError | SpoolError}
 */
export async function openPostgresEngine(
  url: string,
  node: number,
  now: () => number,
  onLost: (why: string) => void,
): Promise<SpoolEngine> {
  const reader = openPostgres(url, {
    name: `spool reader ${node}`,
    timeout: TIMEOUT,
    settings: { jit: 'off' },
  })
  const writer = openPostgres(url, {
    name: `spool writer ${node}`,
    max: 1,
    pipeline: true,
    timeout: TIMEOUT,
    settings: BY_KEY,
  })
  try {
    await migrate({ engine: 'postgres', pool: reader }, 'spool', SPOOL_MIGRATIONS, now)
    const lock = await lockNode(url, node, onLost)
    const found = await recover(writer, node)
    const close = async (): Promise<void> => {
      await Promise.all([writer.end(), reader.end()])
      await lock[Symbol.asyncDispose]()
    }
    const names = new Names()
    const searched = await searchWriter(reader, node)
    const tell = ledgerWriter(node, await newestPage(reader, node), now)
    return {
      found,
      ...postgresWrites(writer, { node, tell, searched, now, ledger: () => new Ledger(names) }),
      ...postgresReads(reader, node, await unsearchedOf(reader)),
      ...postgresLedgerReads(reader),
      close,
    }
  } catch (error) {
    await Promise.all([writer.end(), reader.end()])
    throw error
  }
}

type Writes = Pick<
  SpoolEngine,
  | 'commit'
  | 'writeChunk'
  | 'discardChunks'
  | 'claim'
  | 'unclaim'
  | 'take'
  | 'dropDeadlines'
  | 'apply'
  | 'report'
  | 'forget'
  | 'tidyKeys'
  | 'age'
>

type Telling = {
  readonly node: number
  readonly ledger: () => Ledger
  readonly tell: (ledger: Ledger) => Statement[]
  readonly searched: SearchWriter
  readonly now: () => number
}

async function newestPage(reader: Pool, node: number): Promise<number> {
  const { rows } = await reader.query<{ id: number | null }>(
    'select max(id) as id from event_page where node = $1',
    [node],
  )
  return rows[0]?.id ?? 0
}

function postgresWrites(writer: Pool, telling: Telling): Writes {
  const { node, tell, ledger: newLedger } = telling
  const durably = (statements: readonly Statement[]): Promise<readonly QueryArrayResult[]> =>
    transaction(writer, statements)
  // What a crash of the server may undo: it says what this process has in memory, or a later commit promises it.
  const eventually = (statement: Statement): Promise<readonly QueryArrayResult[]> =>
    transaction(writer, [{ text: 'set local synchronous_commit = off' }, statement])
  return {
    commit: (batches, abandoned) => commit(writer, telling, { batches, abandoned }),
    writeChunk: async (id, seq, chunk) => void (await eventually(chunkStatement(id, seq, chunk))),
    discardChunks: async (id) => {
      await eventually({ text: 'delete from chunk where message = $1', values: [id] })
    },
    ...claims(eventually, node),
    dropDeadlines: async (now, limit) => {
      const text = `with late as (
          select message from deadline where node = $1 and at <= $2 order by at limit $3)
        delete from deadline using late where deadline.message = late.message`
      await eventually({ text, values: [node, now, limit] })
    },
    apply: async (keys, change, at, reason) => {
      const results = await transaction(writer, [applyStatement(keys, change, at, reason)], ([result]) => {
        const ledger = newLedger()
        tellChanged(ledger, { change, at, reason }, result)
        return tell(ledger)
      })
      const were = (results[0]?.rows ?? []) as unknown as readonly ChangedRow[]
      return inOrderOf(
        keys,
        were.map((row): Changed => [row[0], row[1], row[10]]),
      )
    },
    report: async (key, kind, record) => {
      const results = await transaction(writer, [reportStatement(key, kind, record)], ([result]) => {
        const [there, kept, last, ...facts] = (result?.rows[0] ?? [false]) as unknown as ReportedRow
        const ledger = newLedger()
        if (there && kept)
          ledger.reported(key, reportOf(record), factsOf(facts), last === null ? undefined : attemptOf(last))
        return tell(ledger)
      })
      const [there, kept] = (results[0]?.rows[0] ?? [false]) as unknown as ReportedRow
      return !there ? 'missing' : kept ? 'kept' : 'known'
    },
    forget: async (before, limit, streams) => {
      const results = await durably([
        NEWEST,
        forgetStatement(before, limit, streams),
        forgetEntriesStatement(),
      ])
      return results[1]?.rowCount ?? 0
    },
    tidyKeys: async (before, limit) => {
      const results = await eventually(tidyKeysStatement(before, limit))
      return results[1]?.rowCount ?? 0
    },
    age: ager(writer, node),
  }
}

type Given = { readonly batches: readonly Batch[]; readonly abandoned: readonly number[] }

/** What is accepted is known beforehand: one round trip. What settlements changed is told when the server has said it. */
async function commit(writer: Pool, telling: Telling, { batches, abandoned }: Given): Promise<void> {
  const { node, tell, now } = telling
  const ledger = telling.ledger()
  const searching = telling.searched(batches.flatMap(({ accepts: rows }) => rows))
  const accepts = [...batches.flatMap((batch) => acceptStatements(batch, node)), ...searching.statements]
  for (const { accepts: rows } of batches) for (const row of rows) ledger.accepted(row)
  const settles = settleStatements(batches.flatMap(({ settlements }) => settlements))
  const events = batches.flatMap((batch) => batch.events)
  const keeps = keepStatements(events)
  const append = (kept?: QueryArrayResult): void => tellAppended(ledger, events, kept)
  if (settles.length === 0 && abandoned.length === 0 && keeps.length === 0) {
    append()
    const touch = batches.length === 0 ? [touchStatement(now())] : []
    await transaction(writer, [...accepts, ...touch, ...tell(ledger)])
    searching.done()
    return
  }
  const withdrawn = abandoned.length === 0 ? [] : [withdrawnStatement(abandoned)]
  // After what is accepted: something may have been done with a message that is only just being kept.
  const first = [...accepts, ...settles.map(({ statement }) => statement), ...keeps, ...withdrawn]
  await transaction(writer, first, (results) => {
    settles.forEach(({ rows }, i) => tellSettled(ledger, rows, results[accepts.length + i]))
    append(keeps.length === 0 ? undefined : results[accepts.length + settles.length])
    if (abandoned.length === 0) return tell(ledger)
    tellChanged(ledger, { change: 'cancel', at: now(), reason: WITHDRAWN }, results.at(-1))
    return [removeStatement(abandoned), ...tell(ledger)]
  })
  searching.done()
}

/** Some series at a time: the log is in the order of its age, the sums are not. */
function ager(writer: Pool, node: number): (before: Age) => Promise<boolean> {
  let after = 0
  return async (before) => {
    const results = await transaction(writer, [...ageStatements(node, before, after), endedStatement(after)])
    if ((results.at(-1)?.rowCount ?? 0) > 0) await transaction(writer, endStatements(after))
    const ids = (results.at(-2)?.rows ?? []) as unknown as readonly [number][]
    after = ids.length < AGE_STEP.series ? 0 : (ids.at(-1)?.[0] ?? 0)
    return (results[0]?.rowCount ?? 0) === AGE_STEP.pages || after > 0
  }
}

/** A delivery that was changed, what is known of it, and its state before. */
type ChangedRow = readonly [id: number, n: number, ...FactsRow, was: DeliveryState]

type ReportedRow = readonly [there: boolean, kept: boolean, last: string | null, ...FactsRow]

/** Those of `rows` that changed something, in their order. */
function tellSettled(
  ledger: Ledger,
  rows: readonly SettlementRow[],
  result: QueryArrayResult | undefined,
): void {
  const found = new Map<string, FactsRow>()
  for (const [id, n, ...facts] of (result?.rows ?? []) as unknown as readonly SettledRow[]) {
    found.set(`${id}.${n}`, facts)
  }
  for (const row of rows) {
    const facts = found.get(`${row[0]}.${row[1]}`)
    if (facts) ledger.settled(row, factsOf(facts))
  }
}

/** Only the first of what is alike among them is kept; the rows of the statement say which were. */
function tellAppended(ledger: Ledger, events: readonly EventRow[], kept?: QueryArrayResult): void {
  const first = new Set((kept?.rows ?? []).map((row) => row.join(' ')))
  for (const row of events) {
    const keep = row[9]
    ledger.appended(row, keep !== null && first.delete(`${keep[0]} ${keep[1]} ${keep[2]}`))
  }
}

function keepStatements(events: readonly EventRow[]): readonly Statement[] {
  const rows = events.flatMap(([, , , , , , , , , keep]) => (keep === null ? [] : [keep]))
  if (rows.length === 0) return []
  return [
    {
      text: `insert into report
        select k.message, k.n, k.kind, k.record
        from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[]) with ordinality as k (message, n, kind, record, at)
        join delivery d on d.message = k.message and d.n = k.n order by k.at
        on conflict do nothing returning message, n, kind`,
      values: [0, 1, 2, 3].map((column) => rows.map((row) => row[column])),
    },
  ]
}

type By = { readonly change: Change; readonly at: number; readonly reason: string }

function tellChanged(ledger: Ledger, by: By, result: QueryArrayResult | undefined): void {
  for (const [id, n, ...facts] of (result?.rows ?? []) as unknown as readonly SettledRow[]) {
    ledger.changed([id, n], by, factsOf(facts))
  }
}

function chunkStatement(id: number, seq: number, { bytes, crc }: StoredChunk): Statement {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    text: 'insert into chunk (message, seq, crc, bytes) values ($1, $2, $3, $4)',
    values: [id, seq, crc, buffer],
  }
}

function applyStatement(keys: readonly Key[], change: Change, now: number, reason: string): Statement {
  const { from, to, dueNow, explained } = EFFECTS[change]
  const final = to === 'cancelled'
  return {
    text: `with changed as (
        update delivery d set state = $3, due = case when $4 then $5 else d.due end,
          last_reply = coalesce($6, d.last_reply), ended_at = case when $7 then $5 end, data = case when $7 then null else d.data end
        from unnest($1::bigint[], $2::integer[]) as k (message, n)
        join delivery old on old.message = k.message and old.n = k.n
        where d.message = k.message and d.n = k.n and old.state = any ($8) and (not $4 or d.due > $5)
        returning d.message, d.n, d.recipient, d.attempts, old.state as was),
      ended as (
        update message m set open = m.open - e.count, ended_at = case when m.open = e.count then $5::bigint end
        from (select message, count(*)::integer as count from changed where $7 group by message) e
        where m.id = e.message returning m.id, m.open),
      bodies as (delete from body using ended where body.id = ended.id and ended.open = 0),
      chunks as (delete from chunk using ended where chunk.message = ended.id and ended.open = 0)
      select d.message, d.n, ${FACTS}, d.was from changed d join message m on m.id = d.message`,
    values: [
      keys.map(([id]) => id),
      keys.map(([, n]) => n),
      to,
      dueNow,
      now,
      explained ? reason : null,
      final,
      from,
    ],
  }
}

function inOrderOf(keys: readonly Key[], changed: readonly Changed[]): readonly Changed[] {
  const found = new Map(changed.map((one) => [`${one[0]}.${one[1]}`, one]))
  return keys.map(([id, n]) => found.get(`${id}.${n}`)).filter((one) => one !== undefined)
}

/** The largest id outlives its record: after a restart with the clock set back it must not be given again. */
const NEWEST: Statement = {
  text: `insert into mark select 'newest', max(id) from message having max(id) is not null
    on conflict (name) do update set value = greatest(mark.value, excluded.value)`,
}

/** One row, also when there is no such delivery. */
function reportStatement([id, n]: Key, kind: string, record: string): Statement {
  return {
    text: `with d as (select message, n, recipient, attempts from delivery where message = $1 and n = $2),
      kept as (
        insert into report select message, n, $3, $4 from d on conflict do nothing returning message)
      select d.message is not null, exists (select 1 from kept),
        (select record from attempt a where a.message = $1 and a.n = $2 order by attempt desc limit 1), ${FACTS}
      from (select 1) as one left join d on true left join message m on m.id = d.message`,
    values: [id, n, kind, record],
  }
}

/** From one stream to the next by the index: a stream whose records stay for years is stepped over at once. */
function forgetStatement(before: number, limit: number, streams: ReadonlyMap<string, number>): Statement {
  return {
    text: `with recursive streams (stream) as (
        select min(stream) from message where ended_at is not null
        union all
        select (select min(m.stream) from message m where m.ended_at is not null and m.stream > streams.stream)
        from streams where streams.stream is not null),
      gone as (
        select old.id from streams, lateral (
          select id from message
          where message.stream = streams.stream
            and ended_at < coalesce(($3::jsonb ->> streams.stream)::bigint, $1::bigint)
          order by ended_at limit $2) old
        limit $2),
      attempts as (delete from attempt using gone where attempt.message = gone.id),
      reports as (delete from report using gone where report.message = gone.id),
      deadlines as (delete from deadline using gone where deadline.message = gone.id),
      deliveries as (delete from delivery using gone where delivery.message = gone.id)
      delete from message using gone where message.id = gone.id`,
    values: [Math.min(before, Number.MAX_SAFE_INTEGER), limit, JSON.stringify(Object.fromEntries(streams))],
  }
}

/** What the last process of this node left: its active deliveries wait again, its unfinished bodies go. */
async function recover(writer: Pool, node: number): Promise<Found> {
  const [active, orphans, newest] = await transaction(writer, [
    { text: `update delivery set state = 'waiting' where node = $1 and state = 'active'`, values: [node] },
    {
      text: `with orphan as (
          select distinct message from chunk c
          where (c.message / 128) % 32 = $1 % 32 and not exists (select 1 from message m where m.id = c.message)),
        gone as (delete from chunk using orphan where chunk.message = orphan.message)
        select message from orphan`,
      values: [node],
    },
    {
      text: `select greatest(coalesce((select max(id) from message), 0),
        coalesce((select value from mark where name = 'newest'), 0))`,
    },
  ])
  const [largest] = (newest?.rows[0] ?? []) as unknown as [number]
  return { recovered: active?.rowCount ?? 0, orphans: orphans?.rowCount ?? 0, newest: largest ?? 0 }
}
