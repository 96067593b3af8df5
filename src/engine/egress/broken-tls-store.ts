/** Keeps the memory of broken TLS from one process to the next. */

import type { Control, Migration } from '#platform/store'

import type { BrokenHost } from './broken-tls.ts'

export type BrokenTlsStore = {
  load(): Promise<readonly BrokenHost[]>
  /** These are all there are. */
  save(hosts: readonly BrokenHost[]): Promise<void>
}

type Tables = {
  broken_tls: { node: number; host: string; since: number; until_at: number; why: string }
}

const TABLE = `
  create table broken_tls (
    node integer not null, host text not null, since bigint not null, until_at bigint not null, why text not null,
    primary key (node, host))`

const MIGRATIONS: readonly Migration[] = [
  { name: 'hosts whose TLS is broken', sqlite: TABLE, postgres: TABLE },
]

/** Rows of one insert: SQLite takes 32,766 values. */
const AT_ONCE = 500

/** `node`: each has its own network before it, and its own memory. */
export async function openBrokenTlsStore(control: Control, node: number): Promise<BrokenTlsStore> {
  const db = await control.tables<Tables>('broken-tls', MIGRATIONS)
  return {
    async load() {
      const rows = await db
        .selectFrom('broken_tls')
        .select(['host', 'since', 'until_at as until', 'why'])
        .where('node', '=', node)
        .orderBy('until_at')
        .execute()
      // Plain objects: these cross to other threads.
      return rows.map((row) => ({ ...row }))
    },
    async save(hosts) {
      const rows = hosts.map(({ until, ...host }) => ({ ...host, node, until_at: until }))
      await db.transaction().execute(async (all) => {
        await all.deleteFrom('broken_tls').where('node', '=', node).execute()
        for (let i = 0; i < rows.length; i += AT_ONCE)
          await all
            .insertInto('broken_tls')
            .values(rows.slice(i, i + AT_ONCE))
            .execute()
      })
    },
  }
}
