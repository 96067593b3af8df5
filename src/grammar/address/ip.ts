/** IP addresses as text, to one canonical form. */

const SNUM = /^(?:0|[1-9][0-9]{0,2})$/
const IPV6_CHARACTERS = /^[0-9A-Fa-f:.]{2,45}$/

/** Dotted decimal without leading zeros: `010.0.0.1` is 8 to some and 10 to others. RFC 5321 §4.1.3 */
export function parseIpv4(text: string): string | undefined {
  const numbers = text.split('.')
  return numbers.length === 4 && numbers.every((n) => SNUM.test(n) && Number(n) <= 255) ? text : undefined
}

/** As RFC 5952 §4 writes it; no zone. */
export function parseIpv6(text: string): string | undefined {
  if (!IPV6_CHARACTERS.test(text)) return undefined
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1)
}

/** Either family. An IPv4-mapped address comes back as IPv4, so that rules for networks see the network it is in. */
export function parseIp(text: string): string | undefined {
  const ipv6 = text.includes(':') ? parseIpv6(text) : undefined
  if (ipv6 === undefined) return parseIpv4(text)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(ipv6) ?? []
  return high === undefined || low === undefined ? ipv6 : [...octets(high), ...octets(low)].join('.')
}

function octets(hex: string): [number, number] {
  const word = Number.parseInt(hex, 16)
  return [word >> 8, word & 0xff]
}

/** The 4 or 16 octets of an address that `parseIp` or the system gave. */
export function ipOctets(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = (parseIpv6(address) ?? '::').split('::')
  const before = wordsOf(head)
  const after = wordsOf(tail ?? '')
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...gap, ...after].flatMap(octets))
}

function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}
