/** Schema changes: forward only, each in its own transaction, recorded in the database they change. */

import type { DatabaseSync } from 'node:sqlite'

import type { ClientBase, Pool } from 'pg'

import { StoreError } from './error.ts'

/** Its version is its position in the list, from 1. Once released it is never edited. */
export type Migration = { readonly name: string; readonly sqlite: string; readonly postgres: string }

/** A database opened on either engine. */
export type Database =
  | { readonly engine: 'sqlite'; readonly db: DatabaseSync }
  | { readonly engine: 'postgres'; readonly pool: Pool }

const RECORD = `create table if not exists migration (
  component text not null, version integer not null, name text not null, at bigint not null,
  primary key (component, version))`

/**
 * Brings the tables of `component` (`spool`, `control`) to the last of `migrations`. Killed at any point, the next
 * call goes on after the last whole one; two nodes that start at once do it one after the other.
 * @throws {StoreError} `newer` when the database is ahead of `migrations`
 */
export async function migrate(
  database: Database,
  component: string,
  migrations: readonly Migration[],
  now: () => number,
): Promise<void> {
  if (database.engine === 'sqlite') migrateSqlite(database.db, component, migrations, now)
  else await migratePostgres(database.pool, component, migrations, now)
}

function migrateSqlite(
  db: DatabaseSync,
  component: string,
  migrations: readonly Migration[],
  now: () => number,
): void {
  db.exec(RECORD)
  for (;;) {
    db.exec('begin immediate')
    try {
      const row = db
        .prepare('select max(version) as version from migration where component = ?')
        .get(component)
      const next = nextMigration(component, migrations, Number(row?.['version'] ?? 0))
      if (next) {
        db.exec(next.migration.sqlite)
        db.prepare('insert into migration values (?, ?, ?, ?)').run(
          component,
          next.version,
          next.migration.name,
          now(),
        )
      }
      db.exec('commit')
      if (!next) return
    } catch (error) {
      db.exec('rollback')
      throw error
    }
  }
}

/** Any constant will do, as long as no other program of the same database uses it: the octets of `hkyk`. */
const MIGRATION_LOCK = 0x68_6b_79_6b

async function migratePostgres(
  pool: Pool,
  component: string,
  migrations: readonly Migration[],
  now: () => number,
): Promise<void> {
  const client = await pool.connect()
  let failed: Error | undefined
  try {
    let more = true
    while (more) more = await migrateOnce(client, component, migrations, now)
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error))
    throw error
  } finally {
    // A connection that failed half-way is closed, which rolls back whatever it had begun.
    client.release(failed)
  }
}

async function migrateOnce(
  client: ClientBase,
  component: string,
  migrations: readonly Migration[],
  now: () => number,
): Promise<boolean> {
  await client.query('begin')
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
  await client.query(RECORD)
  const { rows } = await client.query<{ version: number | null }>(
    'select max(version) as version from migration where component = $1',
    [component],
  )
  const next = nextMigration(component, migrations, rows[0]?.version ?? 0)
  if (next) {
    await client.query(next.migration.postgres)
    await client.query('insert into migration values ($1, $2, $3, $4)', [
      component,
      next.version,
      next.migration.name,
      now(),
    ])
  }
  await client.query('commit')
  return next !== undefined
}

function nextMigration(
  component: string,
  migrations: readonly Migration[],
  done: number,
): { migration: Migration; version: number } | undefined {
  if (done > migrations.length) {
    throw new StoreError(
      'newer',
      `the ${component} database has schema ${done}, this release knows up to ${migrations.length}: use the newer release`,
    )
  }
  const migration = migrations[done]
  return migration && { migration, version: done + 1 }
}
