import assert from 'node:assert/strict'
import { test } from 'node:test'

import { TLS_RESULTS } from '#grammar/report'
import type { TlsReport } from '#grammar/report'

import { tellTlsReport } from './tls-report.ts'
import { LANGUAGES } from './words.ts'

const DAY = Date.UTC(2026, 10, 21)

const REPORT: TlsReport = {
  organization: 'Example Ltd.',
  contact: 'postmaster@example.net',
  id: '1',
  from: DAY,
  until: DAY + 86_399_000,
  policies: [
    {
      type: 'sts',
      domain: 'example.com',
      strings: [],
      mx: [],
      successes: 10,
      failures: 2,
      details: [
        {
          result: 'certificate-expired',
          count: 2,
          receivingHost: 'mx.example.com',
          receivingAddress: '192.0.2.1',
          sendingAddress: '198.51.100.1',
          reason: 'on Friday',
        },
      ],
    },
  ],
}

test('a report is told in English', () => {
  assert.equal(
    tellTlsReport(REPORT, 'en'),
    `Report of Example Ltd. (postmaster@example.net)
  from 2026-11-21 00:00:00Z until 2026-11-21 23:59:59Z

example.com  [MTA-STS]  10 sessions succeeded, 2 failed
  2 times: the certificate has expired (certificate-expired): mx.example.com 192.0.2.1 ← 198.51.100.1
    reason: on Friday
    change: renew the certificate of that server
`,
  )
})

test('a report is told in Japanese', () => {
  const told = tellTlsReport(REPORT, 'ja')
  assert.match(
    told,
    /^Example Ltd\. からのレポート（postmaster@example\.net）\n  期間 2026-11-21 00:00:00Z から/,
  )
  assert.match(told, /成功 10 セッション、失敗 2 セッション\n  2 回: 証明書の有効期限が切れています/)
  assert.match(told, /対処: そのサーバーの証明書を更新してください/)
})

test('every result of the standard has its words, and one of nobody’s standard is told as it is', () => {
  for (const language of LANGUAGES) {
    for (const result of [...TLS_RESULTS, 'toString']) {
      const [policy] = REPORT.policies
      assert.ok(policy)
      const told = tellTlsReport(
        { ...REPORT, policies: [{ ...policy, details: [{ result, count: 1 }] }] },
        language,
      )
      assert.ok(told.includes(`(${result})`), told)
      assert.doesNotMatch(told, /undefined/)
    }
  }
})

test('when nothing failed it says so', () => {
  assert.match(tellTlsReport({ ...REPORT, policies: [] }, 'en'), /Everything succeeded\.\n$/)
})
