/** What the operator does with organizations and credentials. Whether a login is right: `authenticator.ts`. */

import type { Kysely, Selectable } from 'kysely'

import { redacted, SecretError } from '#platform/secret'
import type { ServerKey } from '#platform/secret'
import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { AccountError } from './account.ts'
import type { Credential, Organization } from './account.ts'
import { keepPassword, randomText } from './password.ts'
import { ACCOUNT_MIGRATIONS } from './tables.ts'
import type { AccountTables } from './tables.ts'

export type NewCredential = {
  readonly organization: string
  readonly stream: string
  readonly note: string
  /** Absent: made from the organization's name and chance. */
  readonly login?: string
}

/**
 * The password is here and nowhere else, and never again. JSON and logs of the whole show it redacted: to hand it on,
 * make a copy, as in `{ ...issued }`.
 */
export type IssuedCredential = { readonly credential: Credential; readonly password: string }

/** Every question but the list of organizations is asked for one organization, and answered for it alone. */
export type Accounts = {
  /** @throws {AccountError} `malformed`, `taken` */
  addOrganization(name: string): Promise<Organization>
  organizations(): Promise<readonly Organization[]>
  /** @throws {AccountError} `organization`, `malformed`, `taken` */
  addCredential(request: NewCredential): Promise<IssuedCredential>
  /** Oldest first, revoked ones among them. */
  credentials(organization: string): Promise<readonly Credential[]>
  /** `false` when the organization has no such login that is valid. The doors know within a second. */
  revoke(organization: string, login: string): Promise<boolean>
}

/**
 * @throws {SecretError} `foreign` when the database was made under another server key: better here than as logins
 * that fail one by one
 */
export async function openAccounts(control: Control, key: ServerKey, now: () => number): Promise<Accounts> {
  const db = await accountTables(control, key)
  return {
    addOrganization: async (name) =>
      addOrganization(db, { name: wellFormed('an organization', name), created_at: now() }),
    organizations: async () => {
      const rows = await db.selectFrom('organization').selectAll().orderBy('name').execute()
      return rows.map(organizationOf)
    },
    addCredential: (request) => addCredential(db, key, request, now()),
    credentials: async (organization) => {
      const query = db.selectFrom('credential').selectAll().where('organization', '=', organization)
      return (await query.orderBy('created_at').orderBy('login').execute()).map(credentialOf)
    },
    revoke: (organization, login) => revoke(db, organization, login, now()),
  }
}

export async function accountTables(control: Control, key: ServerKey): Promise<Kysely<AccountTables>> {
  const db = await control.tables<AccountTables>('account', ACCOUNT_MIGRATIONS)
  const recorded = db.selectFrom('server_key').select('id')
  if ((await recorded.execute()).length === 0) {
    const insert = db.insertInto('server_key').values({ only_row: 1, id: key.id })
    await insert.onConflict((on) => on.doNothing()).execute()
  }
  const { id } = await recorded.executeTakeFirstOrThrow()
  if (id === key.id) return db
  throw new SecretError('foreign', `the control database was made under the server key ${id}, not ${key.id}`)
}

async function addOrganization(
  db: Kysely<AccountTables>,
  row: Selectable<AccountTables['organization']>,
): Promise<Organization> {
  await inserted(db.insertInto('organization').values(row).execute(), {
    unique: `the organization ${row.name} exists`,
  })
  return organizationOf(row)
}

/** 130 random bits: five a character. */
const PASSWORD_LENGTH = 26

/** Only to tell credentials apart; the password is what must not be guessed. */
const LOGIN_SUFFIX = 8

async function addCredential(
  db: Kysely<AccountTables>,
  key: ServerKey,
  request: NewCredential,
  now: number,
): Promise<IssuedCredential> {
  wellFormed('an organization', request.organization)
  const stream = wellFormed('a stream', request.stream)
  const note = noteOf(request.note)
  const login = request.login ?? `${request.organization}-${randomText(LOGIN_SUFFIX)}`
  if (!isLogin(login)) throw new AccountError('malformed', `a login is made of ${LOGIN_SAYS}`)
  const password = randomText(PASSWORD_LENGTH)
  const { passwordMac, scram } = await keepPassword(key, login, password)
  const row = {
    login,
    organization: request.organization,
    stream,
    note,
    created_at: now,
    revoked_at: null,
    used_at: null,
    password_mac: passwordMac,
    scram,
  }
  await inserted(db.insertInto('credential').values(row).execute(), {
    unique: `the login ${login} exists`,
    reference: `there is no organization ${request.organization}`,
  })
  return redacted({ credential: credentialOf(row), password }, 'password')
}

/** Says in our `words` what the database refused. */
export async function inserted(
  insert: Promise<unknown>,
  words: { readonly unique: string; readonly reference?: string },
): Promise<void> {
  try {
    await insert
  } catch (cause) {
    const violation = violationOf(cause)
    if (violation === 'unique') throw new AccountError('taken', words.unique, { cause })
    if (violation === 'reference') throw new AccountError('organization', words.reference ?? '', { cause })
    throw cause
  }
}

async function revoke(
  db: Kysely<AccountTables>,
  organization: string,
  login: string,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('credential')
    .set({ revoked_at: now })
    .where('organization', '=', organization)
    .where('login', '=', login)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

function organizationOf(row: Selectable<AccountTables['organization']>): Organization {
  return { name: row.name, createdAt: row.created_at }
}

export function credentialOf(row: Selectable<AccountTables['credential']>): Credential {
  return {
    login: row.login,
    organization: row.organization,
    stream: row.stream,
    note: row.note,
    createdAt: row.created_at,
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.used_at !== null && { usedAt: row.used_at }),
  }
}

const NAME = /^[a-z0-9][a-z0-9-]*$/
const NAME_LENGTH = 63

export function wellFormed(what: string, name: string): string {
  if (NAME.test(name) && name.length <= NAME_LENGTH) return name
  const says = `lower-case letters, digits and hyphens, ${NAME_LENGTH} at most`
  throw new AccountError('malformed', `${what} is named by ${says}`)
}

const NOTE = /^\P{Cc}{0,255}$/u

export function noteOf(text: string): string {
  if (NOTE.test(text)) return text
  throw new AccountError('malformed', 'a note is one line of 255 characters at most')
}

/** Characters that need no care in any mechanism, URL or shell. */
const LOGIN = /^[a-z0-9][a-z0-9._@-]*$/
const LOGIN_LENGTH = 128
const LOGIN_SAYS = `lower-case letters, digits and . _ @ -, ${LOGIN_LENGTH} at most`

export function isLogin(text: string): boolean {
  return text.length <= LOGIN_LENGTH && LOGIN.test(text)
}
