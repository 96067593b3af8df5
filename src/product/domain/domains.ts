/** What the operator does with domains. What doors and signing ask of them: `directory.ts`. */

import { randomBytes } from 'node:crypto'

import type { Kysely } from 'kysely'

import { parseDomain } from '#grammar/address'
import type { ServerKey } from '#platform/secret'
import { violationOf } from '#platform/store'
import type { Control } from '#platform/store'

import { claimDue, settleLook } from './checks.ts'
import type { DomainChange } from './checks.ts'
import { dkimRecord, ownershipRecord, policyRecords } from './dns-record.ts'
import type { DnsRecord, Node } from './dns-record.ts'
import { DomainError } from './domain.ts'
import type { Domain, KeyState } from './domain.ts'
import { domainOf, statusesOf } from './domain-row.ts'
import type { DomainRow } from './domain-row.ts'
import { makeKeyPairs } from './key-pair.ts'
import type { MakeKeyPairs } from './key-pair.ts'
import { keyRow, publishedOf, RECORD_STAYS } from './key-row.ts'
import type { KeyRow, PublishedKey } from './key-row.ts'
import type { CheckOptions, Look, RecordStatus } from './record-status.ts'
import { activatePublished, insertPublished } from './rotation.ts'
import { DOMAIN_MIGRATIONS } from './tables.ts'
import type { DomainTables } from './tables.ts'

export type DomainView = {
  readonly domain: Domain
  readonly keys: readonly PublishedKey[]
  /** What is to be published: what shows ownership, where that is needed, then DKIM. */
  readonly records: readonly DnsRecord[]
  /** What the last look into the DNS found of those there were then. */
  readonly statuses: readonly RecordStatus[]
}

export type NewDomain = {
  readonly organization: string
  /** In any form: `例え.jp`, `EXAMPLE.com`. */
  readonly name: string
  /**
   * Whether the organization is taken at its word. For who adds domains by command that is right: whoever runs
   * commands on this machine can read every key and change every row, so there is nobody else to prove it to. A
   * tenant's own claim must not be verified by saying so: a record in the DNS shows it.
   */
  readonly verified: boolean
}

/** Every question is asked for one organization, and answered for it alone. */
export type Domains = {
  /**
   * Claims or verifies, and makes an RSA and an Ed25519 key, active at once: until their records are published,
   * receivers see signatures whose key is missing, which is the same to them as none (RFC 6376 §6.1).
   * @throws {DomainError} `malformed`, `organization`, `limit`; `taken` when it was added to the organization before, or is to
   * be verified and another organization has it. (A claim is not told that: it would show who our tenants are.)
   */
  add(request: NewDomain): Promise<DomainView>
  list(organization: string): Promise<readonly Domain[]>
  /** `undefined` when the organization has no such domain. */
  show(organization: string, name: string): Promise<DomainView | undefined>
  /**
   * Takes the organization at its word from now on; `false` when it claims no such name.
   * @throws {DomainError} `taken` when another organization has it
   */
  vouch(organization: string, name: string): Promise<boolean>
  /** With its keys; `undefined` when the organization has no such domain. Gives it as it was. */
  remove(organization: string, name: string): Promise<Domain | undefined>
  /** Up to `limit` domains of all organizations whose DNS is to be looked at now, by this caller and no other. */
  claimDue(limit: number): Promise<readonly DomainView[]>
  /** Keeps what a look found, verifies whom it shows to be the owner, and says what changed. */
  settle(domain: Domain, look: Look): Promise<readonly DomainChange[]>
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
  /** How often a good domain is looked at, and the dice that spread it; otherwise each six hours, unspread. */
  readonly checks?: CheckOptions
}

const CHECKS: CheckOptions = { every: 6 * 3_600_000, random: () => 0.5 }

/** Milliseconds after which a domain that was just added is looked at first: somebody publishes its records meanwhile. */
const FIRST_LOOK = 60_000

/** Claims of one organization that nothing shows to be its: each has keys, and is looked up. */
const CLAIMS = 100

