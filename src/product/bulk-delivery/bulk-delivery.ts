/**
 * Bulk deliveries that are prepared in several requests: begun, given their recipients, and sent. What became of each
 * recipient is asked of the spool, by the message that is noted here; nothing is sent here.
 */

import { randomInt } from 'node:crypto'

import type { Kysely, Selectable } from 'kysely'

import type { Control } from '#platform/store'

import { BULK_MIGRATIONS } from './tables.ts'
import type { BulkTables } from './tables.ts'

export type BulkRecipient = {
  readonly email: string
  readonly codes: readonly { readonly key: string; readonly value: string }[]
  /** Its message, when it has been handed in. */
  readonly message?: string
  /** Why it got none, and will get none. */
  readonly refused?: string
}

export type BulkDelivery = {
  readonly id: number
  /** JSON, in the words of the door that made it. */
  readonly content: string
  readonly recipients: readonly BulkRecipient[]
  /** `sending`: it has been begun, and not all recipients have been seen to. */
  readonly state: 'edit' | 'sending' | 'sent'
  /** When it is to be sent, if not at once. Instants are milliseconds since the epoch. */
  readonly due?: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type BulkChange = {
  readonly content: string
  readonly recipients: readonly BulkRecipient[]
}

export type BulkProgress = Pick<BulkDelivery, 'recipients' | 'state' | 'due'>

/** Every question is asked for one organization, and answered for it alone. */
export type BulkDeliveries = {
  /** Gives its number, which tells nothing of how many others there are. */
  begin(organization: string, content: string): Promise<number>
  find(organization: string, id: number): Promise<BulkDelivery | undefined>
  /** `false` when there is none that can still be edited. */
  edit(organization: string, id: number, change: BulkChange): Promise<boolean>
  /** Notes how far sending has come. */
  progress(organization: string, id: number, progress: BulkProgress): Promise<void>
  /** `false` when there is none that can still be edited. */
  remove(organization: string, id: number): Promise<boolean>
  /** Removes what has not changed since `before`; gives how many. */
  tidy(before: number): Promise<number>
}

/** Below every number that a message has, so that one place can show both. */
const HIGHEST = 2 ** 31

export async function openBulkDeliveries(control: Control, now: () => number): Promise<BulkDeliveries> {
  const db = await control.tables<BulkTables>('bulk-delivery', BULK_MIGRATIONS)
  return {
    async begin(organization, content) {
      const id = randomInt(1, HIGHEST)
      const at = now()
      const row = { id, organization, content, recipients: '[]', created_at: at, updated_at: at }
      await db
        .insertInto('bulk_delivery')
        .values({ ...row, state: 'edit', due: null })
        .execute()
      return id
    },
    async find(organization, id) {
      const query = db.selectFrom('bulk_delivery').selectAll().where('organization', '=', organization)
      const row = await query.where('id', '=', id).executeTakeFirst()
      return row && deliveryOf(row)
    },
    async edit(organization, id, { content, recipients }) {
      const set = { content, recipients: JSON.stringify(recipients), updated_at: now() }
      const { numUpdatedRows } = await ofOrganization(db, organization, id)
        .set(set)
        .where('state', '=', 'edit')
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    async progress(organization, id, { recipients, state, due }) {
      const set = { recipients: JSON.stringify(recipients), state, due: due ?? null, updated_at: now() }
      await ofOrganization(db, organization, id).set(set).execute()
    },
    async remove(organization, id) {
      const gone = db.deleteFrom('bulk_delivery').where('organization', '=', organization)
      const { numDeletedRows } = await gone
        .where('id', '=', id)
        .where('state', '=', 'edit')
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },
    async tidy(before) {
      const gone = db.deleteFrom('bulk_delivery').where('updated_at', '<', before)
      return Number((await gone.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

function ofOrganization(
  db: Kysely<BulkTables>,
  organization: string,
  id: number,
): ReturnType<typeof updating> {
  return updating(db).where('organization', '=', organization).where('id', '=', id)
}

function updating(db: Kysely<BulkTables>) {
  return db.updateTable('bulk_delivery')
}

function deliveryOf(row: Selectable<BulkTables['bulk_delivery']>): BulkDelivery {
  return {
    id: row.id,
    content: row.content,
    recipients: JSON.parse(row.recipients) as readonly BulkRecipient[],
    state: row.state,
    ...(row.due !== null && { due: row.due }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
