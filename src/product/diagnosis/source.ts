/** Whether the addresses and names that mail is sent from are such as receivers ask for. RFC 5321 §4.1.4 */

import { isPrivate } from '#platform/address-range'
import type { Dns } from '#platform/dns'
import {
  hasAddress,
  leadingBack,
  lookUp,
  lookUpAddresses,
  reverseName,
  sameAddress,
  sendingAddresses,
} from '#product/verification'
import type { Finding, SendingAddress, Source } from '#product/verification'

import type { Machine } from './machine.ts'

/** As far as it matters who the world sees: behind a proxy the address is the proxy’s, and a relay is seen itself. */
export type Sender = Source & { readonly proxy?: unknown; readonly relay?: readonly unknown[] }

export async function checkSources(
  machine: Machine,
  dns: Dns,
  sources: readonly Sender[],
): Promise<readonly Finding[]> {
  const all = await Promise.all(sources.map((source) => checkSource(machine, dns, source)))
  return all.flat()
}

async function checkSource(machine: Machine, dns: Dns, source: Sender): Promise<readonly Finding[]> {
  const { name, address, ehlo, proxy, relay = [] } = source
  if (relay.length > 0)
    return [finding(source, 'skipped', 'its mail goes by a relay, whose address and name receivers see')]
  const isOwn = address === undefined || machine.addresses.some((own) => sameAddress(own, address))
  // An address need not stand on an interface to be sent from.
  if (!isOwn && proxy === undefined && (await machine.bind(address, 0)) !== undefined)
    return [
      finding(
        source,
        'problem',
        `${address} is no address of this machine`,
        `correct egress.sources.${name}.address`,
      ),
    ]
  const seen = await sendingAddresses(dns, [source])
  if (seen.length > 0) return Promise.all(seen.map((one) => checkAddress(dns, source, one)))
  const found = await lookUpAddresses(dns, ehlo)
  if (found.kind === 'unknown')
    return [finding(source, 'skipped', `${ehlo} cannot be looked up now: ${found.why}`)]
  const advice = 'give it an A or AAAA record with the address that mail is sent from, or set node.name'
  return [finding(source, 'problem', `the EHLO name ${ehlo} leads to no address`, advice)]
}

/** The address leads to a name, that name back to the address, and the EHLO name as well. */
async function checkAddress(
  dns: Dns,
  source: Source,
  { address, ehlo, from }: SendingAddress,
): Promise<Finding> {
  const behind = source.address !== undefined && from === 'name' ? `${source.address} is private; ` : ''
  if (isPrivate(address))
    return finding(
      source,
      'problem',
      `the EHLO name ${ehlo} leads to ${address}, which is private`,
      'publish the address that the world sees',
    )
  const names = await lookUp(dns, reverseName(address), 'PTR')
  if (names.kind === 'unknown')
    return finding(source, 'skipped', `the PTR record of ${address} cannot be looked up now: ${names.why}`)
  if (names.kind === 'none')
    return finding(
      source,
      'problem',
      `${behind}${address} has no PTR record: large receivers refuse its mail`,
      `ask who owns the address for the PTR record ${ehlo}`,
    )
  const confirmed = await leadingBack(dns, names.records, address)
  if (confirmed.length === 0)
    return finding(
      source,
      'problem',
      `${behind}${address} has the name ${names.records.join(', ')}, which does not lead back`,
      `let PTR and ${address.includes(':') ? 'AAAA' : 'A'} record agree`,
    )
  return checkEhlo(dns, source, { address, confirmed, behind })
}

type Confirmed = { readonly address: string; readonly confirmed: readonly string[]; readonly behind: string }

async function checkEhlo(
  dns: Dns,
  source: Source,
  { address, confirmed, behind }: Confirmed,
): Promise<Finding> {
  const { ehlo } = source
  const [name = ''] = confirmed
  if (confirmed.includes(ehlo)) return finding(source, 'ok', `${behind}${address} is ${ehlo}, and back`)
  if (hasAddress(await lookUpAddresses(dns, ehlo), address))
    return finding(
      source,
      'warning',
      `${behind}${address} is ${name}, and says ${ehlo}`,
      `set the PTR record, or egress.sources.${source.name}.ehlo = "${name}"`,
    )
  return finding(
    source,
    'problem',
    `${address} says ${ehlo}, which does not lead to it`,
    `set egress.sources.${source.name}.ehlo = "${name}"`,
  )
}

function finding({ name }: Source, level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: `source ${name}`, text, ...(advice === undefined ? {} : { advice }) }
}
