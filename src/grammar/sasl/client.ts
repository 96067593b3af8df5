/** The client side of PLAIN, LOGIN and SCRAM-SHA-256 as a value, for smart hosts and tests. RFC 4422 §3 */

import { pbkdf2Sync, timingSafeEqual } from 'node:crypto'

import { decode, decodeText, encode } from './base64.ts'
import { prepare } from './prepare.ts'
import { KEY, LEAST_ITERATIONS, attributes, encodeName, hmac, isNonce, sha256, xor } from './scram.ts'
import type { Mechanism } from './server.ts'

/** `nonce`: printable ASCII without commas, 18 random octets or more, new each time. */
export type Login = { readonly login: string; readonly password: string; readonly nonce: string }

/** What an exchange waits for. Only for `clientStep`. */
export type ClientWaiting =
  | { readonly for: 'end' }
  | { readonly for: 'LOGIN prompt'; readonly text: string; readonly next: ClientWaiting }
  | {
      readonly for: 'SCRAM server-first'
      readonly password: string
      readonly bare: string
      readonly nonce: string
    }
  | { readonly for: 'SCRAM server-final'; readonly signature: Uint8Array }

export type ClientStep =
  /** Send `text` (base64), give the text of the next 334 to `clientStep`; `mayEnd` says whether 235 may come instead. */
  | { readonly at: 'respond'; readonly text: string; readonly state: ClientWaiting }
  /** The server is not to be believed, or asks what we do not give: send `*`. `why` is for the log. */
  | { readonly at: 'abort'; readonly why: string }

/**
 * A server may ask for any number of iterations, and they are done on this thread: this many take about 50 ms.
 * RFC 5802 §9
 */
const MOST_ITERATIONS = 100_000

/** `text` goes into the AUTH command as initial response; for LOGIN, which has none, it is empty: send AUTH LOGIN alone. */
export function clientStart(mechanism: Mechanism, { login, password, nonce }: Login): ClientStep {
  const name = prepare(login)
  const word = prepare(password)
  if (name === undefined || word === undefined) return { at: 'abort', why: 'not a name or not a password' }
  switch (mechanism) {
    case 'PLAIN':
      return { at: 'respond', text: encode(`\0${name}\0${word}`), state: { for: 'end' } }
    case 'LOGIN': {
      const second: ClientWaiting = { for: 'LOGIN prompt', text: encode(word), next: { for: 'end' } }
      return { at: 'respond', text: '', state: { for: 'LOGIN prompt', text: encode(name), next: second } }
    }
    case 'SCRAM-SHA-256': {
      const bare = `n=${encodeName(name)},r=${nonce}`
      const state: ClientWaiting = { for: 'SCRAM server-first', password: word, bare, nonce }
      return { at: 'respond', text: encode(`n,,${bare}`), state }
    }
  }
}

/** `challenge` is the text of the server's 334. */
export function clientStep(state: ClientWaiting, challenge: string): ClientStep {
  switch (state.for) {
    case 'end':
      return { at: 'abort', why: 'a challenge after the end' }
    case 'LOGIN prompt':
      // What the prompt says is not looked at: servers translate it.
      return { at: 'respond', text: state.text, state: state.next }
    case 'SCRAM server-first':
      return proof(state, decodeText(challenge) ?? '')
    case 'SCRAM server-final':
      return serverFinal(state.signature, decodeText(challenge) ?? '')
  }
}

/**
 * Whether a 235 may be believed in this state: a SCRAM server has to show first that it knows the password too.
 * RFC 5802 §3
 */
export function mayEnd(state: ClientWaiting): boolean {
  return state.for === 'end'
}

function proof(
  { password, bare, nonce }: Extract<ClientWaiting, { for: 'SCRAM server-first' }>,
  first: string,
): ClientStep {
  const { combined, salt, iterations } = serverFirst(first)
  if (!isNonce(combined) || !combined.startsWith(nonce) || combined === nonce || salt.length === 0)
    return { at: 'abort', why: 'the server-first-message is wrong' }
  if (!(iterations >= LEAST_ITERATIONS && iterations <= MOST_ITERATIONS))
    return { at: 'abort', why: `${iterations} iterations` }
  const salted = pbkdf2Sync(password, salt, iterations, KEY, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const withoutProof = `c=${encode('n,,')},r=${combined}`
  const authMessage = `${bare},${first},${withoutProof}`
  const proved = xor(clientKey, hmac(sha256(clientKey), authMessage))
  const signature = hmac(hmac(salted, 'Server Key'), authMessage)
  const text = encode(`${withoutProof},p=${encode(proved)}`)
  return { at: 'respond', text, state: { for: 'SCRAM server-final', signature } }
}

type ServerFirst = { readonly combined: string; readonly salt: Uint8Array; readonly iterations: number }

/** `r=nonce,s=salt,i=iterations`; empty and NaN what is missing or wrong. RFC 5802 §3 */
function serverFirst(message: string): ServerFirst {
  const [combined = '', salt = '', count = ''] = attributes(message, ['r', 's', 'i']) ?? []
  const iterations = /^[1-9]\d{0,9}$/.test(count) ? Number(count) : NaN
  return { combined, salt: decode(salt) ?? new Uint8Array(), iterations }
}

function serverFinal(signature: Uint8Array, final: string): ClientStep {
  const [verifier = ''] = attributes(final, ['v']) ?? []
  const theirs = decode(verifier)
  if (theirs?.length !== KEY || !timingSafeEqual(theirs, signature))
    return {
      at: 'abort',
      why: final.startsWith('e=') ? final.slice(2, 100) : 'the server does not know the password',
    }
  return { at: 'respond', text: '', state: { for: 'end' } }
}
