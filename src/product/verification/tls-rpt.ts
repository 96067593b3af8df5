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
  const value = advised?.value ?? `v=TLSRPTv1; rua=mailto:postmaster@${domain}`
  const publish = { name, type: 'TXT', value } as const
  switch (record.kind) {
    case 'none': {
      const meant =
        found.kind === 'found' ? found.records.find((text) => text.startsWith('v=TLSRPTv1')) : undefined
      if (meant !== undefined) return unreadable(publish, 'nothing follows its version')
      return { level: 'ok', check: 'tls-rpt', text: `${domain} wants no reports about TLS to it` }
    }
    case 'invalid':
      return unreadable(publish, record.why)
    case 'record': {
      const targets = record.targets.map((one) => (one.kind === 'mail' ? formatMailbox(one.to) : one.url))
      return { level: 'ok', check: 'tls-rpt', text: `reports about TLS go to ${targets.join(', ')}` }
    }
  }
}

function unreadable(publish: NonNullable<Finding['publish']>, why: string): Finding {
  return { level: 'warning', check: 'tls-rpt', text: `${publish.name} counts as none: ${why}`, publish }
}
