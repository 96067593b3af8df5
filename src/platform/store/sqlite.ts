/** One SQLite file, opened so that a commit survives power loss. */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export type SqliteOptions = {
  /** Octets; only a new file takes it. */
  readonly pageSize?: number
  /** Pages of the write-ahead log after which a commit also copies them back. */
  readonly checkpointPages?: number
  /** KiB of pages kept in memory. */
  readonly cacheKiB?: number
  readonly foreignKeys?: boolean
  readonly readOnly?: boolean
}

const DEFAULTS = { pageSize: 4096, checkpointPages: 1000, cacheKiB: 16 * 1024, foreignKeys: true } as const

/** How long to wait for a lock of another connection, in ms. Only a backup or an operator's shell ever holds one. */
const BUSY_TIMEOUT = 10_000

/** Opens or creates `path`, with its directory (mode 0700). What is committed is on the disk when `exec` returns. */
export function openSqlite(path: string, options: SqliteOptions = {}): DatabaseSync {
  const { pageSize, checkpointPages, cacheKiB, foreignKeys } = { ...DEFAULTS, ...options }
  if (options.readOnly) return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT })
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: foreignKeys })
  try {
    db.exec(`
      pragma page_size = ${pageSize};
      pragma journal_mode = wal;
      pragma synchronous = full;
      pragma wal_autocheckpoint = ${checkpointPages};
      pragma cache_size = -${cacheKiB};
      pragma temp_store = memory`)
    // A log left by a crash may hold pages whose fsync had failed: readable now, gone after the next power loss, and
    // with them all that is appended behind. Copied back and synced they are safe, and the log starts anew.
    db.exec('pragma wal_checkpoint(truncate)')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
