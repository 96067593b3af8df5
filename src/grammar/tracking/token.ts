/**
 * What stands in the addresses of tracked links, pictures and unsubscribing: whose they are and what they lead to, so that
 * nothing has to be looked up, and none can be made up. The keys are given.
 */

import { timingSafeEqual } from 'node:crypto'

import { parseMessageId } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'

/** One delivery, and of whom: known from the token alone, long after its record is gone. */
export type Tracked = {
  readonly organization: string
  readonly stream: string
  readonly message: MessageId
  readonly n: number
}

/** `link`: its place among the links of the part. */
export type Click = Tracked & { readonly link: number; readonly url: string }

/** `local` and `domain`: of the recipient, who may unsubscribe when nobody remembers the delivery. */
export type Wish = Tracked & { readonly local: string; readonly domain: string }

/** What nobody else has. */
export type TokenKey = {
  /** 32 octets that depend on all of the text and the purpose. */
  mac(purpose: string, text: string): Buffer
  /** The same octets for the same text, which say nothing to others. */
  wrap(purpose: string, text: string): Buffer
  unwrap(purpose: string, wrapped: Uint8Array): string | undefined
}

const PURPOSE = { open: 'tracking open', click: 'tracking click', wish: 'tracking unsubscribe' } as const

/** Octets of a MAC: half of HMAC-SHA-256, which RFC 2104 §5 allows at the least. */
const MAC = 16

/** Characters of a token: more is none of ours. */
export const TOKEN_LENGTH = 4_096

/** Before it, what a token says: another form will be another number. */
const FORM = '1'

export function openToken(tracked: Tracked, key: TokenKey): string {
  return signed(PURPOSE.open, namesOf(tracked), key)
}

export function clickToken({ link, url, ...tracked }: Click, key: TokenKey): string {
  return signed(PURPOSE.click, `${namesOf(tracked)} ${link} ${url}`, key)
}

export function wishToken({ local, domain, ...tracked }: Wish, key: TokenKey): string {
  return key.wrap(PURPOSE.wish, `${FORM} ${namesOf(tracked)} ${local}@${domain}`).toString('base64url')
}

/** `undefined` when it was not made here for this, or has been changed. */
export function readOpenToken(token: string, key: TokenKey): Tracked | undefined {
  return trackedOf(checked(PURPOSE.open, token, key))
}

export function readClickToken(token: string, key: TokenKey): Click | undefined {
  const text = checked(PURPOSE.click, token, key)
  const tracked = trackedOf(text)
  const [, , , , link, ...url] = text?.split(' ') ?? []
  return tracked && { ...tracked, link: Number(link), url: url.join(' ') }
}

export function readWishToken(token: string, key: TokenKey): Wish | undefined {
  const octets = octetsOf(token)
  const text = octets && key.unwrap(PURPOSE.wish, octets)
  if (text === undefined || !text.startsWith(`${FORM} `)) return undefined
  const tracked = trackedOf(text.slice(FORM.length + 1))
  const [, , , , ...rest] = text.slice(FORM.length + 1).split(' ')
  // A local part may be quoted, with spaces and @ in it. RFC 5321 §4.1.2
  const address = rest.join(' ')
  const at = address.lastIndexOf('@')
  return tracked && { ...tracked, local: address.slice(0, at), domain: address.slice(at + 1) }
}

/** None of them has a space in it. */
function namesOf({ message, n, organization, stream }: Tracked): string {
  return `${message} ${n} ${organization} ${stream}`
}

function trackedOf(text: string | undefined): Tracked | undefined {
  const [id = '', n, organization, stream] = text?.split(' ', 4) ?? []
  const message = parseMessageId(id)
  if (message === undefined || organization === undefined || stream === undefined) return undefined
  return { message, n: Number(n), organization, stream }
}

function signed(purpose: string, text: string, key: TokenKey): string {
  const code = key.mac(purpose, FORM + text).subarray(0, MAC)
  return Buffer.concat([code, Buffer.from(FORM + text)]).toString('base64url')
}

function checked(purpose: string, token: string, key: TokenKey): string | undefined {
  const octets = octetsOf(token)
  if (octets === undefined || octets.length <= MAC) return undefined
  const text = octets.toString('utf8', MAC)
  const isOurs = timingSafeEqual(octets.subarray(0, MAC), key.mac(purpose, text).subarray(0, MAC))
  return isOurs && text.startsWith(FORM) ? text.slice(FORM.length) : undefined
}

function octetsOf(token: string): Buffer | undefined {
  if (token.length > TOKEN_LENGTH) return undefined
  const octets = Buffer.from(token, 'base64url')
  // One way to write each: Node passes over what is not of the alphabet.
  return octets.toString('base64url') === token ? octets : undefined
}
