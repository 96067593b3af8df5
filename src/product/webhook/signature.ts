/** What shows a receiver that a request is ours: the Standard Webhooks specification, version 1. */

import { randomBytes } from 'node:crypto'

import { Webhook as Signer } from 'standardwebhooks'

import type { ServerKey } from '#platform/secret'

import type { WebhookRow } from './tables.ts'

const PURPOSE = 'webhook'

/** Octets; the specification asks for 24 to 64. */
const SECRET = 32

export function newSecret(): string {
  return `whsec_${randomBytes(SECRET).toString('base64')}`
}

export function sealed(key: ServerKey, id: string, secret: string): string {
  return key.seal(PURPOSE, id, secret)
}

/** The newest first; the one before it as long as it is said to sign as well. @throws {SecretError} */
export function secretsOf(
  key: ServerKey,
  row: Pick<WebhookRow, 'id' | 'secret' | 'old_secret' | 'old_until'>,
  now: number,
): readonly string[] {
  const { id, secret, old_secret: old, old_until: until } = row
  const all = old !== null && until !== null && until > now ? [secret, old] : [secret]
  return all.map((one) => key.open(PURPOSE, id, one))
}

/** The three header fields of a request; a signature for each secret. */
export function signed(
  secrets: readonly string[],
  id: string,
  at: number,
  body: string,
): Readonly<Record<string, string>> {
  const time = new Date(at)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': secrets.map((secret) => new Signer(secret).sign(id, time, body)).join(' '),
  }
}
