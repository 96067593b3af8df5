/**
 * What bounces, complaints and successes do to suppressions, in batches.
 *
 * A batch is one transaction of the control database. What is in memory when the process dies is lost: the next mail to
 * such a recipient bounces once more and is recorded then, which is cheaper than an fsync for each bounce.
 */

import type { Kysely } from 'kysely'

import type { Control } from '#platform/store'

import type { Experience } from './experience.ts'
import { decide } from './policy.ts'
import type { Policy, SoftCount, Suppressing } from './policy.ts'
import { rowOf, suppressionOf } from './row.ts'
import type { SuppressionRow } from './row.ts'
import type { Suppression } from './suppression.ts'
import { put, suppressionTables } from './suppressions.ts'
import type { SuppressionTables } from './tables.ts'

export type Recorder = {
  /** Gives what is suppressed from now on because of them. One transaction. */
  record(batch: readonly Experience[], policy: Policy): Promise<readonly Suppression[]>
}

/** After `openAccounts` of the same database. */
export async function openRecorder(control: Control, now: () => number): Promise<Recorder> {
  const db = await suppressionTables(control)
  return {
    record: (batch, policy) =>
      db.transaction().execute(async (transaction) => {
        const suppressed: Suppression[] = []
        for (const one of batch) {
          const row = await recordOne(transaction, one, { policy, now: now() })
          if (row !== undefined) suppressed.push(suppressionOf(row))
        }
        return suppressed
      }),
  }
}

type Tables = Kysely<SuppressionTables>

type With = { readonly policy: Policy; readonly now: number }

async function recordOne(db: Tables, one: Experience, by: With): Promise<SuppressionRow | undefined> {
  const before = one.kind === 'bounced' ? await softCount(db, one) : undefined
  const decision = decide(by.policy, one, before)
  switch (decision.kind) {
    case 'nothing':
      return undefined
    case 'clear':
      await softBounce(db, one).execute()
      return undefined
    case 'count':
      await count(db, one, decision.soft, by.now)
      return undefined
    case 'suppress':
      if (one.kind === 'bounced') await softBounce(db, one).execute()
      else if (await wasLifted(db, one)) return undefined
      return suppress(db, one, by, decision)
  }
}

/** Whoever lifted it knows of that wish: the same mail, sent once more, says nothing new. */
async function wasLifted(
  db: Tables,
  { organization, stream, address, delivery }: Experience,
): Promise<boolean> {
  const row = await db
    .selectFrom('suppression')
    .select('removed_at')
    .where('organization', '=', organization)
    .where('stream', '=', stream)
    .where('address', '=', address)
    .where('delivery', '=', delivery)
    .executeTakeFirst()
  return row !== undefined && row.removed_at !== null
}

async function suppress(
  db: Tables,
  { organization, address, delivery, at }: Experience,
  { now }: With,
  { stream, reason, class: what, evidence, expiresAt }: Suppressing,
): Promise<SuppressionRow> {
  const known = { organization, stream, address, evidence, delivery, createdAt: at, reason }
  const row = rowOf(
    { ...known, ...(what !== undefined && { class: what }), ...(expiresAt !== undefined && { expiresAt }) },
    now,
  )
  await put(db, [row])
  return row
}

function softBounce(db: Tables, { organization, stream, address }: Experience) {
  return db
    .deleteFrom('soft_bounce')
    .where('organization', '=', organization)
    .where('stream', '=', stream)
    .where('address', '=', address)
}

async function softCount(
  db: Tables,
  { organization, stream, address }: Experience,
): Promise<SoftCount | undefined> {
  const row = await db
    .selectFrom('soft_bounce')
    .select(['count', 'first_at'])
    .where('organization', '=', organization)
    .where('stream', '=', stream)
    .where('address', '=', address)
    .executeTakeFirst()
  return row && { count: row.count, firstAt: row.first_at }
}

async function count(
  db: Tables,
  one: Experience,
  { count: times, firstAt }: SoftCount,
  now: number,
): Promise<void> {
  const { organization, stream, address } = one
  const row = { count: times, first_at: firstAt, changed_at: now }
  await db
    .insertInto('soft_bounce')
    .values({ organization, stream, address, ...row })
    .onConflict((on) => on.columns(['organization', 'address', 'stream']).doUpdateSet(row))
    .execute()
}
