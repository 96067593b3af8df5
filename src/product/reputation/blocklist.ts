/** Whether a block list names an address. A list is a zone of the DNS. RFC 5782 */

import { isIPv6 } from 'node:net'

import type { Dns } from '#platform/dns'
import { lookUp, reverseName } from '#product/verification'

export type Listed =
  | { readonly kind: 'clear' }
  /** What the list answers with, and the words it gives. */
  | { readonly kind: 'listed'; readonly codes: readonly string[]; readonly text: string }
  /** The list does not answer us, or not now. */
  | { readonly kind: 'unknown'; readonly why: string }

export async function blocklisted(dns: Dns, address: string, list: string): Promise<Listed> {
  const name = `${labelsOf(address)}.${list}`
  const found = await lookUp(dns, name, 'A')
  if (found.kind === 'none') return { kind: 'clear' }
  if (found.kind === 'unknown') return { kind: 'unknown', why: found.why }
  const refusal = found.records.find((code) => code.startsWith('127.255.255.'))
  if (refusal !== undefined) return { kind: 'unknown', why: REFUSALS.get(refusal) ?? `it answers ${refusal}` }
  // RFC 5782 §2.3, §5: an entry is an address within 127.0.0.0/8 and not 127.0.0.1; any other is a zone that answers all.
  const codes = found.records.filter((code) => code.startsWith('127.') && code !== '127.0.0.1')
  if (codes.length === 0)
    return { kind: 'unknown', why: `it answers ${found.records.join(', ')}, which no list does` }
  const words = await lookUp(dns, name, 'TXT')
  return { kind: 'listed', codes, text: words.kind === 'found' ? words.records.join(' ') : '' }
}

/** As large lists say it: https://www.spamhaus.org/faqs/dnsbl-usage/ */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['127.255.255.252', 'it says that its name is misspelt'],
  ['127.255.255.254', 'it does not answer public resolvers: let dns.servers name one of your own'],
  ['127.255.255.255', 'it was asked too often'],
])

/** RFC 5782 §2.1, §2.4: as in the reverse zones, without their end. */
function labelsOf(address: string): string {
  return reverseName(address).replace(isIPv6(address) ? /\.ip6\.arpa$/ : /\.in-addr\.arpa$/, '')
}
