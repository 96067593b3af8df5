/**
 * Which IP addresses belong to nobody on the public Internet. It judges addresses, not names: the caller asks about
 * the address it is about to connect to, after every resolution.
 */

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** The special-purpose registry of IANA, with what was handed out and withdrawn since. RFC 6890 §2.2.2 */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this network; Linux connects 0.0.0.0 to itself
  ['10.0.0.0', 8], // RFC 1918 §3
  ['100.64.0.0', 10], // carrier-grade NAT, RFC 6598 §7
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link local, and the metadata services of clouds
  ['172.16.0.0', 12], // RFC 1918 §3
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation, RFC 5737 §3
  ['192.88.99.0', 24], // 6to4 relays, withdrawn by RFC 7526 §4
  ['192.168.0.0', 16], // RFC 1918 §3
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // RFC 5737 §3
  ['203.0.113.0', 24], // RFC 5737 §3
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and the broadcast address
]

/** Inside 2000::/3; everything outside it is special already. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID, benchmarks
  ['2001:db8::', 32], // documentation, RFC 3849 §2
  ['3fff::', 20], // documentation, RFC 9637 §2
]

const special = new BlockList()
for (const [network, prefix] of SPECIAL_V4) special.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of SPECIAL_V6) special.addSubnet(network, prefix, 'ipv6')

/**
 * True for every address a public mail server cannot have: loopback, private, link-local, documentation, multicast,
 * and IPv6 addresses that carry such an IPv4 address inside (mapped, NAT64, 6to4). Whatever is not an IP address, or
 * carries a zone, counts as private too: a check that cannot read its subject must not let it pass.
 */
export function isPrivate(address: string): boolean {
  if (isIPv4(address)) return special.check(address, 'ipv4')
  const groups = parseV6(address)
  if (groups === undefined) return true
  const embedded = embeddedV4(groups)
  if (embedded !== undefined) return special.check(embedded, 'ipv4')
  // Only 2000::/3 is global unicast; `::`, `::1`, `::a.b.c.d`, fc00::/7, fe80::/10 and ff00::/8 all lie outside.
  if ((group(groups, 0) & 0xe000) !== 0x2000) return true
  return special.check(address, 'ipv6')
}

/** 127.0.0.0/8 and ::1, mapped or not. */
export function isLoopback(address: string): boolean {
  const normal = normalAddress(address)
  return normal !== undefined && (normal === '::1' || (isIPv4(normal) && normal.startsWith('127.')))
}

/**
 * One spelling for one address: IPv4 out of its `::ffff:` wrapping, IPv6 in the form of RFC 5952 §4.
 * `undefined` when it is no IP address, or has a zone.
 */
export function normalAddress(address: string): string | undefined {
  if (isIPv4(address)) return address
  const groups = parseV6(address)
  if (groups === undefined) return undefined
  return isMapped(groups) ? v4At(groups, 6) : formatV6(groups)
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((one) => one === 0) && groups[5] === 0xffff
}

/** The IPv4 address a translator or a tunnel would deliver to. */
function embeddedV4(groups: readonly number[]): string | undefined {
  if (isMapped(groups)) return v4At(groups, 6)
  // RFC 6052 §2.1. The local-use 64:ff9b:1::/48 stays private: it lies outside 2000::/3.
  if (groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((one) => one === 0)) {
    return v4At(groups, 6)
  }
  // RFC 3056 §2
  if (groups[0] === 0x2002) return v4At(groups, 1)
  return undefined
}

function v4At(groups: readonly number[], index: number): string {
  const [high, low] = [group(groups, index), group(groups, index + 1)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function group(groups: readonly number[], index: number): number {
  return groups[index] ?? 0
}

/** The eight groups. `net.isIPv6` has judged the form, so that this need only read it. */
function parseV6(address: string): readonly number[] | undefined {
  // isIPv6 accepts `fe80::1%eth0`; a zone has no place in anything that came from afar.
  if (!isIPv6(address) || address.includes('%')) return undefined
  const [head = '', tail] = address.split('::')
  const front = groupsOf(head)
  if (tail === undefined) return front
  const back = groupsOf(tail)
  return [...front, ...Array.from<number>({ length: 8 - front.length - back.length }).fill(0), ...back]
}

function groupsOf(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((text) => {
    if (isIP(text) !== 4) return [Number.parseInt(text, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups as `::`, the first of equals. */
function formatV6(groups: readonly number[]): string {
  const run = longestZeroRun(groups)
  const hex = groups.map((one) => one.toString(16))
  if (run.length < 2) return hex.join(':')
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, one] of groups.entries()) {
    if (one !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
