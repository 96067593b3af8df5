/** CIDR lists of the configuration: who is trusted, whom the PROXY protocol is believed. */

import { BlockList, isIP } from 'node:net'

import { normalAddress } from './special.ts'

export type Ranges = {
  /**
   * IPv4-mapped IPv6 addresses are matched as the IPv4 addresses they are, and so never by `::/0`.
   * What is not an address matches nothing.
   */
  matches(address: string): boolean
}

/**
 * One list a family: in a common one `::/0` would match every IPv4 address as well, because BlockList compares an
 * IPv4 address with an IPv6 network in its mapped form (seen with Node 26.10).
 */
type Lists = { readonly ipv4: BlockList; readonly ipv6: BlockList }

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. `wrong` lists every text that is neither. RFC 4632 §3.1 */
export function parseRanges(
  texts: readonly string[],
):
  | { readonly ok: true; readonly ranges: Ranges }
  | { readonly ok: false; readonly wrong: readonly string[] } {
  const lists: Lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  const wrong = texts.filter((text) => !add(lists, text))
  if (wrong.length > 0) return { ok: false, wrong }
  return { ok: true, ranges: { matches: (address) => texts.length > 0 && has(lists, address) } }
}

function has(lists: Lists, address: string): boolean {
  const normal = normalAddress(address)
  return normal !== undefined && lists[family(normal)].check(normal, family(normal))
}

function add(lists: Lists, text: string): boolean {
  const [address = '', length, more] = text.split('/')
  const normal = normalAddress(address)
  if (normal === undefined || more !== undefined) return false
  const whole = isIP(address) === 4 ? 32 : 128
  const prefix = length === undefined ? whole : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  // `::ffff:10.0.0.0/104` means 10.0.0.0/8. `::ffff:0:0/96` would be all of IPv4, which nobody who writes it means.
  const shift = isIP(normal) === 4 ? whole - 32 : 0
  if (!(prefix > shift || (prefix === 0 && shift === 0)) || prefix > whole) return false
  lists[family(normal)].addSubnet(normal, prefix - shift, family(normal))
  return true
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
