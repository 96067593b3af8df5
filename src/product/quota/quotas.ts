/** Quotas as they are set: kept in the control database, changed by an operator. What they allow: `allowance.ts`. */

import type { Kysely } from 'kysely'

import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { LIMITS, QuotaError } from './quota.ts'
import type { Quota, QuotaChange } from './quota.ts'
import { quotaOf, quotaTables } from './tables.ts'
import type { QuotaRow, QuotaTables } from './tables.ts'

export type Quotas = {
  /** By organization, that of all its streams first. `organization` absent: of all. */
  list(organization?: string): Promise<readonly Quota[]>
  /** Gives it as it is then, without any limit when none is left. The doors know within two seconds. @throws {QuotaError} */
  set(change: QuotaChange): Promise<Quota>
}

const STREAM = /^[a-z0-9][a-z0-9-]{0,62}$/

/** After `openAccounts` of the same database. */
export async function openQuotas(control: Control, now: () => number): Promise<Quotas> {
  const db = await quotaTables(control)
  return {
    async list(organization) {
      const query = db.selectFrom('quota').selectAll().orderBy('organization').orderBy('stream')
      const rows = organization === undefined ? query : query.where('organization', '=', organization)
      return (await rows.execute()).map(quotaOf)
    },
    set: (change) => set(db, change, now()),
  }
}

async function set(db: Kysely<QuotaTables>, change: QuotaChange, now: number): Promise<Quota> {
  const { organization, stream = '' } = change
  if (stream !== '' && !STREAM.test(stream)) throw new QuotaError('malformed', 'that is no name of a stream')
  for (const name of LIMITS) check(name, change.limits[name])
  try {
    return await db.transaction().execute(async (within) => {
      const before = await rowOf(within, organization, stream)
      const limits = Object.fromEntries(
        LIMITS.map((name) => {
          const wanted = change.limits[name]
          return [name, wanted === undefined ? (before?.[name] ?? null) : wanted]
        }),
      ) as Pick<QuotaRow, (typeof LIMITS)[number]>
      const row = { organization, stream, ...limits, changed_at: await later(within, now) }
      await within
        .deleteFrom('quota')
        .where('organization', '=', organization)
        .where('stream', '=', stream)
        .execute()
      if (LIMITS.some((name) => row[name] !== null)) await within.insertInto('quota').values(row).execute()
      return quotaOf(row)
    })
  } catch (cause) {
    if (violationOf(cause) !== 'reference') throw cause
    throw new QuotaError('organization', `there is no organization ${organization}`, { cause })
  }
}

function check(name: (typeof LIMITS)[number], limit: number | null | undefined): void {
  if (limit === undefined || limit === null) return
  const least = name === 'recipients' || name === 'size' ? 1 : 0
  if (!Number.isSafeInteger(limit) || limit < least)
    throw new QuotaError('malformed', `${name}: expected a whole number from ${least} on`)
}

function rowOf(db: Kysely<QuotaTables>, organization: string, stream: string): Promise<QuotaRow | undefined> {
  const query = db.selectFrom('quota').selectAll().where('organization', '=', organization)
  return query.where('stream', '=', stream).executeTakeFirst()
}

async function later(db: Kysely<QuotaTables>, now: number): Promise<number> {
  const newest = await db
    .selectFrom('quota')
    .select((of) => of.fn.max('changed_at').as('at'))
    .executeTakeFirst()
  return Math.max(now, (newest?.at ?? 0) + 1)
}
