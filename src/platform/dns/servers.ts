/** The servers to ask: from the configuration, or those of the system. */

import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

import { isLoopback } from '#platform/address-range'

export type ServerAddress = {
  readonly address: string
  readonly port: number
  /** Its AD bit is believed: nobody stands between us, or the operator said so (`options trust-ad`). RFC 6840 §5.8 */
  readonly trusted: boolean
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. Names are refused: who would resolve them? */
export function parseServer(text: string): ServerAddress | undefined {
  const [, bracketed, v4 = text, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = bracketed ?? v4
  const port = digits === undefined ? 53 : Number(digits)
  if (isIP(address) === 0 || port < 1 || port > 65_535) return undefined
  return { address, port, trusted: isLoopback(address) }
}

/** The name servers of resolv.conf(5): three at most, as the C library takes; search lists are not for mail. */
export function parseResolvConf(text: string): readonly ServerAddress[] {
  const lines = text.split('\n').map((line) => line.trim().split(/[ \t]+/))
  const trusted = lines.some(([keyword, ...words]) => keyword === 'options' && words.includes('trust-ad'))
  return lines
    .filter(([keyword, address = '']) => keyword === 'nameserver' && isIP(address) !== 0)
    .slice(0, 3)
    .map(([, address = '']) => ({ address, port: 53, trusted: trusted || isLoopback(address) }))
}

/** resolv.conf(5): without a name server, the one on this machine. */
export function systemServers(file: string): readonly ServerAddress[] {
  const found = parseResolvConf(readIfThere(file))
  return found.length > 0 ? found : [{ address: '127.0.0.1', port: 53, trusted: true }]
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
