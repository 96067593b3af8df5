import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DmarcReport } from '#grammar/report'

import { tellDmarcReport } from './dmarc-report.ts'
import { LANGUAGES } from './words.ts'

const DAY = Date.UTC(2026, 10, 21)

const REPORT: DmarcReport = {
  organization: 'Receiver Ltd.',
  contact: 'dmarc@receiver.example',
  id: '1',
  from: DAY,
  until: DAY + 86_399_000,
  domain: 'example.org',
  policy: { p: 'none', sp: 'reject', adkim: 'r', aspf: 'r', pct: '100' },
  records: [
    {
      source: '192.0.2.1',
      count: 12,
      disposition: 'none',
      dkim: 'pass',
      spf: 'pass',
      reasons: [],
      headerFrom: 'example.org',
      signatures: [{ domain: 'example.org', selector: 's1', result: 'pass' }],
      senders: [{ domain: 'example.org', result: 'pass' }],
    },
    {
      source: '198.51.100.7',
      count: 1,
      disposition: 'quarantine',
      dkim: 'fail',
      spf: 'fail',
      reasons: ['local_policy: seen before'],
      headerFrom: 'example.org',
      signatures: [],
      senders: [{ domain: 'evil.example', result: 'pass' }],
    },
  ],
}

test('a report is told in English', () => {
  assert.equal(
    tellDmarcReport(REPORT, 'en'),
    `Report of Receiver Ltd. (dmarc@receiver.example)
  from 2026-11-21 00:00:00Z until 2026-11-21 23:59:59Z

example.org  [p=none sp=reject]  12 passed, 1 failed
  192.0.2.1  12 messages: passed by DKIM and SPF; in the name of example.org
  198.51.100.7  1 message: failed, put into quarantine; in the name of example.org
    DKIM: not signed
    SPF: pass for evil.example
    reason: local_policy: seen before

change: if that machine is yours, let its mail be signed by the domain, as this node does; if not, somebody uses your name, and p=quarantine or p=reject keeps it out
`,
  )
})

test('a report is told in Japanese', () => {
  const told = tellDmarcReport(REPORT, 'ja')
  assert.match(told, /^Receiver Ltd\. からのレポート（dmarc@receiver\.example）\n/)
  assert.match(
    told,
    /合格 12 通、不合格 1 通\n {2}192\.0\.2\.1 {2}12 通: DKIMとSPFで合格; 差出人 example\.org\n/,
  )
  assert.match(told, /1 通: 不合格（隔離）; 差出人 example\.org\n {4}DKIM: 署名なし\n/)
})

test('when everything passed it says so, and what nobody’s standard knows is told as it is', () => {
  for (const language of LANGUAGES) {
    const [good, bad] = REPORT.records
    assert(good && bad)
    assert.match(
      tellDmarcReport({ ...REPORT, records: [good] }, language),
      /(?:passed|合格しています)[.。]\n$/,
    )
    const odd = { ...bad, disposition: 'toString', signatures: [{ domain: 'a', result: 'odd' }], senders: [] }
    const told = tellDmarcReport({ ...REPORT, records: [odd] }, language)
    assert.match(told, /toString[^]*odd/)
    assert.doesNotMatch(told, /undefined|native code/)
  }
})
