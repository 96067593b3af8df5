/** Idempotency keys in SQLite. */

import type { DatabaseSync } from 'node:sqlite'

import type { KeptRequestRow, MessageRow } from './engine.ts'

/** Writes the key of a message that has one. Throws when it is taken: then nothing of the batch may stay. */
export function keyWriter(db: DatabaseSync): (row: MessageRow) => void {
  const insert = db.prepare('insert into idempotency_key values (?, ?, ?, ?, ?, ?)')
  return (row) => {
    const once = row[14]
    if (once !== null) insert.run(row[2], once[0], row[1], row[0], once[1], once[2])
  }
}

/** Forgets the key of a message whose sender was told that it had not been kept. Before the message is removed. */
export function keyWithdrawer(db: DatabaseSync): (id: number) => void {
  // By time, because there is an index of that and none by message.
  const remove = db.prepare(
    'delete from idempotency_key where at = (select accepted_at from message where id = ?) and message = ?',
  )
  return (id) => void remove.run(id, id)
}

export function sqliteKeys(db: DatabaseSync): {
  kept(organization: string, key: string): KeptRequestRow | undefined
  tidy(before: number, limit: number): number
} {
  const find = db.prepare(
    'select message, digest, answer from idempotency_key where organization = ? and key = ?',
  )
  find.setReturnArrays(true)
  const remove = db.prepare(`delete from idempotency_key where (organization, key) in (
    select organization, key from idempotency_key where at < ? order by at limit ?)`)
  return {
    kept: (organization, key) => find.get(organization, key) as unknown as KeptRequestRow | undefined,
    tidy: (before, limit) => Number(remove.run(before, limit).changes),
  }
}
