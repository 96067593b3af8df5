/** Whether a domain is told when TLS to it fails. RFC 8460 §3 */

import { formatMailbox } from '#grammar/address'
import { parseTlsReportRecord } from '#grammar/report'
import type { Dns } from '#platform/dns'
import type { DnsRecord } from '#product/domain'

import type { Finding } from './finding.ts'
import { lookUp } from './lookup.ts'

/** `advised`: the record that `domain show` has. */
export async function checkTlsReport(dns: Dns, domain: string, advised?: DnsRecord): Promise<Finding> {
  const name = `_smtp._tls.${domain}`
  const found = await lookUp(dns, name, 'TXT')
  if (found.kind === 'unknown')
    return { level: 'warning', check: 'tls-rpt', text: `${name} cannot be looked up now: ${found.why}` }
  const record = parseTlsReportRecord(found.kind === 'found' ? found.records : [])
  switch (record.kind) {
    case 'none':
      return { level: 'ok', check: 'tls-rpt', text: `${domain} wants no reports about TLS to it` }
    case 'invalid':
      return {
        level: 'warning',
        check: 'tls-rpt',
        text: `${name} counts as none: ${record.why}`,
        publish: {
          name,
          type: 'TXT',
          value: advised?.value ?? `v=TLSRPTv1; rua=mailto:postmaster@${domain}`,
        },
      }
    case 'record': {
      const targets = record.targets.map((one) => (one.kind === 'mail' ? formatMailbox(one.to) : one.url))
      return { level: 'ok', check: 'tls-rpt', text: `reports about TLS go to ${targets.join(', ')}` }
    }
  }
}
