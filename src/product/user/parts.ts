/** What the functions of this room share. */

import { randomBytes } from 'node:crypto'

import type { Kysely, Selectable } from 'kysely'

import type { ServerKey } from '#platform/secret'

import type { ALLOWANCE, Attempts } from './attempts.ts'
import type { Hasher } from './password-hash.ts'
import { isRole } from './role.ts'
import type { UserTables } from './tables.ts'
import { LANGUAGES } from './user.ts'
import type { Member, User } from './user.ts'

export type UserParts = {
  readonly db: Kysely<UserTables>
  readonly key: ServerKey
  readonly now: () => number
  readonly hasher: Hasher
  readonly attempts: { readonly [K in keyof typeof ALLOWANCE]: Attempts }
}

/** What a browser or a link shows; 160 random bits. Kept only as a MAC: a copy of the database opens nothing. */
const TOKEN_OCTETS = 20

export function newToken(): string {
  return randomBytes(TOKEN_OCTETS).toString('base64url')
}

/** The purpose is in it: a link is no session. */
export function macOf(
  key: ServerKey,
  purpose: 'session' | 'link' | 'invitation' | 'reset' | 'recovery' | 'passkey',
  token: string,
): string {
  return key.mac(`user ${purpose}`, token).toString('base64')
}

const ID_OCTETS = 8

export function newId(): string {
  return randomBytes(ID_OCTETS).toString('hex')
}

/** All sessions of an account end with this, those that are just being made among them, and links to its password. */
export async function endSessions(db: Kysely<UserTables>, account: string): Promise<void> {
  await db
    .updateTable('user_account')
    .set(({ eb }) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', account)
    .execute()
  await db.deleteFrom('user_session').where('account', '=', account).execute()
  await db.deleteFrom('password_reset').where('account', '=', account).execute()
}

/** Signing in asks for the password alone again. */
export async function notCodes(db: Kysely<UserTables>, account: string): Promise<void> {
  await db.deleteFrom('second_factor').where('account', '=', account).execute()
  await db.deleteFrom('recovery_code').where('account', '=', account).execute()
}

/** Whatever opens the account beside a password opens it no more. */
export async function notOtherWays(db: Kysely<UserTables>, account: string): Promise<void> {
  await db.deleteFrom('passkey').where('account', '=', account).execute()
  await db.deleteFrom('identity').where('account', '=', account).execute()
}

type AccountRow = Pick<
  Selectable<UserTables['user_account']>,
  'id' | 'email' | 'name' | 'language' | 'created_at'
>

export function userOf({ id, email, name, language, created_at: createdAt }: AccountRow): User {
  const known = LANGUAGES.find((each) => each === language) ?? 'en'
  return { id, email, name, language: known, createdAt }
}

export type MemberRow = AccountRow & {
  readonly organization: string
  readonly role: string
  readonly joined_at: number
  readonly signed_in_at: number | null
}

/** A role that this release does not know may do the least. */
export function memberOf(row: MemberRow): Member {
  return {
    ...userOf(row),
    organization: row.organization,
    role: isRole(row.role) ? row.role : 'read-only',
    joinedAt: row.joined_at,
    ...(row.signed_in_at !== null && { signedInAt: row.signed_in_at }),
  }
}

/** Accounts with what they are in an organization. */
export function memberQuery(db: Kysely<UserTables>): ReturnType<typeof joined> {
  return joined(db)
}

function joined(db: Kysely<UserTables>) {
  return db
    .selectFrom('membership')
    .innerJoin('user_account', 'user_account.id', 'membership.account')
    .select([
      'user_account.id',
      'user_account.email',
      'user_account.name',
      'user_account.language',
      'user_account.created_at',
      'membership.organization',
      'membership.role',
      'membership.created_at as joined_at',
      'membership.signed_in_at',
    ])
}
