/** The webhooks that one node sends for: taken on a lease, so that of several nodes one sends and keeps the order. */

import type { Kysely } from 'kysely'

import type { Control } from '#platform/store'

import { webhookTables } from './tables.ts'
import type { WebhookRow, WebhookTables } from './tables.ts'
import type { WebhookAttempt } from './webhook.ts'

/** What came of a request, as it is written down. */
export type Progress =
  | { readonly at: 'sent'; readonly place: string }
  /** The same `pending` events again when it is `due`. */
  | { readonly at: 'failed'; readonly since: number; readonly due: number; readonly pending: number }
  | { readonly at: 'given-up'; readonly since: number; readonly why: string; readonly pending: number }

export type WebhookQueue = {
  /** Those that are ours until `until` and not paused; those that are nobody's are ours from now on. */
  take(now: number, until: number): Promise<readonly WebhookRow[]>
  /** Whoever sends for it, and whether or not it is paused. */
  find(organization: string, id: string): Promise<WebhookRow | undefined>
  /** What is ours as it is now, unless it is paused, gone, or sent by another node. */
  fresh(id: string): Promise<WebhookRow | undefined>
  /** Nothing follows from it for a webhook that was told meanwhile to go on elsewhere: that attempt alone is kept. */
  record(row: WebhookRow, attempt: WebhookAttempt, progress?: Progress): Promise<void>
  /** Where the log was read to without anything to send. */
  pass(row: WebhookRow, place: string): Promise<void>
  /** For another node, or our next process. */
  release(): Promise<void>
  /** Removes attempts older than `before`; gives how many. */
  tidy(before: number): Promise<number>
}

/** After `openAccounts` of the same database. `node`: number of this one. */
export async function openQueue(control: Control, node: number): Promise<WebhookQueue> {
  const db = await webhookTables(control)
  return {
    take: (now, until) => take(db, node, now, until),
    find: (organization, id) =>
      db
        .selectFrom('webhook')
        .selectAll()
        .where('organization', '=', organization)
        .where('id', '=', id)
        .executeTakeFirst(),
    fresh: (id) =>
      db
        .selectFrom('webhook')
        .selectAll()
        .where('id', '=', id)
        .where('node', '=', node)
        .where('paused_at', 'is', null)
        .executeTakeFirst(),
    record: (row, attempt, progress) => record(db, row, attempt, progress),
    async pass(row, place) {
      await mine(db, row).set({ place }).execute()
    },
    async release() {
      await db.updateTable('webhook').set({ leased_until: 0, node: null }).where('node', '=', node).execute()
    },
    async tidy(before) {
      const { numDeletedRows } = await db
        .deleteFrom('webhook_attempt')
        .where('at', '<', before)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

async function take(
  db: Kysely<WebhookTables>,
  node: number,
  now: number,
  until: number,
): Promise<readonly WebhookRow[]> {
  const rows = await db.selectFrom('webhook').selectAll().where('paused_at', 'is', null).execute()
  const free = rows.filter((row) => row.node !== node && row.leased_until <= now)
  // A third before the end: most rounds write nothing.
  const ending = rows.filter((row) => row.node === node && row.leased_until - now < ((until - now) * 2) / 3)
  if (free.length === 0 && ending.length === 0) return rows.filter((row) => row.node === node)
  const ids = [...free, ...ending].map(({ id }) => id)
  const taken = await db
    .updateTable('webhook')
    .set({ node, leased_until: until })
    .where('id', 'in', ids)
    // Another node may have been quicker since they were read.
    .where((where) => where.or([where('node', '=', node), where('leased_until', '<=', now)]))
    .returningAll()
    .execute()
  const before = rows.filter((row) => row.node === node && !ids.includes(row.id))
  return [...before, ...taken.filter((row) => row.paused_at === null)]
}

/** As long as it was not told to go on elsewhere, and we send for it. */
function mine(db: Kysely<WebhookTables>, { id, generation, node }: WebhookRow) {
  return db
    .updateTable('webhook')
    .where('id', '=', id)
    .where('generation', '=', generation)
    .where('node', '=', node)
}

async function record(
  db: Kysely<WebhookTables>,
  row: WebhookRow,
  attempt: WebhookAttempt,
  progress: Progress | undefined,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const isThere = await transaction
      .selectFrom('webhook')
      .select('id')
      .where('id', '=', row.id)
      .executeTakeFirst()
    // It was removed while we asked.
    if (isThere === undefined) return
    if (progress !== undefined) await mine(transaction, row).set(columnsOf(row, progress)).execute()
    await transaction
      .insertInto('webhook_attempt')
      .values({ ...attempt, webhook: row.id, ok: attempt.ok ? 1 : 0 })
      .execute()
  })
}

function columnsOf(row: WebhookRow, progress: Progress): Partial<WebhookRow> {
  switch (progress.at) {
    case 'sent':
      return { place: progress.place, pending: 0, failures: 0, failing_since: null, due: 0 }
    case 'failed': {
      const { since, due, pending } = progress
      return { failing_since: since, due, pending, failures: row.failures + 1 }
    }
    case 'given-up': {
      const { since, why, pending } = progress
      return { paused_at: since, paused_why: why, gave_up: 1, pending, failures: row.failures + 1 }
    }
  }
}
