/** Who belongs to an organization, and as what. Every question is asked for one organization, and answered for it alone. */

import type { Kysely } from 'kysely'

import { endSessions, memberOf, memberQuery, notCodes, notOtherWays } from './parts.ts'
import type { UserParts } from './parts.ts'
import type { Role } from './role.ts'
import type { UserTables } from './tables.ts'
import { UserError } from './user.ts'
import type { Member } from './user.ts'

export type Members = {
  /** By address. */
  members(organization: string): Promise<readonly Member[]>
  member(organization: string, id: string): Promise<Member | undefined>
  /**
   * Gives them as they were, `undefined` when they do not belong there. Their sessions end at once.
   * @throws {UserError} `last-owner`
   */
  changeRole(organization: string, id: string, role: Role): Promise<Member | undefined>
  /** As `changeRole`. Who belongs nowhere afterwards is forgotten. @throws {UserError} `last-owner` */
  removeMember(organization: string, id: string): Promise<Member | undefined>
}

export function memberFunctions({ db }: UserParts): Members {
  return {
    async members(organization) {
      const query = memberQuery(db).where('membership.organization', '=', organization)
      return (await query.orderBy('user_account.email').execute()).map(memberOf)
    },
    member: (organization, id) => find(db, organization, id),
    changeRole: (organization, id, role) =>
      db.transaction().execute(async (transaction) => {
        const before = await found(transaction, organization, id)
        if (before === undefined || before.role === role) return before
        if (before.role === 'owner') await keepAnOwner(transaction, organization, id)
        await membership(transaction, organization, id).set({ role }).execute()
        await endSessions(transaction, id)
        return before
      }),
    removeMember: (organization, id) =>
      db.transaction().execute(async (transaction) => {
        const before = await found(transaction, organization, id)
        if (before === undefined) return undefined
        if (before.role === 'owner') await keepAnOwner(transaction, organization, id)
        await transaction
          .deleteFrom('membership')
          .where('organization', '=', organization)
          .where('account', '=', id)
          .execute()
        await endSessions(transaction, id)
        await forgetHomeless(transaction, id)
        return before
      }),
  }
}

function membership(db: Kysely<UserTables>, organization: string, id: string) {
  return db.updateTable('membership').where('organization', '=', organization).where('account', '=', id)
}

async function find(db: Kysely<UserTables>, organization: string, id: string): Promise<Member | undefined> {
  const query = memberQuery(db).where('membership.organization', '=', organization)
  const row = await query.where('user_account.id', '=', id).executeTakeFirst()
  return row && memberOf(row)
}

/** Two who unmake each other would both find another owner: what this writes makes the second wait for the first. */
async function found(db: Kysely<UserTables>, organization: string, id: string): Promise<Member | undefined> {
  await db
    .updateTable('membership')
    .set((eb) => ({ role: eb.ref('role') }))
    .where('organization', '=', organization)
    .where('role', '=', 'owner')
    .execute()
  return find(db, organization, id)
}

async function keepAnOwner(db: Kysely<UserTables>, organization: string, but: string): Promise<void> {
  if (await isWithoutOwner(db, organization, but))
    throw new UserError('last-owner', `${organization} would be left without an owner`)
}

/** Whether it would be, if somebody were none any more. */
export async function isWithoutOwner(
  db: Kysely<UserTables>,
  organization: string,
  but: string,
): Promise<boolean> {
  const others = await db
    .selectFrom('membership')
    .select('account')
    .where('organization', '=', organization)
    .where('role', '=', 'owner')
    .where('account', '!=', but)
    .executeTakeFirst()
  return others === undefined
}

/** Who belongs nowhere is forgotten. */
export async function forgetHomeless(db: Kysely<UserTables>, id: string): Promise<void> {
  const elsewhere = await db
    .selectFrom('membership')
    .select('role')
    .where('account', '=', id)
    .executeTakeFirst()
  if (elsewhere !== undefined) return
  await notCodes(db, id)
  await notOtherWays(db, id)
  await db.deleteFrom('user_account').where('id', '=', id).execute()
}
