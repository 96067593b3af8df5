/** What is kept of a password: enough to check it, in two ways, and nothing to learn it from. */

import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

import { verifierFromSalted } from '#grammar/sasl'
import type { ScramVerifier } from '#grammar/sasl'
import type { ServerKey } from '#platform/secret'
import { redacted } from '#platform/secret'

export type KeptPassword = {
  readonly passwordMac: string
  readonly scram: string
}

/**
 * The least of RFC 7677 §3. More is for passwords that people choose (§4): 130 random bits are not found by trying,
 * and every login would cost the client the difference.
 */
const ITERATIONS = 4096
const SALT_OCTETS = 16
const KEY_OCTETS = 32

/** No l, o, u or i: none looks like another, none makes a word, and it survives being read out. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

export type Random = (octets: number) => Uint8Array

export function randomText(length: number, random: Random = randomBytes): string {
  return Array.from(random(length), (octet) => ALPHABET[octet % ALPHABET.length]).join('')
}

const derive = promisify(pbkdf2)

/**
 * The SCRAM verifier is sealed although the password cannot be found from it: whoever has StoredKey and ServerKey
 * can play the server, and with one overheard exchange the client too (RFC 5802 §9). The MAC names the login, so
 * that rows copied over one another open nothing.
 */
export async function keepPassword(key: ServerKey, login: string, password: string): Promise<KeptPassword> {
  const salt = randomBytes(SALT_OCTETS)
  const salted = await derive(password, salt, ITERATIONS, KEY_OCTETS, 'sha256')
  const verifier = verifierFromSalted(salted, salt, ITERATIONS)
  return {
    passwordMac: macOf(key, login, password).toString('base64'),
    scram: sealVerifier(key, login, verifier),
  }
}

/** In time that does not depend on where they differ. */
export function passwordMatches(
  key: ServerKey,
  kept: KeptPassword,
  login: string,
  password: string,
): boolean {
  const expected = Buffer.from(kept.passwordMac, 'base64')
  const actual = macOf(key, login, password)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function macOf(key: ServerKey, login: string, password: string): Buffer {
  return key.mac('password', `${login}\0${password}`)
}

function sealVerifier(key: ServerKey, login: string, verifier: ScramVerifier): string {
  const { iterations } = verifier
  const [salt, storedKey, serverKey] = [verifier.salt, verifier.storedKey, verifier.serverKey].map(toBase64)
  return key.seal('scram', login, JSON.stringify({ iterations, salt, storedKey, serverKey }))
}

export function openVerifier(key: ServerKey, login: string, sealed: string): ScramVerifier {
  const { iterations, salt, storedKey, serverKey } = JSON.parse(
    key.open('scram', login, sealed),
  ) as SealedVerifier
  return verifierOf(fromBase64(salt), iterations, fromBase64(storedKey), fromBase64(serverKey))
}

type SealedVerifier = {
  readonly iterations: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

/** The verifier of a login that does not exist: no password fits, and its salt is the same tomorrow. */
export function madeUpVerifier(key: ServerKey, login: string): ScramVerifier {
  const salt = key.mac('made-up salt', login).subarray(0, SALT_OCTETS)
  return verifierOf(
    salt,
    ITERATIONS,
    key.mac('made-up stored key', login),
    key.mac('made-up server key', login),
  )
}

function verifierOf(salt: Buffer, iterations: number, storedKey: Buffer, serverKey: Buffer): ScramVerifier {
  return redacted({ salt, iterations, storedKey, serverKey }, 'storedKey', 'serverKey')
}

function toBase64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64')
}
