/** The spool in PostgreSQL. One connection writes, in pipelined transactions; others read. */

import type { Pool, PoolClient, QueryArrayResult } from 'pg'

import { lockNode, migrate, openPostgres } from '#platform/store'

import { EFFECTS } from './change.ts'
import type { Changed, Found, Key, SpoolEngine, StoredChunk } from './engine.ts'
import { claims } from './postgres-claim.ts'
import { acceptStatements, removeStatement, settleStatements, touchStatement } from './postgres-commit.ts'
import type { Statement } from './postgres-commit.ts'
import { spoolErrorOf } from './postgres-error.ts'
import { postgresReads } from './postgres-read.ts'
import { SPOOL_MIGRATIONS } from './schema.ts'
import { SpoolError } from './spool.ts'
import type { Change } from './spool.ts'

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
    return { found, ...postgresWrites(writer, node), ...postgresReads(reader, node), close }
  } catch (error) {
    await Promise.all([writer.end(), reader.end()])
    throw error
  }
}

type Writes = Pick<
  SpoolEngine,
  'commit' | 'writeChunk' | 'discardChunks' | 'claim' | 'unclaim' | 'apply' | 'report' | 'forget'
>

function postgresWrites(writer: Pool, node: number): Writes {
  const durably = (statements: readonly Statement[]): Promise<readonly QueryArrayResult[]> =>
    transaction(writer, statements)
  // What a crash of the server may undo: it says what this process has in memory, or a later commit promises it.
  const eventually = (statement: Statement): Promise<readonly QueryArrayResult[]> =>
    transaction(writer, [{ text: 'set local synchronous_commit = off' }, statement])
  return {
    commit: async (batches, abandoned) => {
      const statements = batches.flatMap((batch) => acceptStatements(batch, node))
      statements.push(...settleStatements(batches.flatMap(({ settlements }) => settlements)))
      if (abandoned.length > 0) statements.push(removeStatement(abandoned))
      if (batches.length === 0) statements.push(touchStatement(Date.now()))
      await durably(statements)
    },
    writeChunk: async (id, seq, chunk) => void (await eventually(chunkStatement(id, seq, chunk))),
    discardChunks: async (id) => {
      await eventually({ text: 'delete from chunk where message = $1', values: [id] })
    },
    ...claims(eventually, node),
    apply: async (keys, change, now, reason) => {
      const results = await durably([applyStatement(keys, change, now, reason)])
      return inOrderOf(keys, (results[0]?.rows ?? []) as unknown as readonly Changed[])
    },
    report: async (key, kind, record) => {
      const results = await durably([reportStatement(key, kind, record)])
      const [there, kept] = (results[0]?.rows[0] ?? []) as unknown as [boolean, boolean]
      return !there ? 'missing' : kept ? 'kept' : 'known'
    },
    forget: async (before, limit) => {
      const results = await durably([NEWEST, forgetStatement(before, limit)])
      return results[1]?.rowCount ?? 0
    },
  }
}

/**
 * All statements in one round trip. The first that fails is what the others fail of; and COMMIT answers a
 * transaction that failed with ROLLBACK, not with an error.
 * @throws {SpoolError} `unreachable` also when the answer to COMMIT was lost: the transaction may have happened
 */
async function transaction(
  pool: Pool,
  statements: readonly Statement[],
): Promise<readonly QueryArrayResult[]> {
  let client: PoolClient
  try {
    client = await pool.connect()
  } catch (error) {
    throw spoolErrorOf(error)
  }
  const all: Statement[] = [{ text: 'begin' }, ...statements, { text: 'commit' }]
  const settled = await Promise.allSettled(all.map((statement) => ask(client, statement)))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) {
    const error = spoolErrorOf(failed.reason)
    // A statement's own error leaves a connection that can be used; any other leaves none.
    client.release(error instanceof SpoolError)
    throw error
  }
  client.release()
  const results = settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value)
  if (results.at(-1)?.command !== 'COMMIT') throw new Error('PostgreSQL rolled back without an error')
  return results.slice(1, -1)
}

function ask(client: PoolClient, { name, text, values }: Statement): Promise<QueryArrayResult> {
  return client.query({
    rowMode: 'array',
    text,
    values: [...(values ?? [])],
    ...(name === undefined ? {} : { name }),
  })
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
          last_reply = coalesce($6, d.last_reply), ended_at = case when $7 then $5 end
        from unnest($1::bigint[], $2::integer[]) as k (message, n)
        join delivery old on old.message = k.message and old.n = k.n
        where d.message = k.message and d.n = k.n and old.state = any ($8) and (not $4 or d.due > $5)
        returning d.message, d.n, old.state as was),
      ended as (
        update message m set open = m.open - e.count, ended_at = case when m.open = e.count then $5::bigint end
        from (select message, count(*)::integer as count from changed where $7 group by message) e
        where m.id = e.message returning m.id, m.open),
      bodies as (delete from body using ended where body.id = ended.id and ended.open = 0),
      chunks as (delete from chunk using ended where chunk.message = ended.id and ended.open = 0)
      select message, n, was from changed`,
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

function reportStatement([id, n]: Key, kind: string, record: string): Statement {
  return {
    text: `with there as (select message, n from delivery where message = $1 and n = $2),
      kept as (
        insert into report select message, n, $3, $4 from there on conflict do nothing returning message)
      select exists (select 1 from there), exists (select 1 from kept)`,
    values: [id, n, kind, record],
  }
}

function forgetStatement(before: number, limit: number): Statement {
  return {
    text: `with gone as (select id from message where ended_at < $1 order by ended_at limit $2),
      attempts as (delete from attempt using gone where attempt.message = gone.id),
      reports as (delete from report using gone where report.message = gone.id),
      deliveries as (delete from delivery using gone where delivery.message = gone.id)
      delete from message using gone where message.id = gone.id`,
    values: [Math.min(before, Number.MAX_SAFE_INTEGER), limit],
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
