/** A pool of connections to PostgreSQL, set up so that a commit survives power loss. */

import { Pool, types } from 'pg'
import type { ClientBase } from 'pg'

import { StoreError } from './error.ts'

export type PostgresOptions = {
  /** Shown in pg_stat_activity behind `hikyaku `. */
  readonly name: string
  readonly max?: number
  /** Sends statements without waiting for the reply to the one before. Not for cursors. */
  readonly pipeline?: boolean
  /** Milliseconds after which a statement without an answer ends its connection. Its outcome is unknown then. */
  readonly timeout?: number
  /** Server settings of each connection, by name. */
  readonly settings?: { readonly [name: string]: string }
  /** Told of errors on idle connections; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void
}

/** Milliseconds until a server that does not answer a connection attempt counts as away. */
const CONNECT_TIMEOUT = 10_000

/**
 * A pool whose connections confirm a commit only after their server has synced it, whatever the server's default.
 * 64-bit integers come as numbers: ours are milliseconds and ids below 2⁵³.
 */
export function openPostgres(url: string, options: PostgresOptions): Pool {
  const config = {
    connectionString: url,
    application_name: `hikyaku ${options.name}`,
    max: options.max ?? 4,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    pipeline: options.pipeline ?? false,
    ...(options.timeout === undefined ? {} : { query_timeout: options.timeout }),
    types: { getTypeParser },
    onConnect: (client: ClientBase) => prepare(client, options.settings ?? {}),
  }
  const pool = new Pool(config)
  pool.on('error', (error) => options.onError?.(error))
  // While a client is lent out the pool does not listen to it, and an error that nobody hears ends the process. Whoever
  // has the client learns of it from the statement.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

const getTypeParser: typeof types.getTypeParser = (oid, format) =>
  oid === types.builtins.INT8 || oid === types.builtins.NUMERIC ? Number : types.getTypeParser(oid, format)

/**
 * Turns `synchronous_commit` on for this session when it is off; every other value is the operator's, and durable.
 * @throws {StoreError} `unsafe` when the server never syncs at all
 */
async function prepare(client: ClientBase, settings: { readonly [name: string]: string }): Promise<void> {
  const { rows } = await client.query<{ fsync: string; commit: string }>(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
  )
  if (rows[0]?.fsync !== 'on') throw new StoreError('unsafe', 'the PostgreSQL server runs with fsync = off')
  const durable = rows[0].commit === 'off' ? { synchronous_commit: 'on' } : {}
  const wanted = Object.entries({ ...settings, ...durable })
  if (wanted.length === 0) return
  const [names, values] = [wanted.map(([name]) => name), wanted.map(([, value]) => value)]
  await client.query(
    'select set_config(name, value, false) from unnest($1::text[], $2::text[]) as s (name, value)',
    [names, values],
  )
}