/** After `openAccounts` of the same database: its organizations are what domains belong to. */
export async function openDomains(
  control: Control,
  key: ServerKey,
  { now, node, keyPairs = makeKeyPairs, checks = CHECKS }: DomainsOptions,
): Promise<Domains> {
  const db = await control.tables<DomainTables>('domain', DOMAIN_MIGRATIONS)
  const show: Domains['show'] = async (organization, name) => {
    const domain = await findDomain(db, organization, parseDomain(name) ?? '')
    return domain && view(domain)
  }
  const view = async (row: DomainRow): Promise<DomainView> => viewOf(row, await keysOf(db, row), node, now())
  const newKeys = async (organization: string, domain: string, state: KeyState): Promise<KeyRow[]> => {
    const pairs = await keyPairs()
    return pairs.map((pair) => keyRow(key, { organization, domain, state, at: now() }, pair))
  }
  return {
    show,
    async add({ organization, name: text, verified }) {
      const name = nameOf(text)
      if (!verified) await refuseMore(db, organization)
      const domain = newRow(organization, name, { verified, now: now() })
      const keys = await newKeys(organization, name, 'active')
      await insertDomain(db, domain, keys)
      return viewOf(domain, keys, node, now())
    },
    async list(organization) {
      const query = db.selectFrom('domain').selectAll().where('organization', '=', organization)
      return (await query.orderBy('name').execute()).map(domainOf)
    },
    vouch: (organization, name) => vouch(db, organization, parseDomain(name) ?? '', now()),
    remove: (organization, name) => remove(db, organization, parseDomain(name) ?? ''),
    async claimDue(limit) {
      return Promise.all((await claimDue(db, now(), limit)).map(view))
    },
    async settle({ organization, name }, look) {
      const row = await findDomain(db, organization, name)
      return row === undefined ? [] : settleLook(db, row, look, { ...checks, now: now() })
    },
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

function nameOf(text: string): string {
  const name = parseDomain(text)
  if (name === undefined || !name.includes('.')) throw new DomainError('malformed', `${text} is no domain`)
  return name
}

type Beginning = { readonly verified: boolean; readonly now: number }

/** Octets of a token, written in hexadecimal: nobody guesses what another organization is to publish. */
const TOKEN = 16

function newRow(organization: string, name: string, { verified, now }: Beginning): DomainRow {
  return {
    organization,
    name,
    created_at: now,
    verified_at: verified ? now : null,
    token: verified ? null : randomBytes(TOKEN).toString('hex'),
    due_at: now + FIRST_LOOK,
    checked_at: null,
    health: 'unchecked',
    failures: 0,
    found: null,
    return_path: null,
  }
}

async function refuseMore(db: Kysely<DomainTables>, organization: string): Promise<void> {
  const claims = db.selectFrom('domain').select('name').where('organization', '=', organization)
  const found = await claims.where('verified_at', 'is', null).limit(CLAIMS).execute()
  if (found.length < CLAIMS) return
  throw new DomainError('limit', `${CLAIMS} domains wait to be verified already: verify or remove some`)
}

function viewOf(row: DomainRow, rows: readonly KeyRow[], node: Node, now: number): DomainView {
  const keys = rows.map(publishedOf)
  return {
    domain: domainOf(row),
    keys,
    records: [
      ...(row.token === null ? [] : [ownershipRecord(row.name, row.token)]),
      ...keys.flatMap((key) => keyRecord(key, now)),
      ...policyRecords(row.name, node),
    ],
    statuses: statusesOf(row),
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

async function remove(
  db: Kysely<DomainTables>,
  organization: string,
  name: string,
): Promise<Domain | undefined> {
  const row = await findDomain(db, organization, name)
  if (row === undefined) return undefined
  const gone = db.deleteFrom('domain').where('organization', '=', organization)
  await gone.where('name', '=', name).execute()
  return domainOf(row)
}

async function vouch(
  db: Kysely<DomainTables>,
  organization: string,
  name: string,
  now: number,
): Promise<boolean> {
  const domain = await findDomain(db, organization, name)
  if (domain === undefined) return false
  const owned = { verified_at: domain.verified_at ?? now, token: null }
  const update = db.updateTable('domain').set(owned).where('organization', '=', organization)
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
