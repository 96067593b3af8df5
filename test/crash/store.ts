/** Where the node of a crash run keeps what it promised: files in its data directory, or a PostgreSQL of the run's own. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { Client } from 'pg'

import { testDatabase } from '../postgres.ts'

export type StoreKind = 'sqlite' | 'postgres'

export type CrashStore = {
  /** For `store.url`. */
  readonly url: string
  /** Changes something while the node runs. */
  exec(sql: string): Promise<void>
  /** How many deliveries are in each state. */
  states(): Promise<readonly { readonly state: string; readonly count: number }[]>
  drop(): Promise<void>
}

const STATES = 'select state, count(*) as count from delivery group by state order by state'

export async function crashStore(kind: StoreKind, data: string): Promise<CrashStore> {
  if (kind === 'sqlite') return inFiles(data)
  const database = await testDatabase()
  const { url } = database
  return {
    url,
    drop: () => database.drop(),
    exec: async (sql) => void (await ask(url, sql)),
    states: async () => counted(await ask(url, STATES)),
  }
}

function inFiles(data: string): CrashStore {
  return {
    url: 'sqlite:',
    async exec(sql) {
      using control = new DatabaseSync(join(data, 'control.db'))
      control.exec(sql)
    },
    async states() {
      using spool = new DatabaseSync(join(data, 'spool.db'), { readOnly: true })
      return counted(spool.prepare(STATES).all())
    },
    async drop() {},
  }
}

async function ask(url: string, sql: string): Promise<readonly object[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<object>(sql)).rows
  } finally {
    await client.end()
  }
}

function counted(rows: readonly object[]): readonly { readonly state: string; readonly count: number }[] {
  return rows.map((row) => ({
    state: 'state' in row ? String(row.state) : '',
    count: 'count' in row ? Number(row.count) : 0,
  }))
}
