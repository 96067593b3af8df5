/** For tests: what a node that is only in memory knows of TLS. */

import type { Operations, TlsReportView } from '#product/operation'

const HOUR = 3_600_000

type TlsOperations = Pick<Operations, 'tlsReports' | 'tlsReport' | 'tlsPolicies' | 'brokenTls'>

export function pretendTls(now: number): TlsOperations {
  const policy = {
    type: 'sts',
    domain: 'example.com',
    strings: [],
    mx: [],
    successes: 41,
    failures: 1,
    details: [
      {
        result: 'certificate-expired',
        count: 1,
        receivingHost: 'mx.example.com',
        reason: 'on \u001b[31mFriday',
      },
    ],
  } as const
  const from = Date.UTC(2026, 10, 21)
  const report: TlsReportView = {
    id: '20261121.abc@mx.example.net',
    day: '2026-11-21',
    domain: 'example.com',
    state: 'waiting',
    due: now + HOUR,
    successes: 41,
    failures: 1,
    report: {
      organization: 'us',
      contact: '',
      id: '1',
      from,
      until: from + 24 * HOUR - 1000,
      policies: [policy],
    },
    deliveries: [{ target: 'tls@example.com', ok: false, text: 'no DKIM key' }],
  }
  return {
    tlsReports: () => Promise.resolve([report]),
    tlsReport: ({ id }) => Promise.resolve(id === report.id ? report : null),
    tlsPolicies: () =>
      Promise.resolve([
        {
          domain: 'example.com',
          id: '1',
          mode: 'enforce',
          mx: ['*.example.com'],
          fetchedAt: now,
          expiresAt: now + HOUR,
        },
      ]),
    brokenTls: () =>
      Promise.resolve([
        { host: 'old.example.com', since: now - HOUR, until: now + HOUR, why: 'no handshake' },
      ]),
  }
}
