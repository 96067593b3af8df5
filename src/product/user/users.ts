/** The users of an installation: opened over the control database. */

import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'

import { ALLOWANCE, Attempts } from './attempts.ts'
import { identityFunctions } from './identities.ts'
import type { Identities } from './identities.ts'
import { invitationFunctions } from './invitations.ts'
import type { Invitations } from './invitations.ts'
import { linkFunctions } from './links.ts'
import type { Links } from './links.ts'
import { memberFunctions } from './members.ts'
import type { Members } from './members.ts'
import { passkeyFunctions } from './passkeys.ts'
import type { Passkeys } from './passkeys.ts'
import type { Hasher } from './password-hash.ts'
import { resetFunctions } from './resets.ts'
import type { Resets } from './resets.ts'
import { secondFactorFunctions } from './second-factor.ts'
import type { SecondFactors } from './second-factor.ts'
import { sessionFunctions } from './sessions.ts'
import type { Sessions } from './sessions.ts'
import { USER_MIGRATIONS } from './tables.ts'
import type { UserTables } from './tables.ts'

export type Users = Members & Sessions & Links & Invitations & Resets & SecondFactors & Passkeys & Identities

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
    code: new Attempts(ALLOWANCE.code, now),
    beginFrom: new Attempts(ALLOWANCE.beginFrom, now),
    resetFrom: new Attempts(ALLOWANCE.resetFrom, now),
    resetOf: new Attempts(ALLOWANCE.resetOf, now),
  }
  const parts = { db, key, now, hasher, attempts }
  return {
    ...memberFunctions(parts),
    ...sessionFunctions(parts),
    ...linkFunctions(parts),
    ...invitationFunctions(parts),
    ...resetFunctions(parts),
    ...secondFactorFunctions(parts),
    ...passkeyFunctions(parts),
    ...identityFunctions(parts),
  }
}
