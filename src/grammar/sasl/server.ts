/**
 * The server side of PLAIN, LOGIN and SCRAM-SHA-256 as a value: texts of 334 out, responses in. Passwords are checked
 * and verifiers found by whoever drives it, who may wait for them. RFC 4422 §3, RFC 4954 §4
 */

import { timingSafeEqual } from 'node:crypto'

import { decode, decodeText, encode } from './base64.ts'
import { prepare } from './prepare.ts'
import { KEY, attributes, decodeName, hmac, isNonce, sha256, xor } from './scram.ts'
import type { ScramVerifier } from './scram.ts'

/** In the order in which they are offered. */
export const MECHANISMS = ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'] as const

export type Mechanism = (typeof MECHANISMS)[number]

/** What an exchange waits for. Only for `step`. */
export type Waiting =
  | { readonly for: 'PLAIN response'; readonly nonce: string }
  | { readonly for: 'LOGIN name' }
  | { readonly for: 'LOGIN password'; readonly login: string }
  | { readonly for: 'SCRAM first'; readonly nonce: string }
  | {
      readonly for: 'SCRAM proof'
      readonly verifier: ScramVerifier
      readonly first: ScramFirst
      readonly server: string
    }
  | { readonly for: 'SCRAM end'; readonly login: string }

/** What a SCRAM client has said first; only for `resume`. */
export type ScramFirst = {
  readonly login: string
  /** `n,,` or `y,,`, with the authorization identity if there is one. */
  readonly gs2: string
  readonly bare: string
  /** The client's and ours. */
  readonly nonce: string
}

export type ServerStep =
  /** Send `text` (base64, may be empty) with 334, and give the answer to `step`. */
  | { readonly at: 'challenge'; readonly text: string; readonly state: Waiting }
  /** PLAIN and LOGIN: the pair to be checked. The exchange is over. */
  | { readonly at: 'check'; readonly login: string; readonly password: string }
  /** SCRAM: find the verifier of `login`, or make one up, and give it to `resume`. */
  | { readonly at: 'lookup'; readonly login: string; readonly first: ScramFirst }
  /** SCRAM: the client knows the password of `login`, and has been shown that we do. The exchange is over. */
  | { readonly at: 'proved'; readonly login: string }
  /** `malformed` is 501 5.5.2, `failed` 535 5.7.8; `why` is for the log. SCRAM's are the words of RFC 5802 §7. */
  | { readonly at: 'refused'; readonly kind: 'malformed' | 'failed'; readonly why: string }

/** `Username:` and `Password:`, which some clients wait for to the letter. */
const LOGIN_PROMPTS = { name: encode('Username:'), password: encode('Password:') } as const

/** The client gives up. RFC 4954 §4 */
export function isCancel(response: string): boolean {
  return response === '*'
}

export function parseMechanism(text: string): Mechanism | undefined {
  return MECHANISMS.find((mechanism) => mechanism === text.toUpperCase())
}

/**
 * `initial` is as it stands in AUTH: base64, or `=` for an empty response. `nonce` is ours for SCRAM, printable ASCII
 * without commas, 18 random octets or more, new each time. RFC 5802 §5.1
 */
export function start(mechanism: Mechanism, nonce: string, initial?: string): ServerStep {
  const waiting = firstOf(mechanism, nonce)
  // RFC 4954 §4: a challenge that is empty, or LOGIN's first prompt.
  if (initial === undefined)
    return { at: 'challenge', text: mechanism === 'LOGIN' ? LOGIN_PROMPTS.name : '', state: waiting }
  return step(waiting, initial === '=' ? '' : initial)
}

function firstOf(mechanism: Mechanism, nonce: string): Waiting {
  switch (mechanism) {
    case 'PLAIN':
      return { for: 'PLAIN response', nonce }
    case 'LOGIN':
      return { for: 'LOGIN name' }
    case 'SCRAM-SHA-256':
      return { for: 'SCRAM first', nonce }
  }
}

