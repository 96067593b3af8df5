/**
 * What bounces, complaints and successes do to suppressions, in batches.
 *
 * A batch is one transaction of the control database. What is in memory when the process dies is lost: the next mail to
 * such a recipient bounces once more and is recorded then, which is cheaper than an fsync for each bounce.
 */

import type { Kysely } from 'kysely'

import type { Control } from '#platform/store'

import { decide, until } from './policy.ts'
import type { Bounce, Policy, SoftCount } from './policy.ts'
import { rowOf, suppressionOf } from './row.ts'
import type { SuppressionRow } from './row.ts'
import { EVERY_STREAM } from './suppression.ts'
import type { Suppression } from './suppression.ts'
import { put, suppressionTables } from './suppressions.ts'
import type { SuppressionTables } from './tables.ts'

/** What became of one delivery, as far as it says something of its recipient. */
export type Experience = {
  readonly organization: string
  readonly stream: string
  /** As `addressKey` writes it. */
  readonly address: string
  /** Such as `0ab3xk9m2pq.0`. */
  readonly delivery: string
  readonly at: number
} & (
  | { readonly kind: 'delivered' }
  | ({ readonly kind: 'bounced'; readonly evidence: string } & Bounce)
  | { readonly kind: 'complained' | 'unsubscribed'; readonly evidence: string }
)

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
  switch (one.kind) {
    case 'delivered':
      await softBounce(db, one).execute()
      return undefined
    case 'bounced':
      return bounced(db, one, by)
    case 'complained':
    case 'unsubscribed':
      return asked(db, one, by)
  }
}

type Asked = Extract<Experience, { kind: 'complained' | 'unsubscribed' }>

async function asked(db: Tables, one: Asked, by: With): Promise<SuppressionRow | undefined> {
  if (await wasLifted(db, one)) return undefined
  return one.kind === 'complained'
    ? suppress(db, one, by, { reason: 'complaint', ...until(by.policy.complaintExpire, one.at) })
    : suppress(db, one, by, { reason: 'unsubscribe' })
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

type Bounced = Extract<Experience, { kind: 'bounced' }>

async function bounced(db: Tables, one: Bounced, by: With): Promise<SuppressionRow | undefined> {
  const decision = decide(by.policy, one, await softCount(db, one), one.at)
  if (decision.kind === 'nothing') return undefined
  if (decision.kind === 'count') {
    await count(db, one, decision.soft, by.now)
    return undefined
  }
  await softBounce(db, one).execute()
  const { reason, expiresAt } = decision
  return suppress(db, one, by, { reason, class: one.class, ...(expiresAt !== undefined && { expiresAt }) })
}

/** A mailbox that is not there is not there for any stream; who complains of one stream may want the other. */
async function suppress(
  db: Tables,
  one: Exclude<Experience, { kind: 'delivered' }>,
  { now }: With,
  what: Pick<Suppression, 'reason' | 'class' | 'expiresAt'>,
): Promise<SuppressionRow> {
  const { organization, address, evidence, delivery, at } = one
  const stream = one.kind === 'bounced' ? EVERY_STREAM : one.stream
  const row = rowOf({ organization, stream, address, evidence, delivery, createdAt: at, ...what }, now)
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
  one: Bounced,
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
