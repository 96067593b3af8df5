/**
 * Signs what leaves, with every key of the author's domain. RFC 6376 §5, RFC 8463 §3
 * Not where keys are kept: they are handed in, private parts decrypted.
 */

import { createHash, createPrivateKey, sign as signOnPool } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import type { Content, Instant } from '#engine/spool'

import { BodyHash } from './body-hash.ts'
import { Head } from './head.ts'
import { cover } from './header.ts'
import type { Covered } from './header.ts'
import { unsignedField } from './signature-field.ts'

export type SigningKey = {
  /** The `d=` of the signature, A-labels. */
  readonly domain: string
  readonly selector: string
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  /** PKCS #8 PEM. */
  readonly privateKey: string
}

export type SignerOptions = {
  /**
   * The keys for an author's domain, A-labels. Give the same object for the same key: its parsed form is remembered
   * with the object, and parsing costs 40 µs.
   */
  readonly keysOf: (domain: string) => Promise<readonly SigningKey[]>
  /** Milliseconds that a signature is good for, `x=`. Absent: for ever, as receivers delay and lists archive. */
  readonly lifetime?: number
}

export type Signer = {
  /**
   * The DKIM-Signature fields to put before the header, one a key, each with its CRLF; `undefined` when the domain
   * has no keys. They hold for the content as DATA carries it, where a last line without CRLF gets one, and for
   * nothing that is changed afterwards: convert to 7 bits first. Chunked content is read once here, and once more by
   * whoever sends it. The header is held in memory; its size is the doors' to limit.
   *
   * All deliveries of one message can share the result, and should: RSA-2048 costs 0.33 ms of CPU. Keep the promise,
   * not the bytes, in a bounded map by message id, so that deliveries which start together sign once, and drop it
   * with the message's last active delivery; a retry hours later signs anew. Content that differs (a 7-bit form, a
   * header of its own for each recipient) is another entry.
   *
   * @throws {SigningError} when a key cannot be used: the mail must wait for the operator, not leave unsigned
   */
  sign(content: Content, authorDomain: string, now: Instant): Promise<Uint8Array | undefined>
}

/** `key`: the private key cannot be read, or is not of the kind it claims. */
export class SigningError extends Error {
  override readonly name = 'SigningError'
  readonly code: 'key'
  constructor(code: 'key', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function createSigner({ keysOf, lifetime }: SignerOptions): Signer {
  const parsed = new WeakMap<SigningKey, KeyObject>()
  return {
    async sign(content, authorDomain, now) {
      const keys = await keysOf(authorDomain)
      if (keys.length === 0) return undefined
      const digested =
        content.kind === 'whole' ? digestWhole(content.bytes) : await digestChunks(content.chunks())
      const fields = keys.toSorted(rsaFirst).map((key) => {
        const privateKey = parsed.getOrInsertComputed(key, parseKey)
        return signWith(key, privateKey, digested, { now, lifetime })
      })
      return Buffer.from((await Promise.all(fields)).join(''), 'latin1')
    },
  }
}

/** A receiver that looks at the first signature only is one that knows RSA only. */
function rsaFirst(a: SigningKey, b: SigningKey): number {
  return Number(b.algorithm === 'rsa-sha256') - Number(a.algorithm === 'rsa-sha256')
}

const KIND = { 'rsa-sha256': 'rsa', 'ed25519-sha256': 'ed25519' } as const

/** RFC 8301 §3.2 */
const RSA_BITS = 1024

function parseKey(key: SigningKey): KeyObject {
  const name = `DKIM key ${key.selector}._domainkey.${key.domain}`
  let parsed: KeyObject
  try {
    parsed = createPrivateKey(key.privateKey)
  } catch (cause) {
    throw new SigningError('key', `${name} cannot be read`, { cause })
  }
  if (parsed.asymmetricKeyType !== KIND[key.algorithm]) {
    throw new SigningError('key', `${name} is ${parsed.asymmetricKeyType}, not ${KIND[key.algorithm]}`)
  }
  if ((parsed.asymmetricKeyDetails?.modulusLength ?? RSA_BITS) < RSA_BITS) {
    throw new SigningError('key', `${name} is shorter than ${RSA_BITS} bits`)
  }
  return parsed
}

type Digested = { readonly covered: Covered; readonly bodyHash: string }

function digestWhole(bytes: Uint8Array): Digested {
  const head = new Head()
  const body = new BodyHash()
  body.update(head.take(asBuffer(bytes)))
  return { covered: cover(head.text()), bodyHash: body.digest() }
}

async function digestChunks(chunks: AsyncIterable<Uint8Array>): Promise<Digested> {
  const head = new Head()
  const body = new BodyHash()
  for await (const bytes of chunks) body.update(head.take(asBuffer(bytes)))
  return { covered: cover(head.text()), bodyHash: body.digest() }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

type Timing = { readonly now: Instant; readonly lifetime: number | undefined }

async function signWith(
  { domain, selector, algorithm }: SigningKey,
  key: KeyObject,
  { covered, bodyHash }: Digested,
  { now, lifetime }: Timing,
): Promise<string> {
  const signedAt = Math.floor(now / 1000)
  const field = unsignedField({
    algorithm,
    domain,
    selector,
    signedAt,
    ...(lifetime !== undefined && { expiresAt: signedAt + Math.ceil(lifetime / 1000) }),
    names: covered.names,
    bodyHash,
  })
  const data = Buffer.from(covered.canonical + field.canonical, 'latin1')
  return field.signed(
    algorithm === 'rsa-sha256' ? await onPool('sha256', data, key) : await ed25519(data, key),
  )
}

/** RFC 8463 §3: what PureEdDSA signs is the SHA-256 of the data. */
function ed25519(data: Buffer, key: KeyObject): Promise<Buffer> {
  return onPool(null, createHash('sha256').update(data).digest(), key)
}

/**
 * With a callback the work leaves for a thread of libuv's pool. Measured on two cores: RSA-2048 5,700 signatures/s
 * instead of 3,500 in the calling thread, which spends 20 µs each instead of 280; Ed25519 33,000 instead of 23,000,
 * 8 µs each instead of 44. The pool is one for the whole process, with `UV_THREADPOOL_SIZE` threads (4): as many as
 * there are cores is enough, and more only lengthens the wait of each.
 */
function onPool(digest: 'sha256' | null, data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signOnPool(digest, data, key, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(new SigningError('key', 'a signature could not be made', { cause: error }))
    })
  })
}
