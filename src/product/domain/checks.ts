/** Domains whose DNS is to be looked at, and what becomes of them by what was found. Who looks is elsewhere. */

import type { Kysely } from 'kysely'

import { violationOf } from '#platform/store'

import { ownershipRecord } from './dns-record.ts'
import type { DomainRow } from './domain-row.ts'
import { fitnessAfter, returnPathAfter, untilNext } from './record-status.ts'
import type { CheckOptions, Look } from './record-status.ts'
import type { DomainTables } from './tables.ts'

/**
 * What changed. `verified`: it may send from now on. `lost`: another organization has shown that the domain is its now.
 * `refused`: ownership is shown, and so is that of the organization that has it, or the operator vouches for that one.
 */
export type DomainChange = {
  readonly organization: string
  readonly name: string
  readonly kind: 'verified' | 'lost' | 'refused' | 'broken' | 'recovered'
  /** Of a domain that broke: the records that are missing or wrong. */
  readonly records: readonly string[]
}

/** Milliseconds within which a look ends: after that another node may take the domain. */
const LEASE = 10 * 60_000

/** Takes up to `limit` domains whose look is due, each for this caller alone, those that wait longest first. */
export async function claimDue(
  db: Kysely<DomainTables>,
  now: number,
  limit: number,
): Promise<readonly DomainRow[]> {
  const due = db.selectFrom('domain').selectAll().where('due_at', '<=', now).orderBy('due_at').limit(limit)
  const claimed: DomainRow[] = []
  for (const row of await due.execute()) {
    const { organization, name, due_at } = row
    const taken = await db
      .updateTable('domain')
      .set({ due_at: now + LEASE })
      .where('organization', '=', organization)
      .where('name', '=', name)
      .where('due_at', '=', due_at)
      .executeTakeFirstOrThrow()
    if (taken.numUpdatedRows === 1n) claimed.push(row)
  }
  return claimed
}

/** Keeps what a look found, verifies whom it shows to be the owner, and says what changed. */
export async function settleLook(
  db: Kysely<DomainTables>,
  row: DomainRow,
  look: Look,
  { now, ...options }: CheckOptions & { readonly now: number },
): Promise<readonly DomainChange[]> {
  const owned = await verified(db, row, look, now)
  const isVerified = row.verified_at !== null || owned.some(({ kind }) => kind === 'verified')
  const fitness = fitnessAfter(row, look)
  const timing = { ...fitness, createdAt: row.created_at, isVerified }
  await db
    .updateTable('domain')
    .set({
      ...fitness,
      checked_at: now,
      due_at: now + untilNext(timing, now, options),
      found: JSON.stringify(look.statuses),
      return_path: returnPathAfter(row.return_path, look),
    })
    .where('organization', '=', row.organization)
    .where('name', '=', row.name)
    .execute()
  return [...owned, ...(isVerified ? healthChange(row, fitness.health, look) : [])]
}

function healthChange(row: DomainRow, health: DomainRow['health'], look: Look): readonly DomainChange[] {
  const { organization, name } = row
  if (health === row.health) return []
  if (health === 'broken') {
    const bad = look.statuses.filter(
      ({ status, required }) => required && (status === 'missing' || status === 'wrong'),
    )
    const records = bad.map((one) => `${one.name} ${one.type} ${one.status}`)
    return [{ organization, name, kind: 'broken', records }]
  }
  return row.health === 'broken' ? [{ organization, name, kind: 'recovered', records: [] }] : []
}

/** Who controls the DNS of a domain decides whose it is: the token that stands there alone wins. */
async function verified(
  db: Kysely<DomainTables>,
  row: DomainRow,
  { ownership = [] }: Look,
  now: number,
): Promise<readonly DomainChange[]> {
  if (row.verified_at !== null || row.token === null || !shows(ownership, row)) return []
  const { organization, name } = row
  const refused: DomainChange = { organization, name, kind: 'refused', records: [] }
  const holder = await db
    .selectFrom('domain')
    .selectAll()
    .where('name', '=', name)
    .where('verified_at', 'is not', null)
    .executeTakeFirst()
  if (holder !== undefined && (holder.token === null || shows(ownership, holder))) return [refused]
  try {
    await hand(db, row, holder, now)
  } catch (cause) {
    // Another has become its owner in this very moment.
    if (violationOf(cause) === 'unique') return [refused]
    throw cause
  }
  const lost = holder && ({ organization: holder.organization, name, kind: 'lost', records: [] } as const)
  return [{ organization, name, kind: 'verified', records: [] }, ...(lost === undefined ? [] : [lost])]
}

function shows(texts: readonly string[], { name, token }: Pick<DomainRow, 'name' | 'token'>): boolean {
  return token !== null && texts.includes(ownershipRecord(name, token).value)
}

async function hand(
  db: Kysely<DomainTables>,
  to: DomainRow,
  from: DomainRow | undefined,
  now: number,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const rows = transaction.updateTable('domain').where('name', '=', to.name)
    if (from !== undefined)
      await rows.set({ verified_at: null }).where('organization', '=', from.organization).execute()
    await rows.set({ verified_at: now }).where('organization', '=', to.organization).execute()
  })
}
