/** How somebody comes to have an account, and to belong to an organization. */

import type { Kysely } from 'kysely'

import { endSessions, newId } from './parts.ts'
import type { Role } from './role.ts'
import type { UserTables } from './tables.ts'
import type { Language } from './user.ts'

/** What somebody says of themselves when they begin. */
export type Beginner = {
  readonly name: string
  readonly language: Language
  readonly password: string
}

/** `link`: it was used, it has expired, or there never was one. `busy`: too many passwords are being hashed. */
export type Opened =
  | { readonly ok: true; readonly account: string; readonly organization: string; readonly email: string }
  | { readonly ok: false; readonly why: 'link' }
  | { readonly ok: false; readonly why: 'busy' }

type Person = {
  readonly email: string
  readonly name: string
  readonly language: Language
  readonly hash: string
}

/** The account of that address, made if there is none; the password is its only one from now on. */
export async function withPassword(db: Kysely<UserTables>, person: Person, at: number): Promise<string> {
  const { email, name, language, hash: password } = person
  const row = { id: newId(), email, name, language, created_at: at, password, epoch: 0 }
  const { id } = await db
    .insertInto('user_account')
    .values(row)
    .onConflict((on) => on.column('email').doUpdateSet({ password, name, language }))
    .returning('id')
    .executeTakeFirstOrThrow()
  await endSessions(db, id)
  return id
}

type Joining = {
  readonly account: string
  readonly organization: string
  readonly role: Role
  readonly at: number
}

export async function join(
  db: Kysely<UserTables>,
  { account, organization, role, at }: Joining,
): Promise<void> {
  await db
    .insertInto('membership')
    .values({ account, organization, role, created_at: at, signed_in_at: null, granted_by: null })
    .onConflict((on) => on.columns(['account', 'organization']).doUpdateSet({ role, granted_by: null }))
    .execute()
}
