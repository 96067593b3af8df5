/** What the operator and the API do with API keys. Whether one is right: `key-ring.ts`. */

import type { Kysely, Selectable } from 'kysely'

import { parseRanges } from '#platform/address-range'
import { redacted } from '#platform/secret'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'

import { AccountError } from './account.ts'
import { accountTables, inserted, noteOf, wellFormed } from './accounts.ts'
import { digestOf, formatKey, isOperatorScope, isScope, KEY_LENGTHS, OPERATOR, SCOPES } from './api-key.ts'
import type { ApiKey, Scope } from './api-key.ts'
import { randomText } from './password.ts'
import type { AccountTables } from './tables.ts'

export type NewApiKey = {
  readonly organization: string
  readonly stream: string
  readonly note: string
  readonly scopes: readonly string[]
  /** CIDR blocks or addresses. */
  readonly networks: readonly string[]
  readonly expiresAt?: number
}

/** `token` is here and nowhere else, and never again; JSON and logs of the whole show it redacted. */
export type IssuedApiKey = { readonly key: ApiKey; readonly token: string }

/** Every question is asked for one organization, and answered for it alone. */
export type ApiKeys = {
  /** @throws {AccountError} `organization`, `malformed` */
  add(request: NewApiKey): Promise<IssuedApiKey>
  /** Oldest first, revoked ones among them. */
  list(organization: string): Promise<readonly ApiKey[]>
  /** `false` when the organization has no such key that is valid. The doors know within a second. */
  revoke(organization: string, id: string): Promise<boolean>
}

/** @throws {SecretError} `foreign` when the database was made under another server key */
export async function openApiKeys(control: Control, key: ServerKey, now: () => number): Promise<ApiKeys> {
  const db = await accountTables(control, key)
  return {
    add: (request) => add(db, key, request, now()),
    async list(organization) {
      const query = db.selectFrom('api_key').selectAll().where('organization', '=', organization)
      return (await query.orderBy('created_at').orderBy('id').execute()).map(apiKeyOf)
    },
    async revoke(organization, id) {
      const { numUpdatedRows } = await db
        .updateTable('api_key')
        .set({ revoked_at: now() })
        .where('organization', '=', organization)
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
  }
}

async function add(
  db: Kysely<AccountTables>,
  key: ServerKey,
  request: NewApiKey,
  now: number,
): Promise<IssuedApiKey> {
  const id = randomText(KEY_LENGTHS.id)
  const secret = randomText(KEY_LENGTHS.secret)
  const token = formatKey(id, secret)
  const row = {
    id,
    organization: wellFormed('an organization', request.organization),
    stream: wellFormed('a stream', request.stream),
    note: noteOf(request.note),
    scopes: JSON.stringify(scopesOf(request)),
    networks: JSON.stringify(networksOf(request.networks)),
    created_at: now,
    expires_at: expiryOf(request.expiresAt, now),
    revoked_at: null,
    used_at: null,
    mac: macOf(key, id, secret).toString('base64'),
    digest_mac: digestMacOf(key, digestOf(id, token)),
  }
  await inserted(db.insertInto('api_key').values(row).execute(), {
    unique: `the key ${id} exists`,
    reference: `there is no organization ${request.organization}`,
  })
  return redacted({ key: apiKeyOf(row), token }, 'token')
}

/** The id is in it, so that rows copied over one another open nothing. */
export function macOf(key: ServerKey, id: string, secret: string): Buffer {
  return key.mac('api key', `${id}\0${secret}`)
}

/** It is looked up by this: who reads the database learns no digest, and who guesses one learns nothing from time. */
export function digestMacOf(key: ServerKey, digest: string): string {
  return key.mac('api key digest', digest).toString('base64')
}

function scopesOf({ organization, scopes }: NewApiKey): readonly Scope[] {
  const unknown = scopes.find((scope) => !isScope(scope))
  if (unknown !== undefined)
    throw new AccountError('malformed', `there is no scope ${unknown}; there are ${SCOPES.join(', ')}`)
  if (scopes.length === 0) throw new AccountError('malformed', 'a key without scopes can do nothing')
  const wanted = [...new Set(scopes.filter(isScope))]
  const theirs = wanted.find(isOperatorScope)
  if (theirs !== undefined && organization !== OPERATOR)
    throw new AccountError('malformed', `the scope ${theirs} is for keys of the organization ${OPERATOR}`)
  return wanted
}

const NETWORKS = 50

function networksOf(networks: readonly string[]): readonly string[] {
  if (networks.length > NETWORKS)
    throw new AccountError('malformed', `a key has ${NETWORKS} networks at most`)
  const parsed = parseRanges(networks)
  if (!parsed.ok)
    throw new AccountError('malformed', `${parsed.wrong.join(', ')}: expected a network such as 192.0.2.0/24`)
  return networks
}

function expiryOf(expiresAt: number | undefined, now: number): number | null {
  if (expiresAt !== undefined && expiresAt <= now)
    throw new AccountError('malformed', 'a key that expires must do so in the future')
  return expiresAt ?? null
}

export function apiKeyOf(row: Selectable<AccountTables['api_key']>): ApiKey {
  return {
    id: row.id,
    organization: row.organization,
    stream: row.stream,
    note: row.note,
    scopes: (JSON.parse(row.scopes) as readonly string[]).filter(isScope),
    networks: JSON.parse(row.networks) as readonly string[],
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.used_at !== null && { usedAt: row.used_at }),
  }
}