/** `response` is the client's line without CRLF. Cancelling with `*` is for the caller to see first. */
export function step(state: Waiting, response: string): ServerStep {
  const text = decodeText(response)
  if (text === undefined) return malformed('not base64 of UTF-8')
  switch (state.for) {
    case 'PLAIN response':
      return plain(text)
    case 'LOGIN name':
      return loginName(text)
    case 'LOGIN password':
      return pair(state.login, text)
    case 'SCRAM first':
      return scramFirst(text, state.nonce)
    case 'SCRAM proof':
      return scramProof(state, text)
    case 'SCRAM end':
      return text === '' ? { at: 'proved', login: state.login } : malformed('words after the end')
  }
}

function malformed(why: string): ServerStep {
  return { at: 'refused', kind: 'malformed', why }
}

function failed(why: string): ServerStep {
  return { at: 'refused', kind: 'failed', why }
}

/** `authzid NUL authcid NUL passwd`. RFC 4616 §2 */
function plain(text: string): ServerStep {
  const [authorization, login, password, ...others] = text.split('\0')
  if (authorization === undefined || login === undefined || password === undefined || others.length > 0)
    return malformed('not three fields')
  // Nobody acts for anybody else here. RFC 4616 §2
  if (authorization !== '' && authorization !== login) return failed('another authorization identity')
  return pair(login, password)
}

function loginName(text: string): ServerStep {
  const login = prepare(text)
  if (login === undefined || login === '') return malformed('no name')
  return { at: 'challenge', text: LOGIN_PROMPTS.password, state: { for: 'LOGIN password', login } }
}

function pair(name: string, word: string): ServerStep {
  const login = prepare(name)
  const password = prepare(word)
  if (login === undefined || login === '' || password === undefined || password === '')
    return malformed('no name or no password')
  return { at: 'check', login, password }
}

/** `gs2-header n=name,r=nonce`. RFC 5802 §7 */
function scramFirst(text: string, nonce: string): ServerStep {
  const [, binding, authorization = ''] = /^(n|y|p=[^,]*),([^,]*),/.exec(text) ?? []
  if (binding === undefined) return malformed('no gs2-header')
  // RFC 5802 §6: without -PLUS on offer, `y` is the truth; `p` asks for what we do not have.
  if (binding.startsWith('p')) return failed('channel-binding-not-supported')
  const gs2 = `${binding},${authorization},`
  const bare = text.slice(gs2.length)
  const [name = '', clientNonce = ''] = attributes(bare, ['n', 'r']) ?? []
  const login = loginOf(name)
  if (login === '' || !isNonce(clientNonce)) return malformed('other-error')
  if (authorization !== '' && authorization !== `a=${name}`) return failed('another authorization identity')
  return { at: 'lookup', login, first: { login, gs2, bare, nonce: clientNonce + nonce } }
}

/** Empty for what is no name. */
function loginOf(name: string): string {
  return prepare(decodeName(name) ?? '') ?? ''
}

/** Goes on after `lookup`. */
export function resume(first: ScramFirst, verifier: ScramVerifier): ServerStep {
  const server = `r=${first.nonce},s=${encode(verifier.salt)},i=${verifier.iterations}`
  return { at: 'challenge', text: encode(server), state: { for: 'SCRAM proof', verifier, first, server } }
}

/** `c=binding,r=nonce,p=proof`. RFC 5802 §3 */
function scramProof(
  { verifier, first, server }: Extract<Waiting, { for: 'SCRAM proof' }>,
  text: string,
): ServerStep {
  const beforeProof = text.slice(0, text.lastIndexOf(',p='))
  const [binding, nonce] = attributes(beforeProof, ['c', 'r']) ?? []
  const proof = decode(text.slice(beforeProof.length + ',p='.length))
  if (binding === undefined || proof?.length !== KEY) return malformed('invalid-encoding')
  // Whoever stands between could have changed the client's `y` to an `n`. RFC 5802 §6
  if (binding !== encode(first.gs2)) return failed('channel-bindings-dont-match')
  if (nonce !== first.nonce) return failed('other-error')
  const authMessage = `${first.bare},${server},${beforeProof}`
  const clientKey = xor(proof, hmac(verifier.storedKey, authMessage))
  if (!timingSafeEqual(sha256(clientKey), verifier.storedKey)) return failed('invalid-proof')
  const signature = encode(hmac(verifier.serverKey, authMessage))
  return { at: 'challenge', text: encode(`v=${signature}`), state: { for: 'SCRAM end', login: first.login } }
}
