/** Whether the addresses that send have names, and the names lead back: what large receivers ask first. */

import { isIP } from 'node:net'

import { normalAddress } from '#platform/address-range'
import type { Dns } from '#platform/dns'

import { quoted } from './finding.ts'
import type { Finding } from './finding.ts'
import { lookUp, lookUpAddresses, reverseName } from './lookup.ts'
import type { Found } from './lookup.ts'
import type { SendingAddress } from './sending-address.ts'

export async function checkPtr(dns: Dns, addresses: readonly SendingAddress[]): Promise<readonly Finding[]> {
  return await Promise.all(addresses.map((one) => checkAddress(dns, one)))
}

async function checkAddress(dns: Dns, { address, ehlo }: SendingAddress): Promise<Finding> {
  const shown = isIP(address) === 0 ? quoted(address) : address
  const names = await lookUp(dns, reverseName(address), 'PTR')
  const ask = { advice: `ask who owns the address for the PTR record ${ehlo}` }
  if (names.kind === 'unknown')
    return { level: 'warning', check: 'ptr', text: `${shown} cannot be looked up now: ${names.why}` }
  if (names.kind === 'none')
    return {
      level: 'problem',
      check: 'ptr',
      text: `${shown} has no PTR record: large receivers refuse its mail`,
      ...ask,
    }
  const confirmed = await leadingBack(dns, names.records, address)
  const [name] = confirmed
  if (name !== undefined) return { level: 'ok', check: 'ptr', text: `${shown} is ${quoted(name)}, and back` }
  const text = `${shown} has the name ${quoted(names.records.slice(0, 3).join(', '))}, which does not lead back`
  return { level: 'problem', check: 'ptr', text, ...ask }
}

/** Those of the names that have the address. */
export async function leadingBack(
  dns: Dns,
  names: readonly string[],
  address: string,
): Promise<readonly string[]> {
  // Some addresses of providers have hundreds of names.
  const some = names.slice(0, 10)
  const found = await Promise.all(some.map((name) => lookUpAddresses(dns, name)))
  return some.filter((_, i) => hasAddress(found[i], address))
}

export function hasAddress(found: Found<string> | undefined, address: string): boolean {
  return found?.kind === 'found' && found.records.some((record) => sameAddress(record, address))
}

/** However they are written: the configuration is written by hand. */
export function sameAddress(one: string, other: string): boolean {
  return one === other || normalAddress(one) === normalAddress(other)
}
