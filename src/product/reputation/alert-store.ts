/** Keeps alerts from one process to the next, so that none is told again. */

import type { Control, Migration } from '#platform/store'

import type { Alert, Level } from './alert.ts'
import type { Measure } from './tally.ts'

export type AlertStore = {
  load(): Promise<readonly Alert[]>
  /** These are all there are. */
  save(alerts: readonly Alert[]): Promise<void>
}

type Row = {
  node: number
  source: string
  provider: string
  measure: Measure
  level: Level
  most: number
  since: number
  bad: number
  of_all: number
}

const SQLITE = tableWith('real')
const POSTGRES = tableWith('double precision')

const MIGRATIONS: readonly Migration[] = [
  { name: 'rates that are too high', sqlite: SQLITE, postgres: POSTGRES },
]

function tableWith(fraction: string): string {
  return `
  create table rate_alert (
    node integer not null, source text not null, provider text not null, measure text not null, level text not null,
    most ${fraction} not null, since bigint not null, bad bigint not null, of_all bigint not null,
    primary key (node, source, provider, measure))`
}

/** `node`: sources of two nodes may have the same name. */
export async function openAlertStore(control: Control, node: number): Promise<AlertStore> {
  const db = await control.tables<{ rate_alert: Row }>('reputation', MIGRATIONS)
  return {
    async load() {
      const rows = await db.selectFrom('rate_alert').selectAll().where('node', '=', node).execute()
      return rows.map(({ of_all: of, node: _node, ...row }) => ({ ...row, of }))
    },
    async save(alerts) {
      const rows = alerts.map(({ of, ...alert }) => ({ ...alert, node, of_all: of }))
      await db.transaction().execute(async (all) => {
        await all.deleteFrom('rate_alert').where('node', '=', node).execute()
        for (const row of rows) await all.insertInto('rate_alert').values(row).execute()
      })
    },
  }
}
