/** The addresses of a mail host, as the DNS gives them; which of them may be connected is judged elsewhere. */

import { normalAddress } from '#platform/address-range'
import type { Answer, Dns } from '#platform/dns'

export type Found = {
  readonly addresses: readonly string[]
  readonly failed?: string
  /** A validating resolver vouches for all of them. */
  readonly authentic: boolean
  readonly expires: number
}

/** All addresses of one host in their normal spelling, IPv6 first. `failed` when one family could not be asked. */
export async function addressesOf(name: string, dns: Dns): Promise<Found> {
  const literalAddress = normalAddress(name)
  if (literalAddress !== undefined) return literal(literalAddress)
  const [v6, v4] = await Promise.all([dns.query(name, 'AAAA'), dns.query(name, 'A')])
  return together(v6, v4)
}

/** The same, if nobody need be asked. */
export function knownAddresses(name: string, dns: Dns): Found | undefined {
  const literalAddress = normalAddress(name)
  if (literalAddress !== undefined) return literal(literalAddress)
  const v6 = dns.cached(name, 'AAAA')
  const v4 = v6 && dns.cached(name, 'A')
  return v6 && v4 && together(v6, v4)
}

function literal(address: string): Found {
  return { addresses: [address], authentic: false, expires: Number.POSITIVE_INFINITY }
}

function together(v6: Answer<'AAAA'>, v4: Answer<'A'>): Found {
  const addresses = [v6, v4].flatMap((one) => (one.kind === 'records' ? one.records : []))
  const failed = [v6, v4].find((one) => one.kind === 'failed')
  return {
    addresses: addresses.map((one) => normalAddress(one)).filter((one) => one !== undefined),
    authentic: [v6, v4].every((one) => one.kind !== 'records' || one.authentic),
    expires: Math.min(v6.expires, v4.expires),
    ...(failed?.kind === 'failed' ? { failed: failed.text } : {}),
  }
}
