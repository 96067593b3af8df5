/** Whether a login is right, asked for every session; answered from memory, and within a second of any change. */

import type { Kysely, Selectable } from 'kysely'

import type { Log } from '#platform/log'
import type { ServerKey } from '#platform/secret'
import { cachedRead } from '#platform/store'
import type { Control } from '#platform/store'

import type { Authenticator, Credential } from './account.ts'
import { accountTables, credentialOf, isLogin } from './accounts.ts'
import { keepPassword, madeUpVerifier, openVerifier, passwordMatches } from './password.ts'
import type { KeptPassword } from './password.ts'
import type { AccountTables } from './tables.ts'
import { Uses } from './uses.ts'

export type AuthenticatorOptions = { readonly now: () => number; readonly log: Log }

export async function openAuthenticator(
  control: Control,
  key: ServerKey,
  { now, log }: AuthenticatorOptions,
): Promise<Authenticator> {
  const db = await accountTables(control, key)
  // Stands in for unknown logins: the same work is done on it as on a real one, so that time does not tell.
  const decoy = await keepPassword(key, DECOY, '')
  const find = cachedRead((login) => findCredential(db, login), now)
  const uses = new Uses(db, { now, log, of: 'credential' })
  return {
    async password(login, password) {
      const found = await find(safeLogin(login))
      const matches = passwordMatches(key, found?.kept ?? decoy, login, password)
      if (!found || !matches || !isValid(found.credential)) return undefined
      uses.add(found.credential.login)
      return found.credential
    },
    async scram(login) {
      const found = await find(safeLogin(login))
      const madeUp = madeUpVerifier(key, login)
      const verifier = openVerifier(key, found ? login : DECOY, (found?.kept ?? decoy).scram)
      const credential = found && isValid(found.credential) ? found.credential : undefined
      return { verifier: found ? verifier : madeUp, credential }
    },
    used: ({ login }) => uses.add(login),
    close: () => uses.record(),
  }
}

/** No login is empty. */
const DECOY = ''

/** Whatever cannot be a login is looked up as none: PostgreSQL takes no NUL, the cache no 12 KB key. */
function safeLogin(login: string): string {
  return isLogin(login) ? login : DECOY
}

type Found = { readonly credential: Credential; readonly kept: KeptPassword }

async function findCredential(db: Kysely<AccountTables>, login: string): Promise<Found | undefined> {
  const row = await db.selectFrom('credential').selectAll().where('login', '=', login).executeTakeFirst()
  return row && { credential: credentialOf(row), kept: keptOf(row) }
}

function keptOf(row: Selectable<AccountTables['credential']>): KeptPassword {
  return { passwordMac: row.password_mac, scram: row.scram }
}

function isValid(credential: Credential): boolean {
  return credential.revokedAt === undefined
}
