/** The kinds of key there are, for people and for the reader. */

import * as parsers from './parsers.ts'
import type { Parser } from './parsers.ts'
import type { Around, Key } from './schema.ts'

type About<T> = {
  readonly is: string
  /** As it would be written in TOML. */
  readonly default?: unknown
  /** For a default that depends on the machine: what it gives, in words, and how. */
  readonly from?: readonly [words: string, of: (around: Around) => T]
  readonly example?: unknown
}

type Kind<T> = {
  readonly type: string
  readonly parse: Parser<T>
  readonly fromText?: (line: string) => unknown
}

function key<T>({ type, parse, fromText = asItIs }: Kind<T>, about: About<T>): Key<T, false> {
  const { is, from, example } = about
  return {
    node: 'key',
    type,
    is,
    optional: false,
    initial: from === undefined ? about.default : from[1],
    secret: false,
    fromText,
    parse,
    ...(from !== undefined && { defaultIs: from[0] }),
    ...(example !== undefined && { example }),
  }
}

export function optional<T>(required: Key<T, false>): Key<T, true> {
  return { ...required, optional: true }
}

export function secret<T, O extends boolean>(plain: Key<T, O>): Key<T, O> {
  return { ...plain, secret: true }
}

/** In milliseconds; `"0s"` only where `min` is 0. */
export function duration(about: About<number> & { readonly min?: number }): Key<number, false> {
  return key({ type: 'duration', parse: parsers.durationFrom(about.min ?? 1) }, about)
}

export function durations(about: About<readonly number[]>): Key<readonly number[], false> {
  return list('durations', parsers.durationFrom(1000), about)
}

/** In octets. */
export function size(about: About<number> & { readonly min: number }): Key<number, false> {
  return key({ type: 'size', parse: parsers.sizeFrom(about.min) }, about)
}

/** A whole number between `min` and `max`, both included. */
export function whole(
  about: About<number> & { readonly min: number; readonly max?: number },
): Key<number, false> {
  const { min, max = 1_000_000_000 } = about
  return key({ type: 'number', parse: parsers.wholeBetween(min, max), fromText: toNumber }, about)
}

/** 0 lets the system choose. */
export function port(about: About<number>): Key<number, false> {
  return key({ type: 'port', parse: parsers.wholeBetween(0, 65_535), fromText: toNumber }, about)
}

export function share(about: About<number>): Key<number, false> {
  return key({ type: 'fraction', parse: parsers.fraction, fromText: toNumber }, about)
}

export function flag(about: About<boolean>): Key<boolean, false> {
  return key({ type: 'boolean', parse: parsers.yesOrNo, fromText: toBoolean }, about)
}

export function choice<const T extends string>(of: readonly T[], about: About<T>): Key<T, false> {
  return key({ type: of.map((one) => JSON.stringify(one)).join(', '), parse: parsers.oneOf(of) }, about)
}

/** Any text that is not empty and has no control characters. */
export function text(about: About<string>): Key<string, false> {
  return key({ type: 'text', parse: parsers.anyText }, about)
}

/** Host or domain names in A-labels. */
export function hosts(about: About<readonly string[]>): Key<readonly string[], false> {
  return list('host names', parsers.hostName, about)
}

/** A host or domain name in A-labels. */
export function host(about: About<string>): Key<string, false> {
  return key({ type: 'host name', parse: parsers.hostName }, about)
}

/** `*`, `*.example.com` or `example.com`. */
export function domainPattern(about: About<string>): Key<string, false> {
  return key({ type: 'domain pattern', parse: parsers.domainPattern }, about)
}

export function mailbox(about: About<string>): Key<string, false> {
  return key({ type: 'mail address', parse: parsers.mailAddress }, about)
}

export function mailboxes(about: About<readonly string[]>): Key<readonly string[], false> {
  return list('mail addresses', parsers.mailAddress, about)
}

/** An IPv4 or IPv6 address, or `localhost`. */
export function listenAddress(about: About<string>): Key<string, false> {
  return key({ type: 'address', parse: parsers.listenAddress }, about)
}

export function ipAddress(about: About<string>): Key<string, false> {
  return key({ type: 'address', parse: parsers.ipAddress }, about)
}

/** In CIDR notation; one address alone is a network too. */
export function networks(about: About<readonly string[]>): Key<readonly string[], false> {
  return list('networks', parsers.network, about)
}

/** Addresses of DNS servers with an optional port. */
export function servers(about: About<readonly string[]>): Key<readonly string[], false> {
  return list('servers', parsers.dnsServer, about)
}

/** `socks5://host:port` or `haproxy://host:port`. */
export function proxy(about: About<parsers.Proxy>): Key<parsers.Proxy, false> {
  return key({ type: 'proxy', parse: parsers.proxy }, about)
}

/** `smtp.example.net`, `smtp.example.net:587`, `[2001:db8::1]:25`, or with `smtps://` before it for TLS from the start. */
export function relays(about: About<readonly parsers.Relay[]>): Key<readonly parsers.Relay[], false> {
  return list('hosts', parsers.relay, about)
}

/** Milliseconds since the epoch, or `true`. */
export function warmUpSince(about: About<parsers.WarmUpSince>): Key<parsers.WarmUpSince, false> {
  return key({ type: 'true or a day', parse: parsers.warmUpSince, fromText: trueOrText }, about)
}

/** `https://mail.example.org`, without a slash at its end. */
export function webAddress(about: About<string>): Key<string, false> {
  return key({ type: 'web address', parse: parsers.webAddress }, about)
}

/** `https://id.example.net/tenant`. */
export function issuer(about: About<string>): Key<string, false> {
  return key({ type: 'web address', parse: parsers.issuer }, about)
}

/** Texts that are not empty. */
export function texts(about: About<readonly string[]>): Key<readonly string[], false> {
  return list('texts', parsers.anyText, about)
}

/** Whole numbers from 1. */
export function wholes(about: About<readonly number[]>): Key<readonly number[], false> {
  const parse = parsers.listOf('numbers', parsers.wholeBetween(1, 1_000_000_000))
  return key({ type: 'list of numbers', parse, fromText: toNumbers }, about)
}

export function weightedSources(
  about: About<readonly parsers.WeightedSource[]>,
): Key<readonly parsers.WeightedSource[], false> {
  return list('sources with weights', parsers.weightedSource, about)
}

/** Each as `parseOne` reads it. In the environment, separated by commas. */
export function list<T>(
  what: string,
  parseOne: Parser<T>,
  about: About<readonly T[]>,
): Key<readonly T[], false> {
  return key({ type: `list of ${what}`, parse: parsers.listOf(what, parseOne), fromText: toList }, about)
}

function trueOrText(line: string): unknown {
  return line === 'true' ? true : line
}

function toNumbers(line: string): unknown {
  return line.split(',').map((one) => toNumber(one))
}

function asItIs(line: string): unknown {
  return line
}

function toNumber(line: string): unknown {
  const number = Number(line)
  return line.trim() === '' || Number.isNaN(number) ? line : number
}

function toBoolean(line: string): unknown {
  if (line === 'true') return true
  return line === 'false' ? false : line
}

function toList(line: string): unknown {
  const all = line.split(',').map((one) => one.trim())
  return all.filter((one) => one !== '')
}
