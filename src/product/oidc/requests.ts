/** Sign-ins that have gone to a provider and not come back: each answered once, by the browser that began it. */

import { randomBytes } from 'node:crypto'

import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'

import { OIDC_MIGRATIONS } from './tables.ts'
import type { OidcTables } from './tables.ts'

/** What the answer is held against. */
export type Waiting = {
  readonly provider: string
  readonly nonce: string
  /** RFC 7636 §4.1 */
  readonly verifier: string
  /** Where they want to go on. */
  readonly organization?: string
  /** Who has asked, while signed in, for the identity to become theirs. */
  readonly account?: string
}

export type OidcRequests = {
  /** The state for the provider, and what only the browser is told that begins. */
  add(waiting: Waiting): Promise<{ readonly state: string; readonly browser: string }>
  /** `undefined`: there is none, it is too old, or another browser began it. It is gone in any case. */
  take(state: string, browser: string): Promise<Waiting | undefined>
}

/** In ms: as long as somebody may look for the password of the provider. */
const HOLDS = 900_000

const TOKEN_OCTETS = 32

export async function openOidcRequests(
  control: Control,
  key: ServerKey,
  now: () => number,
): Promise<OidcRequests> {
  const db = await control.tables<OidcTables>('oidc', OIDC_MIGRATIONS)
  const macOf = (what: 'state' | 'browser', token: string): string =>
    key.mac(`oidc ${what}`, token).toString('base64')
  return {
    async add({ provider, ...rest }) {
      const state = newToken()
      const browser = newToken()
      const mac = macOf('state', state)
      const at = now()
      await db.deleteFrom('oidc_request').where('expires_at', '<=', at).execute()
      await db
        .insertInto('oidc_request')
        .values({
          mac,
          browser: macOf('browser', browser),
          provider,
          sealed: key.seal('oidc', mac, JSON.stringify(rest)),
          expires_at: at + HOLDS,
        })
        .execute()
      return { state, browser }
    },
    async take(state, browser) {
      const mac = macOf('state', state)
      const row = await db.deleteFrom('oidc_request').where('mac', '=', mac).returningAll().executeTakeFirst()
      if (row === undefined || row.expires_at <= now()) return undefined
      if (row.browser !== macOf('browser', browser)) return undefined
      const rest = JSON.parse(key.open('oidc', mac, row.sealed)) as Omit<Waiting, 'provider'>
      return { provider: row.provider, ...rest }
    },
  }
}

function newToken(): string {
  return randomBytes(TOKEN_OCTETS).toString('base64url')
}
