/**
 * The control database: organizations, credentials, domains and whatever else people manage. Small, rarely written,
 * read through caches; not the spool.
 *
 * On SQLite it is `control.db`, and each thread and each command has a connection of its own, used where it stands:
 * a read takes some 50 µs at most once a second for each login or domain, less than a message to another thread and
 * back would. Writes come from people. Every query sees what any process has committed, so that nothing need tell the
 * server of a credential that a command has added: its caches grow old in a second.
 */

import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import type { SqliteDatabase, SqliteStatement } from 'kysely'

import { migrate } from './migration.ts'
import type { Database, Migration } from './migration.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { StoreLocation } from './url.ts'

export type Control = {
  /**
   * Brings the tables of `component` up to date and gives them to be queried. A component whose tables refer to
   * another's comes after it.
   * @throws {StoreError} `newer`
   */
  tables<Tables>(component: string, migrations: readonly Migration[]): Promise<Kysely<Tables>>
  /** Afterwards no query may be made. */
  close(): Promise<void>
}

export type ControlOptions = {
  readonly now: () => number
  /** Told of errors on idle PostgreSQL connections, which are replaced without help. */
  readonly onError?: (error: Error) => void
}

/** Connections to PostgreSQL, a thread. Two, so that a slow list does not hold up a login. */
const CONNECTIONS = 2

const CACHE_KIB = 1024

/**
 * Once for each thread: two connections of one thread can wait for each other. Within a transaction await its queries
 * and nothing else; other threads that want to write stand still until it ends.
 */
export function openControl(location: StoreLocation, { now, onError }: ControlOptions): Control {
  const database = openDatabase(location, onError)
  const dialect =
    database.engine === 'postgres'
      ? new PostgresDialect({ pool: database.pool })
      : new SqliteDialect({ database: asKyselyNeedsIt(database.db) })
  const all = new Kysely<unknown>({ dialect })
  return {
    async tables<Tables>(component: string, migrations: readonly Migration[]) {
      await migrate(database, component, migrations, now)
      return all as Kysely<Tables>
    },
    async close() {
      // Kysely closes only what it has used.
      await all.destroy()
      if (database.engine === 'sqlite' && database.db.isOpen) database.db.close()
      if (database.engine === 'postgres' && !database.pool.ended) await database.pool.end()
    },
  }
}

function openDatabase(location: StoreLocation, onError: ControlOptions['onError']): Database {
  if (location.engine === 'sqlite') {
    const db = openSqlite(join(location.directory, 'control.db'), { cacheKiB: CACHE_KIB })
    return { engine: 'sqlite', db }
  }
  const options = { name: 'control', max: CONNECTIONS, ...(onError && { onError }) }
  return { engine: 'postgres', pool: openPostgres(location.url, options) }
}

/** Kysely's own SQLite dialect was written for better-sqlite3; this much of its shape is all that it uses. */
function asKyselyNeedsIt(db: DatabaseSync): SqliteDatabase {
  return {
    close: () => db.close(),
    prepare(sql) {
      // A transaction that reads first and then finds another process writing cannot go on: it takes its turn at once.
      const statement = db.prepare(sql === 'begin' ? 'begin immediate' : sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      } satisfies SqliteStatement
    },
  }
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[]
}

/**
 * What a failed statement would have broken: a second row of a unique name, or a reference to a row that is not
 * there. `undefined` for any other failure.
 */
export function violationOf(error: unknown): 'unique' | 'reference' | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'errcode' in error ? error.errcode : 'code' in error ? error.code : undefined
  if (code === SQLITE.unique || code === SQLITE.primaryKey || code === SQLSTATE.unique) return 'unique'
  return code === SQLITE.reference || code === SQLSTATE.reference ? 'reference' : undefined
}

/** SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY and _FOREIGNKEY. */
const SQLITE = { unique: 2067, primaryKey: 1555, reference: 787 } as const

/** Class 23 of the SQL standard. */
const SQLSTATE = { unique: '23505', reference: '23503' } as const
