/** That a domain stands otherwise than before, for the log of its organization. Whoever checks domains appends it. */

import type { NewEvent } from '#engine/spool'

/**
 * `verified`: it is the organization's. `lost`: it is no more. `refused`: it is another's. `broken`: records that mail
 * needs are missing or wrong. `recovered`: they are there again.
 */
export type DomainChange = {
  readonly organization: string
  readonly name: string
  readonly kind: 'verified' | 'lost' | 'refused' | 'broken' | 'recovered'
  /** Those to look at, each in a few words: `s1._domainkey.example.org TXT missing`. */
  readonly records: readonly string[]
}

export function domainStatus({ organization, name, kind, records }: DomainChange, at: number): NewEvent {
  const reason = records.join('; ')
  return {
    kind: 'domain-status',
    at,
    organization,
    ...(reason !== '' && { reason }),
    data: { domain: name, status: kind },
  }
}
