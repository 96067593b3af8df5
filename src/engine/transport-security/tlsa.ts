/** Whether a host has TLSA records that must be obeyed, and which of them can be used for SMTP. RFC 7672 §2 */

import { isIP } from 'node:net'

import type { Answer, Dns, Tlsa } from '#platform/dns'

export type Dane =
  /** DANE has nothing to say here: no record, or none that a validating resolver vouches for. */
  | { readonly kind: 'none' }
  /** Whether there are any cannot be told, and a forger would have it so: no mail to this host now. */
  | { readonly kind: 'failed'; readonly base: string; readonly text: string }
  /** There are, but none that can be used: TLS is mandatory, with any certificate. RFC 7672 §2.2 */
  | { readonly kind: 'unusable'; readonly base: string; readonly records: readonly Tlsa[] }
  | {
      readonly kind: 'usable'
      /** Whose records they are: the name for SNI. */
      readonly base: string
      /** What a certificate under DANE-TA may say. */
      readonly names: readonly string[]
      readonly records: readonly Tlsa[]
    }

const NONE: Dane = { kind: 'none' }

/** Never rejects. Settles within the time the resolver has. */
export async function findDane(host: string, port: number, dns: Pick<Dns, 'query'>): Promise<Dane> {
  if (isIP(host) !== 0) return NONE
  const bases = await basesOf(host, dns)
  for (const base of bases) {
    const answer = await dns.query(`_${port}._tcp.${base}`, 'TLSA')
    // RFC 7672 §2.1.2: a lookup that fails, or does not validate, is no leave to do without.
    if (answer.kind === 'failed') return { kind: 'failed', base, text: answer.text }
    if (answer.kind === 'records' && answer.authentic) return judged(answer.records, base, host)
  }
  return NONE
}

/**
 * Where TLSA records may stand, in the order to look: the name that the host's CNAMEs lead to, then its own. Empty
 * unless the addresses are secure: name servers that know nothing of DNSSEC fail such questions, and no record of
 * theirs would count. RFC 7672 §2.2.2
 */
async function basesOf(host: string, dns: Pick<Dns, 'query'>): Promise<readonly string[]> {
  const answers = await Promise.all([dns.query(host, 'AAAA'), dns.query(host, 'A')])
  const found = answers.filter((one) => one.kind === 'records')
  const [first] = found
  if (first === undefined || !found.every(isAuthentic)) return []
  return [...new Set([first.name, host])]
}

function isAuthentic({ authentic }: Extract<Answer, { kind: 'records' }>): boolean {
  return authentic
}

function judged(records: readonly Tlsa[], base: string, host: string): Dane {
  const usable = strongest(records.filter(isUsable))
  if (usable.length === 0) return { kind: 'unusable', base, records }
  return { kind: 'usable', base, names: [...new Set([base, host])], records: usable }
}

/** Octets of what a record of each matching type holds; type 0 holds all of it. RFC 6698 §2.1.3 */
const DIGEST: ReadonlyMap<number, { readonly name: string; readonly octets: number }> = new Map([
  [1, { name: 'sha256', octets: 32 }],
  [2, { name: 'sha512', octets: 64 }],
])

export function digestOf(matchingType: number): string | undefined {
  return DIGEST.get(matchingType)?.name
}

/** RFC 7672 §3.1.3: PKIX-TA and PKIX-EE mean nothing between mail servers. */
function isUsable({ usage, selector, matchingType, data }: Tlsa): boolean {
  if ((usage !== 2 && usage !== 3) || selector > 1) return false
  return matchingType === 0 ? data.length > 0 : data.length === DIGEST.get(matchingType)?.octets
}

/** RFC 7672 §5: of the digests of one usage and selector only the strongest counts; whole certificates always do. */
function strongest(records: readonly Tlsa[]): readonly Tlsa[] {
  return records.filter(({ usage, selector, matchingType }) => {
    if (matchingType === 0) return true
    return !records.some(
      (other) => other.usage === usage && other.selector === selector && other.matchingType > matchingType,
    )
  })
}

/** As a zone file and a TLS report have it: `3 1 1 0123…`. RFC 8460 §4.4 */
export function formatTlsa({ usage, selector, matchingType, data }: Tlsa): string {
  return `${usage} ${selector} ${matchingType} ${Buffer.from(data).toString('hex')}`
}
