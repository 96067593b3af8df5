/** The DNS of the sandbox: every domain leads to it, except those whose labels ask for trouble. */

import { DnsServer } from '#platform/dns'
import type { Question, Said, ZoneRecord } from '#platform/dns'

import { choosePersona, ORDINARY } from './persona.ts'
import type { Persona } from './persona.ts'
import type { Receiver } from '#engine/receiver'

/** `mx.sandbox.test` is the host that takes everything, `no-tls.sandbox.test` a persona. RFC 6761 §6.2 */
const SUFFIX = 'sandbox.test'
/** Short, so that a change of mind in the configuration is seen soon; a resolver keeps it for its minimum. */
const TTL = 10

/** Labels that are answered by the DNS itself. */
export const DNS_LABELS: readonly { readonly name: string; readonly en: string; readonly ja: string }[] = [
  { name: 'nxdomain', en: 'The domain does not exist', ja: 'ドメインが存在しない' },
  { name: 'servfail', en: 'The name server fails', ja: 'DNSサーバーの障害' },
  { name: 'dns-timeout', en: 'The name server does not answer', ja: 'DNSサーバーが無応答' },
  { name: 'nullmx', en: 'A null MX: the domain takes no mail', ja: 'Null MX（メールを受け取らない）' },
  { name: 'no-mx', en: 'No MX: the domain itself is the host', ja: 'MXなし（ドメイン自身が宛先）' },
  { name: 'no-host', en: 'The MX host has no address', ja: 'MXホストにアドレスがない' },
  { name: 'backup-mx', en: 'The first MX is closed, the second takes mail', ja: '第1MXが停止、第2MXが受理' },
]

export type Addresses = {
  /** Whether the ordinary host also listens on ::1. */
  readonly v6: boolean
  /** The personas' addresses that could be opened. */
  readonly personas: ReadonlySet<string>
  /** Those that the sandbox plays. */
  readonly receivers?: readonly Receiver[]
}

export function startNameServer(port: number, addresses: Addresses): Promise<DnsServer> {
  return DnsServer.on({ port, answer: (question) => answer(question, addresses) })
}

export function answer({ name, type }: Pick<Question, 'name' | 'type'>, addresses: Addresses): Said {
  const domain = name.toLowerCase()
  const labels = new Set(domain.split('.'))
  if (labels.has('nxdomain')) return { kind: 'nxdomain', ttl: TTL }
  if (labels.has('servfail')) return { kind: 'servfail' }
  if (labels.has('dns-timeout')) return { kind: 'drop' }
  const records = recordsOf(domain, type, labels, addresses).map((one) => ({ ...one, name }))
  return records.length > 0 ? { kind: 'records', records } : { kind: 'nodata', ttl: TTL }
}

function recordsOf(
  domain: string,
  type: string,
  labels: ReadonlySet<string>,
  addresses: Addresses,
): readonly ZoneRecord[] {
  const receiver = receiverOf(domain, addresses)
  if (type === 'MX')
    return exchangers(domain, labels, receiver).map((exchange, index) => mx(exchange, (index + 1) * 10))
  if (type === 'PTR') return [{ name: domain, ttl: TTL, type, data: `mx.${SUFFIX}` }]
  if (labels.has('no-host')) return []
  if (receiver !== undefined)
    return type === 'A' ? [{ name: domain, ttl: TTL, type, data: receiver.personality.address }] : []
  const persona = choosePersona(domain)
  if (type === 'A') return [{ name: domain, ttl: TTL, type, data: addressOf(persona, addresses) }]
  if (type === 'AAAA' && persona === undefined && addresses.v6)
    return [{ name: domain, ttl: TTL, type, data: '::1' }]
  return []
}

/** Where the system opens no second loopback address (macOS), the ordinary host stands in. */
function addressOf(persona: Persona | undefined, { personas }: Addresses): string {
  if (persona === undefined) return ORDINARY.address
  const isThere = persona.greets === 'not at all: the port is closed' || personas.has(persona.address)
  return isThere ? persona.address : ORDINARY.address
}

function exchangers(
  domain: string,
  labels: ReadonlySet<string>,
  receiver: Receiver | undefined,
): readonly string[] {
  // A host of ours has no MX of its own, or mail to it would never be about itself.
  if (labels.has('no-mx') || domain.endsWith(`.${SUFFIX}`)) return []
  if (labels.has('nullmx')) return ['.']
  if (labels.has('no-host')) return [`no-host.${SUFFIX}`]
  if (labels.has('backup-mx')) return [`closed.${SUFFIX}`, `mx.${SUFFIX}`]
  if (receiver !== undefined) return [receiver.personality.host]
  return [`${choosePersona(domain)?.name ?? ORDINARY.name}.${SUFFIX}`]
}

/** By its own domain or host; or by a label, which must not be the last: `au` is a country too. */
function receiverOf(domain: string, { receivers = [], personas }: Addresses): Receiver | undefined {
  const open = receivers.filter(({ personality }) => personas.has(personality.address))
  const own = open.find(({ personality: { host, domains } }) => domain === host || domains.includes(domain))
  if (own !== undefined) return own
  const labels = domain.split('.').slice(0, -1)
  return open.find(({ personality, isKnownByHost }) => isKnownByHost && labels.includes(personality.name))
}

function mx(exchange: string, preference: number): ZoneRecord {
  return { name: '', ttl: TTL, type: 'MX', data: { preference: exchange === '.' ? 0 : preference, exchange } }
}
