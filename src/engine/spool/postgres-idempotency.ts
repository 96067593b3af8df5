/** Idempotency keys in PostgreSQL: those of all nodes in one table, so that a key is taken on each of them. */

import type { MessageRow } from './engine.ts'
import type { Statement } from './postgres-transaction.ts'

/** Fails when a key is taken: then nothing of the transaction stays. */
export function keyStatements(accepts: readonly MessageRow[]): Statement[] {
  const keyed = accepts.flatMap((row) => {
    const once = row[14]
    return once === null ? [] : [[row[2], once[0], row[1], row[0], once[1], once[2]] as const]
  })
  if (keyed.length === 0) return []
  return [
    {
      name: 'accept idempotency keys',
      // In one order on every node: two that insert the same keys wait for each other, and not in a circle.
      text: `insert into idempotency_key select organization, key, at, message, digest, answer
        from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
        as given (organization, key, at, message, digest, answer) order by organization, key`,
      values: [0, 1, 2, 3, 4, 5].map((column) => keyed.map((row) => row[column])),
    },
  ]
}

export const KEPT_REQUEST =
  'select message, digest, answer from idempotency_key where organization = $1 and key = $2'

/** Nodes do it at the same time: what another is about to remove is passed over. */
export function tidyKeysStatement(before: number, limit: number): Statement {
  return {
    text: `delete from idempotency_key where (organization, key) in (
      select organization, key from idempotency_key where at < $1 order by at limit $2 for update skip locked)`,
    values: [before, limit],
  }
}
