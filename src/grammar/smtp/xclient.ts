/** XCLIENT: what a trusted proxy says of the client behind it. Postfix's XCLIENT_README is its specification. */

import { parseIp } from '#grammar/address'

import { decodeXtext, encodeXtext } from './xtext.ts'

/** `null` is `[UNAVAILABLE]` or `[TEMPUNAVAIL]`: the proxy has nothing to say. A property left out was not sent. */
export type XclientAttributes = {
  readonly name?: string | null
  /** IPv4 or IPv6, without the `IPV6:` of the wire. */
  readonly address?: string | null
  readonly port?: number | null
  readonly protocol?: 'SMTP' | 'ESMTP' | null
  readonly helo?: string | null
  readonly login?: string | null
  readonly destinationAddress?: string | null
  readonly destinationPort?: number | null
}

type Draft = { -readonly [K in keyof XclientAttributes]: XclientAttributes[K] }

const UNAVAILABLE = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]'])
const ATTRIBUTE_CHARACTERS = 255
const PRINTABLE = /^[!-~]+$/
const PORT = /^[0-9]{1,5}$/

/** Sets one property; `undefined` from the reader refuses the command. */
const ATTRIBUTES: ReadonlyMap<string, (draft: Draft, value: string | null) => boolean> = new Map([
  ['NAME', set('name', printable)],
  ['ADDR', set('address', address)],
  ['PORT', set('port', port)],
  ['PROTO', set('protocol', protocol)],
  ['HELO', set('helo', printable)],
  ['LOGIN', set('login', printable)],
  ['DESTADDR', set('destinationAddress', address)],
  ['DESTPORT', set('destinationPort', port)],
])

/** What EHLO says beside the keyword: every attribute is understood, and does what it says. */
export const XCLIENT_ATTRIBUTES = [...ATTRIBUTES.keys()].join(' ')

/** What follows the verb; `undefined` when it is malformed, names an attribute twice, or one not known. */
export function parseXclient(argument: string): XclientAttributes | undefined {
  const draft: Draft = {}
  const seen = new Set<string>()
  for (const attribute of argument.split(' ')) {
    if (attribute === '') continue
    const equals = attribute.indexOf('=')
    const name = attribute.slice(0, Math.max(0, equals)).toUpperCase()
    const written = attribute.slice(equals + 1)
    const value = UNAVAILABLE.has(written.toUpperCase()) ? null : decodeXtext(written)
    const read = ATTRIBUTES.get(name)
    if (read === undefined || value === undefined || seen.has(name) || !read(draft, value)) return undefined
    seen.add(name)
  }
  return seen.size === 0 ? undefined : draft
}

/** The command line that says the same, without CRLF. */
export function formatXclient(attributes: XclientAttributes): string {
  const said: readonly (readonly [string, string | number | null | undefined])[] = [
    ['NAME', attributes.name],
    ['ADDR', wireAddress(attributes.address)],
    ['PORT', attributes.port],
    ['PROTO', attributes.protocol],
    ['HELO', attributes.helo],
    ['LOGIN', attributes.login],
    ['DESTADDR', wireAddress(attributes.destinationAddress)],
    ['DESTPORT', attributes.destinationPort],
  ]
  const words = said.filter(([, value]) => value !== undefined)
  return [
    'XCLIENT',
    ...words.map(
      ([name, value]) =>
        `${name}=${value === null || value === undefined ? '[UNAVAILABLE]' : encodeXtext(String(value))}`,
    ),
  ].join(' ')
}

function set<K extends keyof Draft>(
  name: K,
  read: (value: string) => Draft[K] | undefined,
): (draft: Draft, value: string | null) => boolean {
  return (draft, value) => {
    const meaning = value === null ? null : read(value)
    if (meaning === undefined) return false
    draft[name] = meaning
    return true
  }
}

function printable(value: string): string | undefined {
  return value.length <= ATTRIBUTE_CHARACTERS && PRINTABLE.test(value) ? value : undefined
}

function address(value: string): string | undefined {
  return parseIp(value.slice(0, 5).toUpperCase() === 'IPV6:' ? value.slice(5) : value)
}

function port(value: string): number | undefined {
  return PORT.test(value) && Number(value) <= 65_535 ? Number(value) : undefined
}

function protocol(value: string): 'SMTP' | 'ESMTP' | undefined {
  const upper = value.toUpperCase()
  return upper === 'SMTP' || upper === 'ESMTP' ? upper : undefined
}

function wireAddress(bare: string | null | undefined): string | null | undefined {
  return bare?.includes(':') === true ? `IPV6:${bare}` : bare
}
