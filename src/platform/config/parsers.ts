/** Reads single written values; each parser says what it expected. */

import { isIP, isIPv6 } from 'node:net'

import { formatDuration, parseDuration } from '#grammar/time'
import { parseRanges } from '#platform/address-range'

import type { Parsed } from './schema.ts'

export type Parser<T> = (raw: unknown) => Parsed<T>

export function durationFrom(min: number): Parser<number> {
  const expected = 'a duration such as "30s", "5m", "2h" or "5d"'
  return (raw) => {
    const value = typeof raw === 'string' ? parseDuration(raw) : undefined
    if (value === undefined) return { ok: false, expected }
    return value < min
      ? { ok: false, expected: `${expected}, from "${formatDuration(min)}" on` }
      : { ok: true, value }
  }
}

const OCTETS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

export function sizeFrom(min: number): Parser<number> {
  return (raw) => {
    const [, digits, unit = ''] = (typeof raw === 'string' && /^(\d{1,9})([A-Za-z]{1,3})$/.exec(raw)) || []
    const factor = OCTETS.get(unit)
    if (digits === undefined || factor === undefined)
      return { ok: false, expected: 'a size such as "512B", "64KiB" or "35MiB"' }
    const value = Number(digits) * factor
    return value < min ? { ok: false, expected: `a size from ${formatSize(min)} on` } : { ok: true, value }
  }
}

function formatSize(octets: number): string {
  const [unit, factor] = [...OCTETS].findLast(([, each]) => octets % each === 0) ?? ['B', 1]
  return `"${octets / factor}${unit}"`
}

export function wholeBetween(min: number, max: number): Parser<number> {
  return that(
    (raw) => typeof raw === 'number' && Number.isInteger(raw) && raw >= min && raw <= max,
    `a whole number from ${min} to ${max}`,
  )
}

export const fraction: Parser<number> = that(
  (raw) => typeof raw === 'number' && raw >= 0 && raw <= 1,
  'a fraction from 0 to 1, such as 0.75',
)

export const yesOrNo: Parser<boolean> = that((raw) => typeof raw === 'boolean', 'true or false')

export function oneOf<const T extends string>(of: readonly T[]): Parser<T> {
  return that(
    (raw) => of.some((one) => one === raw),
    `one of ${of.map((one) => JSON.stringify(one)).join(', ')}`,
  )
}

export const anyText: Parser<string> = that(
  (raw) => typeof raw === 'string' && /^[^\p{Cc}]+$/u.test(raw),
  'a text that is not empty, on one line',
)

export const hostName: Parser<string> = that(isHost, 'a host name such as "mail.example.com"')

function isHost(raw: unknown): boolean {
  if (typeof raw !== 'string' || raw.length > 253 || isIP(raw) > 0) return false
  return raw.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
}

/** In lower case, as the domains it is compared with are. */
export const domainPattern: Parser<string> = (raw) =>
  typeof raw === 'string' && (raw === '*' || isHost(raw.replace(/^\*\./, '')))
    ? { ok: true, value: raw.toLowerCase() }
    : { ok: false, expected: 'a domain such as "example.com", "*.example.com" or "*"' }

