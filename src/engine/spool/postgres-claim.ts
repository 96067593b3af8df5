/**
 * Claiming in PostgreSQL: first the keys, then the claim of exactly those.
 *
 * In one statement, an answer lost on its way would leave deliveries active that nobody has, until the next start.
 * The keys are known before, so the next claim can give them back.
 */

import type { QueryArrayResult } from 'pg'

import type { ClaimedRow, Key } from './engine.ts'
import { CLAIMED_DATA } from './message.ts'
import { BANDS } from './postgres-read.ts'
import type { Statement } from './postgres-transaction.ts'
import { CLAIMED } from './selection.ts'

/** Runs one statement in a transaction of its own; gives the results of the transaction, the statement's last. */
export type Run = (statement: Statement) => Promise<readonly QueryArrayResult[]>

export type Claims = {
  readonly claim: (queue: string, now: number, limit: number) => Promise<readonly ClaimedRow[]>
  readonly unclaim: (keys: readonly Key[]) => Promise<void>
  readonly take: (keys: readonly Key[]) => Promise<readonly Key[]>
}

export function claims(run: Run, node: number): Claims {
  /** Claimed or not: the answer did not come. */
  let inDoubt: readonly Key[] = []
  const unclaim = async (keys: readonly Key[]): Promise<void> => void (await run(unclaimStatement(keys)))
  const clear = async (): Promise<void> => {
    if (inDoubt.length > 0) await unclaim(inDoubt)
    inDoubt = []
  }
  const claimThese = async (keys: readonly Key[]): Promise<readonly ClaimedRow[]> => {
    inDoubt = keys
    const rows = rowsOf(await run(claimStatement(keys))) as readonly ClaimedRow[]
    inDoubt = []
    return rows
  }
  return {
    unclaim,
    take: async (keys) => {
      await clear()
      return (await claimThese(keys)).map((row): Key => [row[0], row[7]])
    },
    claim: async (queue, now, limit) => {
      await clear()
      const due = rowsOf(await run(dueStatement(node, queue, now, limit))) as readonly Due[]
      if (due.length === 0) return []
      const rows = await claimThese(within(due))
      // What RETURNING gives is in no order.
      return rows.toSorted((a, b) => a[10] - b[10] || a[11] - b[11] || a[0] - b[0] || a[7] - b[7])
    },
  }
}

type Due = readonly [...Key, data: number]

/** As many as have not too much data together, and one at least. */
function within(due: readonly Due[]): readonly Key[] {
  const keys: Key[] = []
  let sum = 0
  for (const [id, n, data] of due) {
    sum += data
    if (sum > CLAIMED_DATA && keys.length > 0) break
    keys.push([id, n])
  }
  return keys
}

function rowsOf(results: readonly QueryArrayResult[]): readonly unknown[] {
  return results.at(-1)?.rows ?? []
}

function dueStatement(node: number, queue: string, now: number, limit: number): Statement {
  // Band by band: an ordered read across bands would step over everything that is not yet due in the first.
  return {
    name: 'due',
    text: `with recursive ${BANDS}
      select d.message, d.n, d.data from bands b cross join lateral (
        select message, n, band, due, coalesce(octet_length(data), 0) as data from delivery
        where node = $1 and queue = $2 and band = b.band and state = 'waiting' and due <= $3
        order by due, message, n limit $4) d
      order by d.band, d.due, d.message, d.n limit $4`,
    values: [node, queue, now, limit],
  }
}

function claimStatement(keys: readonly Key[]): Statement {
  return {
    name: 'claim',
    text: `update delivery d set state = 'active'
      from unnest($1::bigint[], $2::integer[]) as k (message, n), message m
      where d.message = k.message and d.n = k.n and d.state = 'waiting' and m.id = d.message
      returning ${CLAIMED}`,
    values: [keys.map(([id]) => id), keys.map(([, n]) => n)],
  }
}

function unclaimStatement(keys: readonly Key[]): Statement {
  return {
    text: `update delivery d set state = 'waiting' from unnest($1::bigint[], $2::integer[]) as k (message, n)
      where d.message = k.message and d.n = k.n and d.state = 'active'`,
    values: [keys.map(([id]) => id), keys.map(([, n]) => n)],
  }
}
