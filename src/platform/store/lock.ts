/** One owner: of a data directory on this machine, and of a node number in a cluster. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { StoreError } from './error.ts'

export type DataLock = Disposable

/**
 * Creates `directory` (mode 0700) if need be and holds it until disposed of. The kernel lets go when the process dies
 * in any way, so that nothing stale can keep a restart out.
 * @throws {StoreError} `locked`, naming the process that has it
 */
export function lockDataDirectory(directory: string): DataLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pidFile = join(directory, 'pid')
  // Node has no flock; SQLite's own lock on a file of no content is one (fcntl), on every system it runs on.
  const db = new DatabaseSync(join(directory, 'lock'), { timeout: 0 })
  try {
    db.exec('pragma journal_mode = off; begin exclusive')
  } catch (cause) {
    db.close()
    if (!isBusy(cause)) throw cause
    throw new StoreError('locked', `${directory} is in use by process ${readPid(pidFile)}`, { cause })
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return {
    [Symbol.dispose]() {
      if (!db.isOpen) return
      rmSync(pidFile, { force: true })
      db.close()
    },
  }
}

const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim()
  } catch {
    return '(unknown)'
  }
}
