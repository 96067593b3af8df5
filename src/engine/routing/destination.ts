/** What the DNS says of a domain: which hosts take its mail, before anybody is shuffled. RFC 5321 §5.1 */

import { isIPv4, isIPv6 } from 'node:net'

import { normalAddress } from '#platform/address-range'
import type { Answer, Dns, Mx } from '#platform/dns'

import { addressesOf } from './host-address.ts'
import type { NoRoute } from './route.ts'
import { acceptsNoMail, lookupFailed, loopsBack, noHost, noSuchDomain } from './verdict.ts'

export type Candidate = { readonly name: string; readonly preference: number }

export type Destination = { readonly expires: number } & (
  | {
      readonly ok: true
      readonly via: 'mx' | 'implicit' | 'literal'
      /** Best preference first. */
      readonly candidates: readonly Candidate[]
      /** A validating resolver vouches for them, or there was nobody to ask. RFC 7672 §2.2.1 */
      readonly secure: boolean
    }
  | { readonly ok: false; readonly why: NoRoute }
)

export type Ourselves = {
  /** Lower case: the node's name and the EHLO names. */
  readonly names: ReadonlySet<string>
  /** In the spelling of `normalAddress`. */
  readonly addresses: ReadonlySet<string>
}

/** More than will be used, so that equals take turns; fewer than a hostile zone would have us look up. */
const MAX_CANDIDATES = 10

export async function findDestination(domain: string, dns: Dns, ourselves: Ourselves): Promise<Destination> {
  if (domain.startsWith('[')) return literal(domain, ourselves)
  const mx = await dns.query(domain, 'MX')
  switch (mx.kind) {
    case 'failed':
      return none(lookupFailed(`the MX of ${domain}`, mx.text), mx.expires)
    case 'nxdomain':
      return none(noSuchDomain(domain), mx.expires)
    case 'nodata':
      return implicit(domain, mx, dns, ourselves)
    case 'records':
      return explicit(domain, mx, dns, ourselves)
  }
}

function none(why: NoRoute, expires: number): Destination {
  return { ok: false, why, expires }
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]`; any other tag names nothing that can be connected. RFC 5321 §4.1.3 */
function literal(domain: string, ourselves: Ourselves): Destination {
  const inside = domain.slice(1, domain.endsWith(']') ? -1 : 1)
  const tagged = /^ipv6:/i.test(inside)
  const address = tagged ? inside.slice('IPv6:'.length) : inside
  const normal = normalAddress(address)
  const expires = Number.POSITIVE_INFINITY
  if (normal === undefined || tagged !== isIPv6(address)) return none(noSuchDomain(domain), expires)
  if (ourselves.addresses.has(normal)) return none(loopsBack(domain), expires)
  return { ok: true, via: 'literal', candidates: [{ name: normal, preference: 0 }], secure: true, expires }
}

/** Without MX the domain is its own mail host, under the name that its CNAME leads to. RFC 5321 §5.1 */
async function implicit(
  domain: string,
  mx: Extract<Answer<'MX'>, { kind: 'nodata' }>,
  dns: Dns,
  ourselves: Ourselves,
): Promise<Destination> {
  const { name } = mx
  const found = await addressesOf(name, dns)
  const expires = Math.min(mx.expires, found.expires)
  if (found.addresses.length === 0) {
    const why =
      found.failed === undefined ? noHost(domain) : lookupFailed(`the address of ${name}`, found.failed)
    return none(why, expires)
  }
  if (ourselves.names.has(name) || found.addresses.some((one) => ourselves.addresses.has(one))) {
    return none(loopsBack(domain), expires)
  }
  const secure = mx.authentic && found.authentic
  return { ok: true, via: 'implicit', candidates: [{ name, preference: 0 }], secure, expires }
}

async function explicit(
  domain: string,
  mx: Extract<Answer<'MX'>, { kind: 'records' }>,
  dns: Dns,
  ourselves: Ourselves,
): Promise<Destination> {
  // RFC 7505 §3: a `.` beside others is a mistake; mail goes to the others.
  const named = mx.records.filter(({ exchange }) => exchange !== '.')
  if (named.length === 0) return none(acceptsNoMail(domain), mx.expires)
  const hosts = byPreference(named)
  if (hosts.length === 0) return none(noHost(domain), mx.expires)
  const own = hosts.find(({ name }) => ourselves.names.has(name))
  const others = before(hosts, own).slice(0, MAX_CANDIDATES)
  const known = await ownAddress(others, dns, ourselves)
  const expires = Math.min(mx.expires, known.expires)
  const candidates = before(others, known.own)
  // RFC 5321 §5.1: nobody better than ourselves is left, and we were not told to deliver.
  if (candidates.length === 0) return none(loopsBack(domain), expires)
  return { ok: true, via: 'mx', candidates, secure: mx.authentic, expires }
}

/** The usable hosts, best first, each name once; equals by name, so that a long list is cut alike each time. */
function byPreference(records: readonly Mx[]): readonly Candidate[] {
  const best = new Map<string, Candidate>()
  for (const { exchange, preference } of records.toSorted((a, b) => a.preference - b.preference)) {
    if (isHostName(exchange) && !best.has(exchange)) best.set(exchange, { name: exchange, preference })
  }
  return [...best.values()].toSorted((a, b) => a.preference - b.preference || (a.name < b.name ? -1 : 1))
}

/**
 * Letters, digits, hyphens and underscores: hosts with underscores exist and take mail. An IPv4 address as text is
 * no host name either, but is taken for the address it means, as Postfix does.
 */
function isHostName(name: string): boolean {
  return /^[a-z0-9._-]{1,253}$/.test(name) && (!/(?:^|\.)\d+$/.test(name) || isIPv4(name))
}

/** RFC 5321 §5.1: hosts of our own preference or a worse one would only hand the mail back to us. */
function before(hosts: readonly Candidate[], own: Candidate | undefined): readonly Candidate[] {
  return own === undefined ? hosts : hosts.filter(({ preference }) => preference < own.preference)
}

/** The best host that has one of our own addresses. Asked only when we know of any. */
async function ownAddress(
  hosts: readonly Candidate[],
  dns: Dns,
  ourselves: Ourselves,
): Promise<{ readonly own?: Candidate; readonly expires: number }> {
  if (ourselves.addresses.size === 0) return { expires: Number.POSITIVE_INFINITY }
  const found = await Promise.all(hosts.map(({ name }) => addressesOf(name, dns)))
  const expires = Math.min(...found.map((one) => one.expires))
  const own = hosts.find((_, index) => found[index]?.addresses.some((one) => ourselves.addresses.has(one)))
  return own === undefined ? { expires } : { own, expires }
}
