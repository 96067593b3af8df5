/** The addresses that the world sees this node send from. */

import { isPrivate } from '#platform/address-range'
import type { Dns } from '#platform/dns'

import { lookUpAddresses } from './lookup.ts'

/** As the configuration has it. */
export type Source = { readonly name: string; readonly address?: string; readonly ehlo: string }

export type SendingAddress = {
  readonly source: string
  readonly ehlo: string
  readonly address: string
  /** `name`: nobody has told us; it is what the EHLO name leads to, which is what it should be. */
  readonly from: 'configuration' | 'name'
}

/**
 * One for each public address of a source. Of a source without an address, and of one behind NAT whose address is
 * private, those of its EHLO name; none when that leads nowhere.
 */
export async function sendingAddresses(
  dns: Dns,
  sources: readonly Source[],
): Promise<readonly SendingAddress[]> {
  const all = await Promise.all(sources.map((source) => addressesOf(dns, source)))
  return all.flat()
}

async function addressesOf(dns: Dns, { name, address, ehlo }: Source): Promise<readonly SendingAddress[]> {
  if (address !== undefined && !isPrivate(address))
    return [{ source: name, ehlo, address, from: 'configuration' }]
  const found = await lookUpAddresses(dns, ehlo)
  const records = found.kind === 'found' ? found.records : []
  return records.map((record) => ({ source: name, ehlo, address: record, from: 'name' }))
}
