/** Whether the certificate a host showed is one that its TLSA records speak of. RFC 6698 §2, RFC 7671 §5 */

import { createPublicKey, hash, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import type { Tlsa } from '#platform/dns'

import { digestOf } from './tlsa.ts'

/** What a TLS report calls it. RFC 8460 §4.3 */
export type CertificateFault =
  | 'certificate-expired'
  | 'certificate-host-mismatch'
  | 'certificate-not-trusted'
  | 'tlsa-invalid'

export type Matched =
  /** `by`: the record, for people. */
  | { readonly ok: true; readonly by: string }
  | { readonly ok: false; readonly fault: CertificateFault; readonly text: string }

/** A chain longer than this is nobody's. */
const MOST_CERTIFICATES = 10

export type Shown = {
  /** The host's own first, then who signed it, as far as it showed them. */
  readonly chain: readonly X509Certificate[]
  readonly records: readonly Tlsa[]
  readonly names: readonly string[]
  readonly now: number
}

/** Never throws, whatever the host showed. */
export function matchDane(shown: Shown): Matched {
  try {
    return matched(shown)
  } catch (error) {
    // Node reads a certificate only as it is asked of, and throws at a key of a kind it does not know.
    return failed('certificate-not-trusted', error instanceof Error ? error.message : String(error))
  }
}

function matched({ chain, records, names, now }: Shown): Matched {
  const [own] = chain
  if (own === undefined) return failed('tlsa-invalid', 'the host showed no certificate')
  // RFC 7672 §3.1.1: what DANE-EE binds is the key; neither name nor date of the certificate counts.
  const byKey = records.find((record) => record.usage === 3 && matches(record, own))
  if (byKey !== undefined) return { ok: true, by: titleOf(byKey) }
  let best: Matched = failed('tlsa-invalid', 'no TLSA record matches the certificate')
  for (const record of records.filter(({ usage }) => usage === 2)) {
    const one = byAuthority(record, chain.slice(0, MOST_CERTIFICATES), { names, now })
    if (one?.ok === true) return one
    best = one ?? best
  }
  return best
}

type Reference = { readonly names: readonly string[]; readonly now: number }

/** `undefined` when the record speaks of nobody in the chain. RFC 7672 §3.1.2 */
function byAuthority(
  record: Tlsa,
  chain: readonly X509Certificate[],
  { names, now }: Reference,
): Matched | undefined {
  const top = anchorOf(record, chain)
  if (top === undefined) return undefined
  const path = chain.slice(0, top.at + 1)
  const broken = path.findIndex((one, i) => i > 0 && !signed(path[i - 1], one))
  if (broken !== -1) return failed('certificate-not-trusted', 'the chain to the trust anchor does not hold')
  const late = path.find((one) => now < one.validFromDate.getTime() || now > one.validToDate.getTime())
  if (late !== undefined) return failed('certificate-expired', `a certificate ended on ${late.validTo}`)
  const [own] = path
  // RFC 7672 §3.2.2: the names are compared as for any certificate; a name in the subject alone is none.
  const isNamed = names.some((name) => own?.checkHost(name, { subject: 'never' }) !== undefined)
  if (!isNamed) return failed('certificate-host-mismatch', `the certificate is not for ${names.join(' or ')}`)
  return { ok: true, by: titleOf(record) }
}

/** How far up the chain the record's anchor stands, or signs the last that was shown. */
function anchorOf(record: Tlsa, chain: readonly X509Certificate[]): { readonly at: number } | undefined {
  const at = chain.findIndex((one, i) => i > 0 && matches(record, one))
  if (at !== -1) return { at }
  // A host that signed its own certificate is its own authority.
  const [own] = chain
  if (own !== undefined && matches(record, own) && own.verify(own.publicKey)) return { at: 0 }
  const last = chain.at(-1)
  const key = record.matchingType === 0 ? keyIn(record) : undefined
  return key !== undefined && last?.verify(key) === true ? { at: chain.length - 1 } : undefined
}

/** RFC 7671 §5.2.1: a record that holds the whole anchor spares the host from showing it. */
function keyIn({ selector, data }: Tlsa): KeyObject | undefined {
  try {
    if (selector === 0) return new X509Certificate(data).publicKey
    return createPublicKey({ key: Buffer.from(data), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function signed(lower: X509Certificate | undefined, upper: X509Certificate): boolean {
  return upper.ca && lower?.checkIssued(upper) === true && lower.verify(upper.publicKey)
}

function matches({ selector, matchingType, data }: Tlsa, certificate: X509Certificate): boolean {
  const whole =
    selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
  const digest = digestOf(matchingType)
  const said = digest === undefined ? whole : hash(digest, whole, 'buffer')
  return said.equals(data)
}

function titleOf({ usage, selector, matchingType }: Tlsa): string {
  return `TLSA ${usage} ${selector} ${matchingType}`
}

function failed(fault: CertificateFault, text: string): Matched {
  return { ok: false, fault, text }
}
