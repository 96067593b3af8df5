/** What people do with suppressions: see, add, remove, bring along. What bounces do is in recorder.ts. */

import type { Kysely } from 'kysely'

import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { EVIDENCE_LENGTH, rowOf, suppressionOf } from './row.ts'
import type { SuppressionRow } from './row.ts'
import { addressKeyOf, EVERY_STREAM, SuppressionError } from './suppression.ts'
import type { Suppression, SuppressionReason } from './suppression.ts'
import { SUPPRESSION_MIGRATIONS } from './tables.ts'
import type { SuppressionTables } from './tables.ts'

export type NewSuppression = {
  readonly organization: string
  /** `*`: all of them. */
  readonly stream: string
  /** In any form that parses. */
  readonly address: string
  readonly reason: SuppressionReason
  readonly evidence: string
  readonly class?: string
  readonly delivery?: string
  /** Absent: now. */
  readonly createdAt?: number
  readonly expiresAt?: number
}

/** Where a page begins: after this one. */
export type SuppressionKey = Pick<Suppression, 'createdAt' | 'address' | 'stream'>

export type SuppressionQuery = {
  readonly organization: string
  readonly stream?: string
  readonly reason?: SuppressionReason
  /** Only addresses that contain this. */
  readonly match?: string
  /** Also those that were removed or have expired. */
  readonly all?: boolean
  readonly after?: SuppressionKey
  readonly limit: number
}

/** Every question is asked for one organization, and answered for it alone. */
export type Suppressions = {
  /**
   * They hold at once on this node's database, and within a second at the doors. One that is there already is
   * written anew, except that a complaint or an unsubscription is not weakened by a bounce. One transaction.
   * @throws {SuppressionError} `malformed`, `organization`; then none of them is added
   */
  add(all: readonly NewSuppression[]): Promise<readonly Suppression[]>
  /** Newest first. */
  list(query: SuppressionQuery): Promise<readonly Suppression[]>
  /** Of this recipient, whatever stream; also those that no longer hold. @throws {SuppressionError} `malformed` */
  of(organization: string, address: string): Promise<readonly Suppression[]>
  /**
   * Gives those that held until now; soft bounces are forgotten as well. `stream` absent: of all streams.
   * @throws {SuppressionError} `malformed`
   */
  remove(request: {
    readonly organization: string
    readonly stream?: string
    readonly address: string
    readonly why: string
  }): Promise<readonly Suppression[]>
}

/** After `openAccounts` of the same database. */
export async function openSuppressions(control: Control, now: () => number): Promise<Suppressions> {
  const db = await suppressionTables(control)
  return {
    add: (all) => add(db, all, now()),
    list: async (query) => (await listed(db, query, now())).map(suppressionOf),
    async of(organization, address) {
      const query = db.selectFrom('suppression').selectAll().where('organization', '=', organization)
      const rows = await query.where('address', '=', addressKeyOf(address)).orderBy('stream').execute()
      return rows.map(suppressionOf)
    },
    remove: (request) => remove(db, request, now()),
  }
}

export function suppressionTables(control: Control): Promise<Kysely<SuppressionTables>> {
  return control.tables<SuppressionTables>('suppression', SUPPRESSION_MIGRATIONS)
}

const TEXT = /^\P{Cc}*$/u
const STREAM = /^(?:\*|[a-z0-9][a-z0-9-]{0,62})$/

async function add(
  db: Kysely<SuppressionTables>,
  all: readonly NewSuppression[],
  now: number,
): Promise<readonly Suppression[]> {
  const rows = all.map((one) => checked(one, now))
  try {
    await db.transaction().execute((transaction) => put(transaction, rows))
  } catch (cause) {
    if (violationOf(cause) !== 'reference') throw cause
    const names = [...new Set(all.map(({ organization }) => organization))].join(', ')
    throw new SuppressionError('organization', `there is no organization ${names}`, { cause })
  }
  return rows.map(suppressionOf)
}

