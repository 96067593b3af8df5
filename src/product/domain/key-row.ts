/** A DKIM key as its table has it, as people see it, and how it is sealed. */

import { randomBytes } from 'node:crypto'

import type { Selectable } from 'kysely'

import type { ServerKey } from '#platform/secret'

import type { DkimKey, KeyState } from './domain.ts'
import type { KeyPair } from './key-pair.ts'
import type { DomainTables } from './tables.ts'

export type KeyRow = Selectable<DomainTables['dkim_key']>

/** A key as people see it: everything but the private part. */
export type PublishedKey = Omit<DkimKey, 'privateKey'> & {
  readonly state: KeyState
  readonly createdAt: number
  /** Since when it has its state. */
  readonly since: number
  /** Of a retired key: its record must stay published until then. */
  readonly removableAt?: number
}

/**
 * How long the record of a retired key stays, in ms: a message may wait five days (RFC 5321 §4.5.4.1), and what
 * arrived is verified again by the mail programs and archives that open it soon after.
 */
export const RECORD_STAYS = 7 * 86_400_000

export function publishedOf(row: KeyRow): PublishedKey {
  const { domain, selector, algorithm, record, state, created_at } = row
  const since = row.changed_at ?? created_at
  const retired = state === 'retired' ? { removableAt: since + RECORD_STAYS } : {}
  return { domain, selector, algorithm, record, state, createdAt: created_at, since, ...retired }
}

/** What a sealed private key is bound to: copied to another selector or domain it does not open. */
export function keyName(selector: string, domain: string): string {
  return `${selector}._domainkey.${domain}`
}

const KIND = { 'rsa-sha256': 'rsa', 'ed25519-sha256': 'ed25519' } as const

export type NewKey = {
  readonly organization: string
  readonly domain: string
  readonly state: KeyState
  readonly at: number
}

/**
 * A selector is never used twice, not even after a domain was removed and added again: resolvers may remember the
 * old record for days.
 */
export function keyRow(key: ServerKey, { organization, domain, state, at }: NewKey, pair: KeyPair): KeyRow {
  const { algorithm, privateKey, record } = pair
  const selector = `hk-${randomBytes(4).toString('hex')}-${KIND[algorithm]}`
  return {
    organization,
    domain,
    selector,
    algorithm,
    state,
    created_at: at,
    changed_at: null,
    record,
    private_key: key.seal('dkim', keyName(selector, domain), privateKey),
  }
}
