/** For tests: one report about a domain, in memory. */

import type { Operations } from '#product/operation'
import type { KeptReport } from '#product/received-report'

type ReportOperations = Pick<Operations, 'domainReports' | 'domainReport'>

export function pretendReports(now: number): ReportOperations {
  const from = Date.UTC(2026, 10, 21)
  const until = from + 86_399_000
  const kept: KeptReport = {
    kind: 'dmarc',
    row: {
      id: '5f2b8c0d9e1a4b7c6d3e',
      kind: 'dmarc',
      organization: 'default',
      domain: 'example.org',
      reporter: '=Receiver \u001b[31mLtd.',
      report: '1',
      from,
      until,
      receivedAt: now - 3_600_000,
      client: '192.0.2.25',
      sender: 'dmarc@receiver.example',
      good: 12,
      bad: 0,
    },
    report: {
      organization: '=Receiver \u001b[31mLtd.',
      contact: '',
      id: '1',
      from,
      until,
      domain: 'example.org',
      policy: { p: 'none', adkim: 'r', aspf: 'r', pct: '100' },
      records: [
        {
          source: '192.0.2.7',
          count: 12,
          disposition: 'none',
          dkim: 'pass',
          spf: 'fail',
          reasons: [],
          headerFrom: 'example.org',
          signatures: [],
          senders: [],
        },
      ],
    },
  }
  return {
    domainReports: async ({ domain, kind = 'dmarc' }) =>
      domain === 'example.org' && kind === 'dmarc' ? [kept.row] : [],
    domainReport: async ({ id }) => (id === kept.row.id ? kept : null),
  }
}
