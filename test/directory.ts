/** Where tests put their files. */

import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const IN_MEMORY = '/dev/shm'

/** Enough for a PostgreSQL and some SQLite files at once; containers often have less. */
const ENOUGH = 512 * 1024 * 1024

/**
 * A new directory, in memory where the system has that: its fsync is a promise to nobody, and hundreds of tests with a
 * commit or two each are done in seconds. What tests durability itself asks for a disk.
 */
export function testDirectory(prefix: string): string {
  return mkdtempSync(join(hasMemory() ? IN_MEMORY : tmpdir(), prefix))
}

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY)
    return bavail * bsize > ENOUGH
  } catch {
    return false
  }
}
