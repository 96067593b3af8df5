/** Who changed what, when and from where. Entries are added and read; they go with their age, and in no other way. */

import { randomBytes } from 'node:crypto'

import type { Kysely, Selectable } from 'kysely'

import type { Control } from '#platform/store'

import { AUDIT_MIGRATIONS } from './tables.ts'
import type { AuditTables } from './tables.ts'
import { kept } from './without-secrets.ts'

export type NewEntry = {
  /** Empty: of the whole installation. */
  readonly organization: string
  /** As people read it: an address, `API key k3xw90ab2c`, `operator`. */
  readonly actor: string
  /** Of the client, as far as it is known; `local` on this machine. */
  readonly address: string
  readonly action: string
  readonly subject: string
  readonly before?: unknown
  readonly after?: unknown
}

export type Entry = Omit<NewEntry, 'before' | 'after'> & {
  readonly id: string
  readonly at: number
  /** As JSON, without secrets. */
  readonly before?: string
  readonly after?: string
}

export type AuditQuery = {
  /** Absent: of all, and of the whole installation. */
  readonly organization?: string
  readonly actor?: string
  readonly action?: string
  /** Milliseconds since the epoch; `to` not included. */
  readonly from?: number
  readonly to?: number
  readonly limit: number
  /** Only those before the one of this id. */
  readonly before?: string
}

export type Audit = {
  record(entry: NewEntry): Promise<void>
  /** The newest first. */
  list(query: AuditQuery): Promise<readonly Entry[]>
  /** Removes what is older than `before`; gives how many. */
  tidy(before: number): Promise<number>
}

export async function openAudit(control: Control, now: () => number): Promise<Audit> {
  const db = await control.tables<AuditTables>('audit', AUDIT_MIGRATIONS)
  const newId = ids()
  return {
    async record({ before, after, ...entry }) {
      const at = now()
      const row = { ...entry, id: newId(at), at, was: kept(before) ?? null, became: kept(after) ?? null }
      await db.insertInto('audit_entry').values(row).execute()
    },
    list: (query) => list(db, query),
    async tidy(before) {
      const gone = db.deleteFrom('audit_entry').where('at', '<', before)
      return Number((await gone.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

async function list(db: Kysely<AuditTables>, query: AuditQuery): Promise<readonly Entry[]> {
  const { organization, actor, action, from, to, limit, before } = query
  let rows = db.selectFrom('audit_entry').selectAll().orderBy('id', 'desc').limit(limit)
  if (organization !== undefined) rows = rows.where('organization', '=', organization)
  if (actor !== undefined) rows = rows.where('actor', '=', actor)
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (from !== undefined) rows = rows.where('at', '>=', from)
  if (to !== undefined) rows = rows.where('at', '<', to)
  if (before !== undefined) rows = rows.where('id', '<', before)
  return (await rows.execute()).map(entryOf)
}

function entryOf({ was, became, ...row }: Selectable<AuditTables['audit_entry']>): Entry {
  return { ...row, ...(was !== null && { before: was }), ...(became !== null && { after: became }) }
}

/** Digits of the time and of the place within its millisecond, to the base 36. */
const TIME = 9
const PLACE = 3

/** In the order of what one process recorded; others do not get the same. */
function ids(): (at: number) => string {
  let last = 0
  let place = 0
  return (at) => {
    place = at === last ? place + 1 : 0
    last = at
    const digits = [at.toString(36).padStart(TIME, '0'), place.toString(36).padStart(PLACE, '0')]
    return `${digits.join('')}${randomBytes(4).toString('hex')}`
  }
}
