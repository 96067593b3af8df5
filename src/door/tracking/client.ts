/** Who asks: by the connection, and by what proxies that are trusted say. */

import type { IncomingMessage } from 'node:http'

import { normalAddress } from '#platform/address-range'
import type { Ranges } from '#platform/address-range'

/** Addresses of a chain of proxies that are looked at. */
const CHAIN = 20

/** The first from the end that no trusted proxy is at. */
export function clientOf({ socket, headers }: IncomingMessage, trusted: Ranges): string {
  const direct = normalAddress(socket.remoteAddress ?? '') ?? ''
  if (!trusted.matches(direct)) return direct
  const said = [headers['x-forwarded-for'] ?? ''].flat().join(',')
  let client = direct
  for (const text of said.slice(-2_000).split(',').slice(-CHAIN).toReversed()) {
    const address = normalAddress(text.trim())
    if (address === undefined) return client
    client = address
    if (!trusted.matches(address)) return client
  }
  return client
}

/** What limits count as one: an IPv6 network of 64 bits is one subscriber's. RFC 6177 §2 */
export function limitedAs(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const all = [
    ...groups,
    ...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0'),
    ...rest,
  ]
  return all.slice(0, 4).join(':')
}
