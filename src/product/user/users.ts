/** The users of an installation: opened over the control database. */

import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'

import { ALLOWANCE, Attempts } from './attempts.ts'
import { linkFunctions } from './links.ts'
import type { Links } from './links.ts'
import { memberFunctions } from './members.ts'
import type { Members } from './members.ts'
import type { Hasher } from './password-hash.ts'
import { sessionFunctions } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { USER_MIGRATIONS } from './tables.ts'
import type { UserTables } from './tables.ts'

export type Users = Members & Sessions & Links

export type UsersOptions = { readonly now: () => number; readonly hasher: Hasher }

/** After `openAccounts`: users belong to organizations. */
export async function openUsers(
  control: Control,
  key: ServerKey,
  { now, hasher }: UsersOptions,
): Promise<Users> {
  const db = await control.tables<UserTables>('user', USER_MIGRATIONS)
  const attempts = {
    address: new Attempts(ALLOWANCE.address, now),
    account: new Attempts(ALLOWANCE.account, now),
  }
  const parts = { db, key, now, hasher, attempts }
  return { ...memberFunctions(parts), ...sessionFunctions(parts), ...linkFunctions(parts) }
}
