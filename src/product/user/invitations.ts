/** Invitations: who is to belong to an organization, and gets a link by mail that says so. */

import type { Kysely, Selectable } from 'kysely'

import { macOf, newId, newToken } from './parts.ts'
import type { UserParts } from './parts.ts'
import { join, withPassword } from './persons.ts'
import type { Beginner, Opened } from './persons.ts'
import { isRole } from './role.ts'
import type { Role } from './role.ts'
import { checkedPassword } from './sessions.ts'
import type { Current, SignInRefusal } from './sessions.ts'
import type { UserTables } from './tables.ts'
import { emailOf, newPassword, personName } from './user.ts'

export type Invitation = {
  readonly id: string
  readonly organization: string
  readonly email: string
  readonly role: Role
  /** Who invited them, as people read it. */
  readonly by: string
  readonly createdAt: number
  readonly expiresAt: number
}

export type Invited =
  /** The token is for the mail to that address, and for nobody else. */
  | { readonly ok: true; readonly invitation: Invitation; readonly token: string }
  /** They belong there already. */
  | { readonly ok: false }

export type Invitations = {
  /** Earlier ones of the same address there open nothing any more. @throws {UserError} `malformed` */
  invite(request: Pick<Invitation, 'organization' | 'email' | 'role' | 'by'>): Promise<Invited>
  /** Those that can still be accepted, the latest first. */
  invitations(organization: string): Promise<readonly Invitation[]>
  /** `undefined` when the organization has no such invitation. */
  withdraw(organization: string, id: string): Promise<Invitation | undefined>
  /**
   * Who has an account shows its password; others choose one here.
   * @throws {UserError} `malformed`
   */
  acceptInvitation(
    token: string,
    person: Beginner & { readonly address: string },
  ): Promise<Opened | SignInRefusal>
  /** For who is signed in, by whatever, under the address that was invited: not everybody has a password. */
  joinInvitation(current: Current, token: string): Promise<Opened>
}

/** In ms. */
const HOLDS = 7 * 24 * 3_600_000

export function invitationFunctions(parts: UserParts): Invitations {
  const { db, now } = parts
  return {
    invite: (request) => invite(parts, { ...request, email: emailOf(request.email) }),
    async invitations(organization) {
      const rows = await valid(db, now())
        .where('organization', '=', organization)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute()
      return rows.map(invitationOf)
    },
    async withdraw(organization, id) {
      const row = await valid(db, now())
        .where('organization', '=', organization)
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const gone = await db.deleteFrom('invitation').where('id', '=', id).executeTakeFirstOrThrow()
      return gone.numDeletedRows === 1n ? invitationOf(row) : undefined
    },
    acceptInvitation: (token, person) => accept(parts, token, person),
    async joinInvitation({ member }, token) {
      const mac = macOf(parts.key, 'invitation', token)
      const found = await valid(db, now()).where('mac', '=', mac).executeTakeFirst()
      // Of another address it is as if there were none: the link was sent to somebody else.
      if (found?.email !== member.email) return { ok: false, why: 'link' }
      return settle(parts, { invitation: invitationOf(found), mac }, async () => member.id)
    },
  }
}

function valid(db: Kysely<UserTables>, now: number) {
  return db.selectFrom('invitation').selectAll().where('expires_at', '>', now)
}

async function invite(
  { db, key, now }: UserParts,
  { organization, email, role, by }: Pick<Invitation, 'organization' | 'email' | 'role' | 'by'>,
): Promise<Invited> {
  const token = newToken()
  const at = now()
  return db.transaction().execute(async (transaction) => {
    const member = await transaction
      .selectFrom('membership')
      .innerJoin('user_account', 'user_account.id', 'membership.account')
      .select('account')
      .where('organization', '=', organization)
      .where('email', '=', email)
      .executeTakeFirst()
    if (member !== undefined) return { ok: false } as const
    await transaction
      .deleteFrom('invitation')
      .where('organization', '=', organization)
      .where('email', '=', email)
      .execute()
    const row = {
      id: newId(),
      mac: macOf(key, 'invitation', token),
      organization,
      email,
      role,
      invited_by: by,
      created_at: at,
      expires_at: at + HOLDS,
    }
    await transaction.insertInto('invitation').values(row).execute()
    return { ok: true, invitation: invitationOf(row), token } as const
  })
}

async function accept(
  parts: UserParts,
  token: string,
  person: Beginner & { readonly address: string },
): Promise<Opened | SignInRefusal> {
  const { db, key, now, hasher } = parts
  const mac = macOf(key, 'invitation', token)
  const found = await valid(db, now()).where('mac', '=', mac).executeTakeFirst()
  if (found === undefined) return { ok: false, why: 'link' }
  const invitation = invitationOf(found)
  const { email } = invitation
  const account = await db
    .selectFrom('user_account')
    .select(['id', 'password'])
    .where('email', '=', email)
    .executeTakeFirst()
  if (account !== undefined) {
    const checked = await checkedPassword(parts, { ...person, email, kept: account.password })
    return checked.ok ? settle(parts, { invitation, mac }, async () => account.id) : checked
  }
  const newcomer = { email, name: personName(person.name), language: person.language }
  const hash = await hasher.hash(newPassword(person.password, email))
  if (hash === undefined) return { ok: false, why: 'busy' }
  return settle(parts, { invitation, mac }, (transaction) =>
    withPassword(transaction, { ...newcomer, hash }, now()),
  )
}

type Accepted = { readonly invitation: Invitation; readonly mac: string }

function settle(
  { db, now }: UserParts,
  { invitation: { email, organization, role }, mac }: Accepted,
  accountIn: (transaction: Kysely<UserTables>) => Promise<string>,
): Promise<Opened> {
  return db.transaction().execute(async (transaction) => {
    // Whoever deletes the row has it; another who comes at the same time finds none.
    const taken = await transaction.deleteFrom('invitation').where('mac', '=', mac).executeTakeFirstOrThrow()
    if (taken.numDeletedRows === 0n) return { ok: false, why: 'link' } as const
    const account = await accountIn(transaction)
    await join(transaction, { account, organization, role, at: now() })
    return { ok: true, account, organization, email } as const
  })
}

function invitationOf(row: Selectable<UserTables['invitation']>): Invitation {
  return {
    id: row.id,
    organization: row.organization,
    email: row.email,
    role: isRole(row.role) ? row.role : 'read-only',
    by: row.invited_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
