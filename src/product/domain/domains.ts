/** What the operator does with domains. What doors and signing ask of them: `directory.ts`. */

import type { Kysely, Selectable } from 'kysely'

import { parseDomain } from '#grammar/address'
import type { ServerKey } from '#platform/secret'
import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { dkimRecord, policyRecords } from './dns-record.ts'
import type { DnsRecord, Node } from './dns-record.ts'
import { DomainError } from './domain.ts'
import type { Domain, KeyState } from './domain.ts'
import { makeKeyPairs } from './key-pair.ts'
import type { MakeKeyPairs } from './key-pair.ts'
import { keyRow, publishedOf, RECORD_STAYS } from './key-row.ts'
import type { KeyRow, PublishedKey } from './key-row.ts'
import { activatePublished, insertPublished } from './rotation.ts'
import { DOMAIN_MIGRATIONS } from './tables.ts'
import type { DomainTables } from './tables.ts'

export type DomainView = {
  readonly domain: Domain
  readonly keys: readonly PublishedKey[]
  /** What is to be published, DKIM first. */
  readonly records: readonly DnsRecord[]
}

export type NewDomain = {
  readonly organization: string
  /** In any form: `例え.jp`, `EXAMPLE.com`. */
  readonly name: string
  /**
   * Whether the organization is taken at its word. For who adds domains by command that is right: whoever runs
   * commands on this machine can read every key and change every row, so there is nobody else to prove it to. A
   * tenant's own claim must not be verified by saying so.
   */
  readonly verified: boolean
}

/** Every question is asked for one organization, and answered for it alone. */
export type Domains = {
  /**
   * Claims or verifies, and makes an RSA and an Ed25519 key, active at once: until their records are published,
   * receivers see signatures whose key is missing, which is the same to them as none (RFC 6376 §6.1).
   * @throws {DomainError} `malformed`, `organization`; `taken` when it was added to the organization before, or is to
   * be verified and another organization has it. (A claim is not told that: it would show who our tenants are.)
   */
  add(request: NewDomain): Promise<DomainView>
  list(organization: string): Promise<readonly Domain[]>
  /** `undefined` when the organization has no such domain. */
  show(organization: string, name: string): Promise<DomainView | undefined>
  /**
   * Turns a claim into a domain; `false` when the organization claims no such name.
   * @throws {DomainError} `taken` when another organization has it
   */
  verify(organization: string, name: string): Promise<boolean>
  /**
   * Begins a rotation: makes a key of each kind that is to be published and signs nothing yet. When such keys are
   * there already it makes none. `undefined` when the organization has no such domain.
   */
  rotate(organization: string, name: string): Promise<DomainView | undefined>
  /**
   * Ends a rotation: the published keys named sign from now on, those that signed are retired. Whether the DNS shows
   * the new ones is for the caller to know. `undefined` when the organization has no such domain.
   * @throws {DomainError} `rotation` when none of them waits
   */
  activate(organization: string, name: string, selectors: readonly string[]): Promise<DomainView | undefined>
}

export type DomainsOptions = {
  readonly now: () => number
  readonly node: Node
  readonly keyPairs?: MakeKeyPairs
}

