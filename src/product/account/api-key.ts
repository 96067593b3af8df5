/** API keys: what programs show to the HTTP API. How they are kept and checked: `api-keys.ts`, `key-ring.ts`. */

import { isOperatorScope, isScope, OPERATOR, OPERATOR_SCOPES, SCOPES } from '#grammar/scope'
import type { Scope } from '#grammar/scope'

import { createHash } from 'node:crypto'

export { isOperatorScope, isScope, OPERATOR, OPERATOR_SCOPES, SCOPES }
export type { Scope }

export type ApiKey = {
  /** The part of the key that may be shown. */
  readonly id: string
  readonly organization: string
  /** Where messages go that name no stream. */
  readonly stream: string
  readonly note: string
  readonly scopes: readonly Scope[]
  /** CIDR blocks that it may be used from; empty: from everywhere. */
  readonly networks: readonly string[]
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  /** To a minute or so. */
  readonly usedAt?: number
}

/** So that secret scanners and people know one where they see it. */
const PREFIX = 'hk_'

const ID_LENGTH = 10
/** 130 random bits: five a character. */
const SECRET_LENGTH = 26

export const KEY_LENGTHS = { id: ID_LENGTH, secret: SECRET_LENGTH }

const KEY = /^hk_([0-9a-z]{10})_([0-9a-z]{26})$/

export function formatKey(id: string, secret: string): string {
  return `${PREFIX}${id}_${secret}`
}

/** Its two parts; `undefined` for what cannot be a key, which is then not looked up. */
export function parseKey(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** As programs made for Blastengine show a key: their login id, which is the id, and the key, hashed together. */
export function digestOf(id: string, token: string): string {
  return createHash('sha256').update(`${id}${token}`).digest('hex')
}

const HASH = /^[0-9a-f]{64}$/
/** 64 octets in base64. */
const HASH_LENGTH = 88

/** The digest that a token in base64 stands for; `undefined` for what cannot be one. */
export function parseDigest(text: string): string | undefined {
  if (text.length !== HASH_LENGTH) return undefined
  const digest = Buffer.from(text, 'base64').toString('latin1')
  return HASH.test(digest) ? digest : undefined
}
