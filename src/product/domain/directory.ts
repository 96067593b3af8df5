/** Whose a domain is and what signs for it, asked for every message; answered from memory. */

import type { Kysely } from 'kysely'

import { parseDomain } from '#grammar/address'
import { redacted } from '#platform/secret'
import type { ServerKey } from '#platform/secret'
import { cachedRead } from '#platform/store'
import type { Control } from '#platform/store'

import type { DkimKey, DomainDirectory, DomainOwners } from './domain.ts'
import { keyName } from './key-row.ts'
import type { KeyRow } from './key-row.ts'
import { DOMAIN_MIGRATIONS } from './tables.ts'
import type { DomainTables } from './tables.ts'

/** After `openAccounts` of the same database. */
export async function openDirectory(
  control: Control,
  key: ServerKey,
  now: () => number,
): Promise<DomainDirectory & DomainOwners> {
  const db = await control.tables<DomainTables>('domain', DOMAIN_MIGRATIONS)
  const find = cachedRead((domain) => closest(db, domain), now)
  const opened = new OpenedKeys(key)
  return {
    async maySend(organization, domain) {
      const name = parseDomain(domain)
      return name !== undefined && (await find(name))?.organization === organization
    },
    async owner(domain) {
      const name = parseDomain(domain)
      return name === undefined ? undefined : (await find(name))?.organization
    },
    async keys(domain) {
      const name = parseDomain(domain)
      const found = name === undefined ? undefined : await find(name)
      return found?.keys.map((row) => opened.open(row)) ?? []
    },
  }
}

type Found = { readonly organization: string; readonly keys: readonly KeyRow[] }

/**
 * The verified domain that `name` is or lies below; the longest, so that whoever has `news.example.com` verified
 * need not fear the owner of `example.com`, nor he an unverified claim on his subdomain.
 */
async function closest(db: Kysely<DomainTables>, name: string): Promise<Found | undefined> {
  const query = db.selectFrom('domain').select(['organization', 'name']).where('name', 'in', parents(name))
  const verified = await query.where('verified_at', 'is not', null).execute()
  const [domain] = verified.toSorted((a, b) => b.name.length - a.name.length)
  return domain && { organization: domain.organization, keys: await activeKeys(db, domain) }
}

/** `a.b.c` → `a.b.c`, `b.c`: never a top-level domain. */
function parents(name: string): string[] {
  const labels = name.split('.')
  return Array.from({ length: Math.max(1, labels.length - 1) }, (_, i) => labels.slice(i).join('.'))
}

function activeKeys(
  db: Kysely<DomainTables>,
  { organization, name }: { organization: string; name: string },
): Promise<KeyRow[]> {
  const query = db.selectFrom('dkim_key').selectAll().where('organization', '=', organization)
  return query.where('domain', '=', name).where('state', '=', 'active').orderBy('selector').execute()
}

/** More keys than this in use at once are opened more often. */
const MAXIMUM_KEYS = 20_000

/** Private keys by what they were sealed in, so that a key that has not changed stays the same object. */
class OpenedKeys {
  readonly #key: ServerKey
  readonly #opened = new Map<string, DkimKey>()

  constructor(key: ServerKey) {
    this.#key = key
  }

  /** @throws {SecretError} when the row was sealed by another server key or for another name */
  open(row: KeyRow): DkimKey {
    const known = this.#opened.get(row.private_key)
    if (known?.selector === row.selector && known.domain === row.domain) return known
    const { domain, selector, algorithm, record } = row
    const privateKey = this.#key.open('dkim', keyName(selector, domain), row.private_key)
    const opened = redacted({ domain, selector, algorithm, privateKey, record }, 'privateKey')
    if (this.#opened.size >= MAXIMUM_KEYS) this.#opened.clear()
    this.#opened.set(row.private_key, opened)
    return opened
  }
}
