/** Client addresses: in one form, in networks, and as keys to count by. */

import { BlockList, isIPv6 } from 'node:net'

/** Whether an address is in one of the networks. */
export type Networks = (address: string) => boolean

/** `cidrs` are checked already: `192.0.2.0/24`, `2001:db8::/32`, or single addresses. */
export function networks(cidrs: readonly string[]): Networks {
  if (cidrs.length === 0) return () => false
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/')
    const family = isIPv6(network) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(network, family)
    else list.addSubnet(network, Number(bits), family)
  }
  return (address) => list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

/** An IPv4 client of a socket that listens on `::` shows as `::ffff:192.0.2.1`; it is the same client. RFC 4291 §2.5.5.2 */
export function plainAddress(address: string | undefined): string {
  // A link-local address comes with its zone, `fe80::1%eth0`, which is nobody's business but this machine's.
  const plain = (address ?? '').replace(/%.*$/, '')
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice('::ffff:'.length) : plain
}

/** What limits count by: an IPv4 address, or the /64 that one IPv6 subscriber has to itself. RFC 6177 §2 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
