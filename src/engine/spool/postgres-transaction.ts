/** Transactions of the PostgreSQL spool, in as few round trips as can be. */

import type { Pool, PoolClient, QueryArrayResult } from 'pg'

import { spoolErrorOf } from './postgres-error.ts'
import { SpoolError } from './spool.ts'

export type Statement = {
  /** Prepared once a connection under this name. */
  readonly name?: string
  readonly text: string
  readonly values?: readonly unknown[]
}

/**
 * All statements in one round trip; in two, where `more` are made of the results of the first. The first statement that
 * fails is what the others fail of; and COMMIT answers a transaction that failed with ROLLBACK, not with an error.
 * Gives the results of `statements`.
 * @throws {SpoolError} `unreachable` also when the answer to COMMIT was lost: the transaction may have happened
 */
export async function transaction(
  pool: Pool,
  statements: readonly Statement[],
  more?: (results: readonly QueryArrayResult[]) => readonly Statement[],
): Promise<readonly QueryArrayResult[]> {
  let client: PoolClient
  try {
    client = await pool.connect()
  } catch (error) {
    throw spoolErrorOf(error)
  }
  const usable = { is: true }
  try {
    if (more === undefined) return await committed(client, [{ text: 'begin' }, ...statements], 1)
    const results = (await together(client, [{ text: 'begin' }, ...statements])).slice(1)
    await committed(client, more(results), 0)
    return results
  } catch (error) {
    const wrapped = spoolErrorOf(error)
    // A statement's own error leaves a connection that can be used; any other leaves none.
    usable.is = !(wrapped instanceof SpoolError) && (await isRolledBack(client))
    throw wrapped
  } finally {
    client.release(!usable.is)
  }
}

async function committed(
  client: PoolClient,
  statements: readonly Statement[],
  from: number,
): Promise<readonly QueryArrayResult[]> {
  const results = await together(client, [...statements, { text: 'commit' }])
  if (results.at(-1)?.command !== 'COMMIT') throw new Error('PostgreSQL rolled back without an error')
  return results.slice(from, -1)
}

async function together(
  client: PoolClient,
  statements: readonly Statement[],
): Promise<readonly QueryArrayResult[]> {
  const settled = await Promise.allSettled(statements.map((statement) => ask(client, statement)))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value)
}

/** Nothing, when COMMIT has done it already. */
async function isRolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    return false
  }
}

function ask(client: PoolClient, { name, text, values }: Statement): Promise<QueryArrayResult> {
  return client.query({
    rowMode: 'array',
    text,
    values: [...(values ?? [])],
    ...(name === undefined ? {} : { name }),
  })
}
