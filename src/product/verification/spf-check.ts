/** Whether the SPF record of a domain lets this node send. RFC 7208 */

import { isIPv6 } from 'node:net'

import { normalAddress } from '#platform/address-range'
import type { Dns } from '#platform/dns'

import { quoted } from './finding.ts'
import type { Finding, Level } from './finding.ts'
import { lookUpAddresses } from './lookup.ts'
import type { SendingAddress } from './sending-address.ts'
import { evaluateSpf, findSpf } from './spf.ts'
import type { SpfVerdict } from './spf.ts'
import { withMechanism } from './spf-record.ts'

export type SpfCheck = {
  /** What its findings are called: `spf`, `return-path`. */
  readonly check: string
  readonly domain: string
  /** Whether receivers look at this domain by the standard; otherwise it is good advice. */
  readonly required: boolean
  readonly nodeName: string
  readonly addresses: readonly SendingAddress[]
}

/** One finding about the record when it cannot be used, otherwise one for each address that sends. */
export async function checkSpf(dns: Dns, spf: SpfCheck): Promise<readonly Finding[]> {
  const { check, domain } = spf
  const worst: Level = spf.required ? 'problem' : 'warning'
  const found = await findSpf(dns, domain)
  if (found.kind === 'unknown')
    return [{ level: 'warning', check, text: `${domain} cannot be looked up now: ${found.why}` }]
  const [text = '', ...more] = found.kind === 'found' ? found.records : []
  if (text === '')
    return [
      {
        level: worst,
        check,
        text: `${domain} has no SPF record`,
        ...publish(spf, `v=spf1 a:${spf.nodeName} ~all`),
      },
    ]
  // RFC 7208 §4.5: more than one is an error, whatever they say.
  if (more.length > 0)
    return [
      {
        level: worst,
        check,
        text: `${domain} has ${more.length + 1} SPF records`,
        advice: 'leave one, with the terms of all',
      },
    ]
  if (spf.addresses.length === 0)
    return [
      {
        level: 'warning',
        check,
        text: `${domain} has ${quoted(text)}; from where this node sends is not known`,
      },
    ]
  return Promise.all(spf.addresses.map((one) => checkAddress(dns, spf, text, one)))
}

async function checkAddress(
  dns: Dns,
  spf: SpfCheck,
  text: string,
  { address, ehlo }: SendingAddress,
): Promise<Finding> {
  const { check, domain, required } = spf
  const question = { address, helo: ehlo, sender: { local: 'postmaster', domain } }
  const verdict = await evaluateSpf(dns, domain, question)
  const level = levelOf(verdict, required ? 'problem' : 'warning')
  const line = { level, check, text: `${domain}, from ${address}: ${words(verdict)}` }
  if (level === 'ok') return line
  if (verdict.result === 'pass')
    return {
      ...line,
      advice: `${quoted(verdict.because)} lets everybody send as ${domain}: end with ~all or -all`,
    }
  if (verdict.result === 'permerror' || verdict.result === 'temperror') return line
  return { ...line, ...publish(spf, withMechanism(text, await mechanismFor(dns, spf, address))) }
}

function levelOf({ result, because }: SpfVerdict, worst: Level): Level {
  switch (result) {
    case 'pass':
      return /^\+?all$/i.test(because) ? 'warning' : 'ok'
    case 'temperror':
      return 'warning'
    case 'none':
    case 'neutral':
    case 'softfail':
    case 'fail':
    case 'permerror':
      return worst
  }
}

function words({ result, because, lookups }: SpfVerdict): string {
  return `${result} by ${quoted(because)}, ${lookups} of 10 lookups`
}

/** The node's name where that leads to the address, so that a new address needs no new record. */
async function mechanismFor(dns: Dns, { nodeName }: SpfCheck, address: string): Promise<string> {
  const found = await lookUpAddresses(dns, nodeName)
  if (
    found.kind === 'found' &&
    found.records.some((record) => normalAddress(record) === normalAddress(address))
  )
    return `a:${nodeName}`
  return isIPv6(address) ? `ip6:${address}` : `ip4:${address}`
}

function publish({ domain }: SpfCheck, value: string): Pick<Finding, 'publish'> {
  return { publish: { name: domain, type: 'TXT', value } }
}