export const mailAddress: Parser<string> = that((raw) => {
  const [, local = '', domain] = (typeof raw === 'string' && /^([^\s@<>"]{1,64})@([^@]+)$/.exec(raw)) || []
  return local !== '' && isHost(domain)
}, 'an address such as "postmaster@example.com"')

export const listenAddress: Parser<string> = that(
  (raw) => typeof raw === 'string' && (raw === 'localhost' || isIP(raw) > 0),
  'an IP address such as "192.0.2.1" or "::", or "localhost"',
)

export const ipAddress: Parser<string> = that(
  (raw) => typeof raw === 'string' && isIP(raw) > 0,
  'an IP address such as "192.0.2.1"',
)

export const network: Parser<string> = that(
  (raw) => typeof raw === 'string' && parseRanges([raw]).ok,
  'such as "192.0.2.0/24", "2001:db8::/32" or one address',
)

export const dnsServer: Parser<string> = that((raw) => {
  const place = typeof raw === 'string' ? hostAndPort(raw) : undefined
  return place !== undefined && isIP(place.host) > 0
}, 'such as "192.0.2.53", "127.0.0.1:5353" or "[2001:db8::53]:5353"')

export type Relay = { readonly host: string; readonly port: number; readonly implicitTls: boolean }

export const relay: Parser<Relay> = (raw) => {
  const implicitTls = typeof raw === 'string' && raw.startsWith('smtps://')
  const place = typeof raw === 'string' ? hostAndPort(raw.replace(/^smtps:\/\//, '')) : undefined
  if (place === undefined)
    return { ok: false, expected: 'such as "smtp.example.net:587" or "smtps://smtp.example.net"' }
  return { ok: true, value: { host: place.host, port: place.port ?? (implicitTls ? 465 : 25), implicitTls } }
}

export type WeightedSource = { readonly source: string; readonly weight: number }

export const weightedSource: Parser<WeightedSource> = (raw) => {
  const parts = typeof raw === 'string' ? /^([a-z0-9][a-z0-9-]*)(?::([1-9]\d{0,3}))?$/.exec(raw) : null
  const weight = Number(parts?.[2] ?? 1)
  if (parts?.[1] === undefined || weight > 1000)
    return { ok: false, expected: 'the name of a source, or with a weight up to 1000 such as "main:3"' }
  return { ok: true, value: { source: parts[1], weight } }
}

/** Since when; `true`: since its first message. */
export type WarmUpSince = true | number

export const warmUpSince: Parser<WarmUpSince> = (raw) => {
  if (raw === true) return { ok: true, value: true }
  const text = typeof raw === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(raw) ? `${raw}T00:00:00Z` : ''
  const at = Date.parse(text)
  return Number.isNaN(at)
    ? { ok: false, expected: 'true, or a day such as "2026-11-01"' }
    : { ok: true, value: at }
}

export type Proxy = { readonly kind: 'socks5' | 'haproxy'; readonly host: string; readonly port: number }

const SOCKS_PORT = 1080

export const proxy: Parser<Proxy> = (raw) => {
  const [, kind, rest = ''] = typeof raw === 'string' ? (/^(socks5|haproxy):\/\/(.*)$/.exec(raw) ?? []) : []
  const place = hostAndPort(rest)
  const port = place?.port ?? (kind === 'socks5' ? SOCKS_PORT : undefined)
  if ((kind !== 'socks5' && kind !== 'haproxy') || place === undefined || port === undefined)
    return { ok: false, expected: 'such as "socks5://proxy.example.net:1080" or "haproxy://10.0.0.5:2525"' }
  return { ok: true, value: { kind, host: place.host, port } }
}

/** Nothing but scheme, host and port: what is served there is for the program to say. */
export const webAddress: Parser<string> = (raw) => {
  const url = typeof raw === 'string' ? URL.parse(raw) : null
  const isOne = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  return isOne
    ? { ok: true, value: url.origin }
    : { ok: false, expected: 'such as "https://mail.example.org", without a path' }
}

/** OpenID Connect Discovery §3: compared with what the provider says, letter by letter. */
export const issuer: Parser<string> = (raw) => {
  const url = typeof raw === 'string' ? URL.parse(raw) : null
  const isOne = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  return isOne && typeof raw === 'string'
    ? { ok: true, value: raw }
    : { ok: false, expected: 'such as "https://id.example.net/tenant", as the provider writes it' }
}

/** IPv6 addresses stand in brackets when a port follows. */
function hostAndPort(place: string): { host: string; port?: number } | undefined {
  if (isIPv6(place)) return { host: place }
  const [, name = '', digits] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(place) ?? []
  const host = name.startsWith('[') ? name.slice(1, -1) : name
  if (name.startsWith('[') ? !isIPv6(host) : !isHost(host) && isIP(host) === 0) return undefined
  if (digits === undefined) return { host }
  const port = Number(digits)
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** All of them, each as `parseOne` reads it. */
export function listOf<T>(what: string, parseOne: Parser<T>): Parser<readonly T[]> {
  return (raw) => {
    if (!Array.isArray(raw)) return { ok: false, expected: `a list of ${what}` }
    const values: T[] = []
    for (const each of raw) {
      const read = parseOne(each)
      if (!read.ok) return { ok: false, expected: `a list of ${what}, each ${read.expected}` }
      values.push(read.value)
    }
    return { ok: true, value: values }
  }
}

function that<T>(is: (raw: unknown) => boolean, expected: string): Parser<T> {
  return (raw) => (is(raw) ? { ok: true, value: raw as T } : { ok: false, expected })
}
