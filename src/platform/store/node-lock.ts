/** One process for each node number, among all that share a PostgreSQL database. */

import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from 'pg'

import { StoreError } from './error.ts'

export type NodeLock = AsyncDisposable

/** The octets of `node`: the first half of our advisory locks' names, the number is the second. */
const NODE_LOCK = 0x6e_6f_64_65

/** How long the server may take to notice that the last owner's connection is gone, in ms. */
const PATIENCE = 500
const BETWEEN = 100

/**
 * Holds `node` as long as its session lives, and takes it again when the session is lost.
 * @param onLost called once if another process took it in between: this one must not send any more.
 * @throws {StoreError} `locked` when another process has it
 */
export async function lockNode(url: string, node: number, onLost: (why: string) => void): Promise<NodeLock> {
  let over = false
  let client: Client | undefined
  const taken = `node number ${node} is in use by another process on the same database`
  const hold = async (): Promise<void> => {
    const opened = await openSession(url, node)
    if (!opened) throw new StoreError('locked', taken)
    client = opened
    if (over) {
      // Given up while it was being taken again.
      await opened.end()
      return
    }
    opened.once('end', () => {
      if (!over) void again()
    })
  }
  const again = async (): Promise<void> => {
    for (;;) {
      try {
        await hold()
        return
      } catch (error) {
        if (error instanceof StoreError && !over) onLost(error.message)
        if (error instanceof StoreError || over) return
        // While the server cannot be reached nobody else reaches it either.
        await sleep(BETWEEN)
      }
    }
  }
  await hold()
  return {
    async [Symbol.asyncDispose]() {
      over = true
      await client?.end()
    },
  }
}

/** A session that has the lock, or nothing when another has it for longer than a dying connection would. */
async function openSession(url: string, node: number): Promise<Client | undefined> {
  const client = new Client({
    connectionString: url,
    application_name: `hikyaku node ${node}`,
    keepAlive: true,
  })
  client.on('error', () => {})
  await client.connect()
  for (let waited = 0; waited <= PATIENCE; waited += BETWEEN) {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
      NODE_LOCK,
      node,
    ])
    if (rows[0]?.got) return client
    await sleep(BETWEEN)
  }
  await client.end()
  return undefined
}
