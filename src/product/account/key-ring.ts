/** Whether an API key is right, asked for every request; answered from memory, and within a second of any change. */

import { timingSafeEqual } from 'node:crypto'

import type { Kysely } from 'kysely'

import { parseRanges } from '#platform/address-range'
import type { Ranges } from '#platform/address-range'
import type { Log } from '#platform/log'
import type { ServerKey } from '#platform/secret'
import { cachedRead } from '#platform/store'
import type { Control } from '#platform/store'

import { accountTables } from './accounts.ts'
import { parseDigest, parseKey } from './api-key.ts'
import type { ApiKey } from './api-key.ts'
import { apiKeyOf, digestMacOf, macOf } from './api-keys.ts'
import type { AccountTables } from './tables.ts'
import { Uses } from './uses.ts'

export type KeyCheck =
  | { readonly ok: true; readonly key: ApiKey }
  /** `unknown` of a wrong secret as well: who guesses learns nothing. The others are told to who has the secret. */
  | { readonly ok: false; readonly why: 'unknown' | 'revoked' | 'expired' | 'network' }

export type KeyRing = {
  /** `token`: a key, or its digest in base64. `address`: of the client, as far as it is known. */
  check(token: string, address: string): Promise<KeyCheck>
  /** Records the uses that have not been yet. Before the control database is closed. */
  close(): Promise<void>
}

export type KeyRingOptions = { readonly now: () => number; readonly log: Log }

export async function openKeyRing(
  control: Control,
  key: ServerKey,
  { now, log }: KeyRingOptions,
): Promise<KeyRing> {
  const db = await accountTables(control, key)
  const find = cachedRead((id) => findKey(db, 'id', id), now)
  const findDigest = cachedRead((mac) => findKey(db, 'digest_mac', mac), now)
  const uses = new Uses(db, { now, log, of: 'api_key' })
  async function holder(token: string): Promise<Found | undefined> {
    const digest = parseDigest(token)
    if (digest !== undefined) return await findDigest(digestMacOf(key, digest))
    const parts = parseKey(token)
    const found = parts && (await find(parts.id))
    return found && timingSafeEqual(found.mac, macOf(key, parts.id, parts.secret)) ? found : undefined
  }
  return {
    async check(token, address) {
      const found = await holder(token)
      if (found === undefined) return { ok: false, why: 'unknown' }
      const why = refusal(found, address, now())
      if (why !== undefined) return { ok: false, why }
      uses.add(found.key.id)
      return { ok: true, key: found.key }
    },
    close: () => uses.record(),
  }
}

type Found = { readonly key: ApiKey; readonly mac: Buffer; readonly networks: Ranges | undefined }

async function findKey(
  db: Kysely<AccountTables>,
  by: 'id' | 'digest_mac',
  value: string,
): Promise<Found | undefined> {
  const row = await db.selectFrom('api_key').selectAll().where(by, '=', value).executeTakeFirst()
  if (!row) return undefined
  const key = apiKeyOf(row)
  const parsed = key.networks.length > 0 ? parseRanges(key.networks) : undefined
  return { key, mac: Buffer.from(row.mac, 'base64'), networks: parsed?.ok ? parsed.ranges : undefined }
}

function refusal(
  { key, networks }: Found,
  address: string,
  now: number,
): 'revoked' | 'expired' | 'network' | undefined {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.expiresAt !== undefined && key.expiresAt <= now) return 'expired'
  // Ranges that cannot be read any more hold for no address.
  if (key.networks.length > 0 && networks?.matches(address) !== true) return 'network'
  return undefined
}
