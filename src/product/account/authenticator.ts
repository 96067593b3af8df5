/** Whether a login is right, asked for every session; answered from memory, and within a second of any change. */

import { sql } from 'kysely'
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
  const uses = new Uses(db, now, log)
  return {
    async password(login, password) {
      const found = await find(safeLogin(login))
      const matches = passwordMatches(key, found?.kept ?? decoy, login, password)
      if (!found || !matches || !isValid(found.credential)) return undefined
      uses.add(found.credential)
      return found.credential
    },
    async scram(login) {
      const found = await find(safeLogin(login))
      const madeUp = madeUpVerifier(key, login)
      const verifier = openVerifier(key, found ? login : DECOY, (found?.kept ?? decoy).scram)
      const credential = found && isValid(found.credential) ? found.credential : undefined
      return { verifier: found ? verifier : madeUp, credential }
    },
    used: (credential) => uses.add(credential),
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

/** How often the last uses are written, in ms: a commit is an fsync, and nobody needs to know the second. */
const RECORD_EVERY = 60_000

/** The last use of each login since it was written. Written with the first use after a minute, and at the end. */
class Uses {
  readonly #db: Kysely<AccountTables>
  readonly #now: () => number
  readonly #log: Log
  #last = new Map<string, number>()
  #recordedAt = Number.NEGATIVE_INFINITY
  #recording: Promise<void> = Promise.resolve()

  constructor(db: Kysely<AccountTables>, now: () => number, log: Log) {
    this.#db = db
    this.#now = now
    this.#log = log
  }

  add({ login }: Credential): void {
    const at = this.#now()
    this.#last.set(login, at)
    if (at - this.#recordedAt < RECORD_EVERY) return
    this.#recordedAt = at
    void this.record()
  }

  /** Resolves when everything added so far is written. Never rejects: mail does not wait for a statistic. */
  record(): Promise<void> {
    this.#recording = this.#recording.then(() => this.#write())
    return this.#recording
  }

  async #write(): Promise<void> {
    const last = this.#last
    if (last.size === 0) return
    this.#last = new Map()
    try {
      await recordUses(this.#db, [...last])
    } catch (error) {
      // The next minute tries again; newer uses win.
      this.#last = new Map([...last, ...this.#last])
      this.#log.warn('credential.use-not-recorded', { error })
    }
  }
}

/** Logins in one statement: two parameters each, of which SQLite takes 32,766. */
const BATCH = 1000

/**
 * One statement and not a transaction of many, which would keep the lock while this thread turns to other things.
 * Other threads record the same login: the latest use stays.
 */
async function recordUses(
  db: Kysely<AccountTables>,
  uses: readonly (readonly [string, number])[],
): Promise<void> {
  for (let start = 0; start < uses.length; start += BATCH) {
    const rows = uses
      .slice(start, start + BATCH)
      .map(([login, at]) => sql`(cast(${login} as text), cast(${at} as bigint))`)
    await sql`
      update credential set used_at = used.column2 from (values ${sql.join(rows)}) as used
      where credential.login = used.column1 and coalesce(credential.used_at, 0) < used.column2`.execute(db)
  }
}