/** After `openAccounts` of the same database: its organizations are what domains belong to. */
export async function openDomains(
  control: Control,
  key: ServerKey,
  { now, node, keyPairs = makeKeyPairs }: DomainsOptions,
): Promise<Domains> {
  const db = await control.tables<DomainTables>('domain', DOMAIN_MIGRATIONS)
  const show: Domains['show'] = async (organization, name) => {
    const domain = await findDomain(db, organization, parseDomain(name) ?? '')
    return domain && viewOf(domain, await keysOf(db, domain), node, now())
  }
  const newKeys = async (organization: string, domain: string, state: KeyState): Promise<KeyRow[]> => {
    const pairs = await keyPairs()
    return pairs.map((pair) => keyRow(key, { organization, domain, state, at: now() }, pair))
  }
  return {
    show,
    async add({ organization, name: text, verified }) {
      const name = parseDomain(text)
      if (name === undefined || !name.includes('.'))
        throw new DomainError('malformed', `${text} is no domain`)
      const domain = { organization, name, created_at: now(), verified_at: verified ? now() : null }
      const keys = await newKeys(organization, name, 'active')
      await insertDomain(db, domain, keys)
      return viewOf(domain, keys, node, now())
    },
    async list(organization) {
      const query = db
        .selectFrom('domain')
        .selectAll()
        .where('organization', '=', organization)
        .orderBy('name')
      return (await query.execute()).map(domainOf)
    },
    verify: (organization, name) => verify(db, organization, parseDomain(name) ?? '', now()),
    async rotate(organization, text) {
      const domain = await findDomain(db, organization, parseDomain(text) ?? '')
      if (domain === undefined) return undefined
      const keys = await newKeys(organization, domain.name, 'published')
      await insertPublished(db, domain, keys, now() - RECORD_STAYS)
      return show(organization, domain.name)
    },
    async activate(organization, text, selectors) {
      const domain = await findDomain(db, organization, parseDomain(text) ?? '')
      if (domain === undefined) return undefined
      await activatePublished(db, domain, selectors, now())
      return show(organization, domain.name)
    },
  }
}

type DomainRow = Selectable<DomainTables['domain']>

function viewOf(row: DomainRow, rows: readonly KeyRow[], node: Node, now: number): DomainView {
  const keys = rows.map(publishedOf)
  return {
    domain: domainOf(row),
    keys,
    records: [...keys.flatMap((key) => keyRecord(key, now)), ...policyRecords(row.name, node)],
  }
}

/** None for a retired key whose time is over. */
function keyRecord({ domain, selector, record, removableAt }: PublishedKey, now: number): DnsRecord[] {
  const shown = dkimRecord(domain, selector, record)
  if (removableAt === undefined) return [shown]
  return removableAt > now ? [{ ...shown, keepUntil: removableAt }] : []
}

async function findDomain(
  db: Kysely<DomainTables>,
  organization: string,
  name: string,
): Promise<DomainRow | undefined> {
  const query = db.selectFrom('domain').selectAll().where('organization', '=', organization)
  return query.where('name', '=', name).executeTakeFirst()
}

function keysOf(db: Kysely<DomainTables>, { organization, name }: DomainRow): Promise<KeyRow[]> {
  const query = db.selectFrom('dkim_key').selectAll().where('organization', '=', organization)
  return query.where('domain', '=', name).orderBy('created_at').orderBy('selector').execute()
}

async function insertDomain(
  db: Kysely<DomainTables>,
  domain: DomainRow,
  keys: readonly KeyRow[],
): Promise<void> {
  try {
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto('domain').values(domain).execute()
      await transaction
        .insertInto('dkim_key')
        .values([...keys])
        .execute()
    })
  } catch (cause) {
    throw errorOf(domain, cause)
  }
}

async function verify(
  db: Kysely<DomainTables>,
  organization: string,
  name: string,
  now: number,
): Promise<boolean> {
  const domain = await findDomain(db, organization, name)
  if (domain === undefined || domain.verified_at !== null) return domain !== undefined
  const update = db.updateTable('domain').set({ verified_at: now }).where('organization', '=', organization)
  try {
    await update.where('name', '=', name).execute()
  } catch (cause) {
    throw errorOf(domain, cause)
  }
  return true
}

function errorOf({ name, organization }: DomainRow, cause: unknown): unknown {
  switch (violationOf(cause)) {
    case 'unique':
      return new DomainError('taken', `${name} belongs to an organization already`, { cause })
    case 'reference':
      return new DomainError('organization', `there is no organization ${organization}`, { cause })
    case undefined:
      return cause
  }
}

function domainOf(row: DomainRow): Domain {
  return {
    name: row.name,
    organization: row.organization,
    createdAt: row.created_at,
    ...(row.verified_at !== null && { verifiedAt: row.verified_at }),
  }
}
