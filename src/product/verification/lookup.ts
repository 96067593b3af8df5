/** Questions to the DNS as checks ask them: what is there, what is certainly not, and what nobody can tell now. */

import { isIPv6 } from 'node:net'

import type { Dns, RecordData, RecordType } from '#platform/dns'

/** `unknown` says why nobody can tell; it will pass, or the resolver is broken. */
export type Found<T> =
  | { readonly kind: 'found'; readonly records: readonly T[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string }

export async function lookUp<T extends RecordType>(
  dns: Dns,
  name: string,
  type: T,
): Promise<Found<RecordData[T]>> {
  const answer = await dns.query(name, type)
  switch (answer.kind) {
    case 'records':
      return { kind: 'found', records: answer.records }
    case 'nxdomain':
    case 'nodata':
      return { kind: 'none' }
    case 'failed':
      return { kind: 'unknown', why: `${answer.reason}: ${answer.text}` }
  }
}

/** A and AAAA records together; `unknown` only when neither has any and one of them cannot be told. */
export async function lookUpAddresses(dns: Dns, name: string): Promise<Found<string>> {
  const both = await Promise.all([lookUp(dns, name, 'A'), lookUp(dns, name, 'AAAA')])
  const records = both.flatMap((one) => (one.kind === 'found' ? one.records : []))
  if (records.length > 0) return { kind: 'found', records }
  return both.find((one) => one.kind === 'unknown') ?? { kind: 'none' }
}

/** Where the PTR records of an address are: `10.2.0.192.in-addr.arpa`. RFC 1035 §3.5, RFC 3596 §2.5 */
export function reverseName(address: string): string {
  const labels = isIPv6(address) ? nibbles(address) : address.split('.')
  return `${labels.toReversed().join('.')}.${isIPv6(address) ? 'ip6' : 'in-addr'}.arpa`
}

/** The 32 hexadecimal digits of an IPv6 address. */
export function nibbles(address: string): readonly string[] {
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? '::'
  const [head = '', tail] = canonical.split('::')
  const before = groups(head)
  const after = groups(tail ?? '')
  const gap = tail === undefined ? 0 : 8 - before.length - after.length
  const all = [...before, ...Array<string>(gap).fill('0'), ...after]
  return all.flatMap((group) => group.padStart(4, '0').split(''))
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':')
}
