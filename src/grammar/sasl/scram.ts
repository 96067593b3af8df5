/** The keys and messages of SCRAM-SHA-256 that both sides share. RFC 5802, RFC 7677 */

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

import { prepare } from './prepare.ts'

/** What a server keeps; never the password. RFC 5802 §3 */
export type ScramVerifier = {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** Octets of every key. */
export const KEY = 32

/** RFC 7677 §4 */
export const LEAST_ITERATIONS = 4096

/**
 * Takes about a millisecond for each 2,000 iterations, on this thread.
 * @throws {RangeError} for a password that SASLprep prohibits, or fewer iterations than RFC 7677 §4 allows
 */
export function scramVerifier(password: string, salt: Uint8Array, iterations: number): ScramVerifier {
  const prepared = prepare(password)
  if (prepared === undefined || prepared === '') throw new RangeError('not a password')
  if (iterations < LEAST_ITERATIONS) throw new RangeError(`fewer than ${LEAST_ITERATIONS} iterations`)
  return verifierFromSalted(pbkdf2Sync(prepared, salt, iterations, KEY, 'sha256'), salt, iterations)
}

/** For those who run PBKDF2-HMAC-SHA-256 elsewhere: `salted` is its 32 octets. RFC 5802 §3 */
export function verifierFromSalted(salted: Uint8Array, salt: Uint8Array, iterations: number): ScramVerifier {
  const storedKey = sha256(hmac(salted, 'Client Key'))
  return { salt, iterations, storedKey, serverKey: hmac(salted, 'Server Key') }
}

export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

export function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Of equal length. RFC 5802 §2.2 */
export function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((octet, i) => octet ^ (b[i] ?? 0)))
}

/**
 * `a=1,b=2` with its attributes in exactly this order; what follows them is extensions, which begin with no `m`:
 * those would have to be understood. RFC 5802 §5.1
 */
export function attributes(message: string, names: readonly string[]): readonly string[] | undefined {
  const values: string[] = []
  for (const [i, part] of message.split(',').entries()) {
    const name = names[i]
    if (name === undefined ? !/^[a-ln-z]=/i.test(part) : !part.startsWith(`${name}=`)) return undefined
    if (name !== undefined) values.push(part.slice(2))
  }
  return values.length === names.length ? values : undefined
}

/** RFC 5802 §5.1: printable ASCII without comma. */
export function isNonce(text: string): boolean {
  return /^[!-+\--~]+$/.test(text)
}

/** `=2C` and `=3D` are how a name says comma and equals sign; any other `=` is wrong. RFC 5802 §5.1 */
export function decodeName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

export function encodeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}