function checked(one: NewSuppression, now: number): SuppressionRow {
  const { stream, evidence } = one
  if (!STREAM.test(stream))
    throw new SuppressionError(
      'malformed',
      `${JSON.stringify(stream.slice(0, 80))} is not a stream; * is every one`,
    )
  if (!TEXT.test(evidence) || evidence.length > EVIDENCE_LENGTH)
    throw new SuppressionError('malformed', `evidence is one line of ${EVIDENCE_LENGTH} characters at most`)
  return rowOf({ ...one, address: addressKeyOf(one.address), createdAt: one.createdAt ?? now }, now)
}

/** What a person asked for, which no later bounce may let expire. */
const WISHES: readonly string[] = ['complaint', 'unsubscribe', 'manual']

/** Rows of one statement: engines allow some 32,000 values in it. */
const STATEMENT = 500

/** Within a transaction of the caller. Of several rows of one recipient and stream the last one holds. */
export async function put(db: Kysely<SuppressionTables>, rows: readonly SuppressionRow[]): Promise<void> {
  const byKey = new Map(rows.map((row) => [`${row.organization}\n${row.address}\n${row.stream}`, row]))
  const all = [...byKey.values()]
  for (let i = 0; i < all.length; i += STATEMENT) await upsert(db, all.slice(i, i + STATEMENT))
}

async function upsert(db: Kysely<SuppressionTables>, rows: readonly SuppressionRow[]): Promise<void> {
  await db
    .insertInto('suppression')
    .values(rows)
    .onConflict((on) =>
      on
        .columns(['organization', 'address', 'stream'])
        .doUpdateSet((set) => ({
          reason: set.ref('excluded.reason'),
          class: set.ref('excluded.class'),
          evidence: set.ref('excluded.evidence'),
          delivery: set.ref('excluded.delivery'),
          created_at: set.ref('excluded.created_at'),
          expires_at: set.ref('excluded.expires_at'),
          removed_at: null,
          removed_why: null,
          changed_at: set.ref('excluded.changed_at'),
        }))
        .where((where) =>
          where.or([
            where('excluded.reason', 'not in', ['bounce', 'soft-bounces']),
            where('suppression.reason', 'not in', WISHES),
            where('suppression.removed_at', 'is not', null),
          ]),
        ),
    )
    .execute()
}

function listed(
  db: Kysely<SuppressionTables>,
  { organization, stream, reason, match, all, after, limit }: SuppressionQuery,
  now: number,
): Promise<SuppressionRow[]> {
  let query = db.selectFrom('suppression').selectAll().where('organization', '=', organization)
  if (stream !== undefined) query = query.where('stream', '=', stream)
  if (reason !== undefined) query = query.where('reason', '=', reason)
  if (match !== undefined) query = query.where('address', 'like', containing(match))
  if (all !== true)
    query = query
      .where('removed_at', 'is', null)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
  if (after !== undefined)
    query = query.where((where) =>
      where.or([
        where('created_at', '<', after.createdAt),
        where.and([where('created_at', '=', after.createdAt), where('address', '>', after.address)]),
        where.and([
          where('created_at', '=', after.createdAt),
          where('address', '=', after.address),
          where('stream', '>', after.stream),
        ]),
      ]),
    )
  return query.orderBy('created_at', 'desc').orderBy('address').orderBy('stream').limit(limit).execute()
}

/** `%` and `_` are no wildcards of the person who searches. They are not allowed in domains, and rare before the @. */
function containing(text: string): string {
  return `%${text.toLowerCase().replaceAll(/[%_]/g, '_')}%`
}

async function remove(
  db: Kysely<SuppressionTables>,
  { organization, stream, address, why }: Parameters<Suppressions['remove']>[0],
  now: number,
): Promise<readonly Suppression[]> {
  const key = addressKeyOf(address)
  return db.transaction().execute(async (transaction) => {
    let update = transaction
      .updateTable('suppression')
      .set({ removed_at: now, removed_why: why, changed_at: now })
      .where('organization', '=', organization)
      .where('address', '=', key)
      .where('removed_at', 'is', null)
    let forget = transaction
      .deleteFrom('soft_bounce')
      .where('organization', '=', organization)
      .where('address', '=', key)
    if (stream !== undefined) update = update.where('stream', '=', stream)
    if (stream !== undefined && stream !== EVERY_STREAM) forget = forget.where('stream', '=', stream)
    await forget.execute()
    return (await update.returningAll().execute()).map(suppressionOf)
  })
}
