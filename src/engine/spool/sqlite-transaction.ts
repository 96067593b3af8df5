/** Transactions of the SQLite spool, and what each of them promises. */

import type { DatabaseSync } from 'node:sqlite'

import { spoolErrorOf } from './sqlite-error.ts'

export type Transaction = <T>(durability: 'durable' | 'eventual', work: () => T) => T

/**
 * `eventual`: what a power loss may undo because a later durable commit promises it, or because it only says what
 * this process has in memory. Its pages are in the log already; the next durable commit syncs them with its own.
 */
export function transactions(db: DatabaseSync): Transaction {
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  return (durability, work) => {
    if (durability === 'eventual') db.exec('pragma synchronous = normal')
    try {
      begin.run()
      const result = work()
      commit.run()
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw spoolErrorOf(error)
    } finally {
      if (durability === 'eventual') db.exec('pragma synchronous = full')
    }
  }
}
