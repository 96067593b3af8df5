import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { decodeWords, field, leavesOf, parseHeader, unfold } from '#grammar/message'

import {
  composeTlsReport,
  formatTlsReport,
  parseTlsReportRecord,
  readTlsReport,
  reportFileName,
} from './index.ts'
import type { TlsReport } from './index.ts'

const DAY = Date.UTC(2026, 10, 21)

const REPORT: TlsReport = {
  organization: 'Company-X',
  contact: 'sts-reporting@company-x.example',
  id: '5065427c-23d3-47ca-b6e0-946ea0e8c4be',
  from: DAY,
  until: DAY + 86_399_000,
  policies: [
    {
      type: 'sts',
      domain: 'company-y.example',
      strings: ['version: STSv1', 'mode: testing', 'mx: *.mail.company-y.example', 'max_age: 86400'],
      mx: ['*.mail.company-y.example'],
      successes: 5326,
      failures: 303,
      details: [
        {
          result: 'certificate-expired',
          count: 100,
          sendingAddress: '2001:db8:abcd:0012::1',
          receivingHost: 'mx1.mail.company-y.example',
        },
        {
          result: 'validation-failure',
          count: 203,
          receivingAddress: '203.0.113.58',
          reason: 'X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED',
        },
      ],
    },
    {
      type: 'no-policy-found',
      domain: 'company-y.example',
      strings: [],
      mx: [],
      successes: 1,
      failures: 0,
      details: [],
    },
  ],
}

function read(json: unknown): string {
  const found = readTlsReport(typeof json === 'string' ? json : JSON.stringify(json))
  return found.ok ? 'read' : found.why
}

test('a report is read as it was written. RFC 8460 §4.4', () => {
  assert.deepEqual(readTlsReport(formatTlsReport(REPORT)), { ok: true, report: REPORT })
})

test('what is written has the names of the standard', () => {
  const written = JSON.parse(formatTlsReport(REPORT)) as { readonly policies: readonly unknown[] }
  assert.deepEqual(written.policies[0], {
    policy: {
      'policy-type': 'sts',
      'policy-string': ['version: STSv1', 'mode: testing', 'mx: *.mail.company-y.example', 'max_age: 86400'],
      'policy-domain': 'company-y.example',
      'mx-host': ['*.mail.company-y.example'],
    },
    summary: { 'total-successful-session-count': 5326, 'total-failure-session-count': 303 },
    'failure-details': [
      {
        'result-type': 'certificate-expired',
        'sending-mta-ip': '2001:db8:abcd:0012::1',
        'receiving-mx-hostname': 'mx1.mail.company-y.example',
        'failed-session-count': 100,
      },
      {
        'result-type': 'validation-failure',
        'receiving-ip': '203.0.113.58',
        'failure-reason-code': 'X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED',
        'failed-session-count': 203,
      },
    ],
  })
})

const minimal = (policy: object, more: object = {}): object => ({
  'date-range': { 'start-datetime': '2026-11-21T00:00:00Z', 'end-datetime': '2026-11-21T23:59:59Z' },
  policies: [{ policy: { 'policy-type': 'sts', ...policy }, ...more }],
})

test('what reporters write in practice is read: lone strings, counts as text, fields left out', () => {
  const found = readTlsReport(
    JSON.stringify(
      minimal(
        { 'policy-string': 'version: STSv1', 'mx-host': '*.example.com' },
        {
          summary: { 'total-successful-session-count': '7' },
          'failure-details': [{ 'result-type': 'new-one' }],
        },
      ),
    ),
  )
  assert.ok(found.ok)
  const [policy] = found.report.policies
  assert.deepEqual(
    [policy?.strings, policy?.mx, policy?.successes],
    [['version: STSv1'], ['*.example.com'], 7],
  )
  assert.deepEqual(policy?.details, [{ result: 'new-one', count: 0 }])
})

test('what is no report says why', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['', /not JSON/],
    ['[]', /no object/],
    [{}, /date-range/],
    [{ ...minimal({}), policies: {} }, /policies is no list/],
    [minimal({ 'policy-type': 'other' }), /policy-type is other/],
    [minimal({}, { summary: { 'total-failure-session-count': -1 } }), /no count/],
    [minimal({}, { summary: { 'total-failure-session-count': 0.5 } }), /no count/],
    [{ ...minimal({}), 'date-range': { 'start-datetime': 'yesterday' } }, /no time/],
    [minimal({ 'mx-host': Array.from({ length: 201 }, () => 'x') }), /more than 200/],
    [minimal({}, { 'failure-details': Array.from({ length: 20_001 }, () => ({})) }), /more than 20000/],
  ]
  for (const [json, expected] of cases) assert.match(read(json), expected, JSON.stringify(json).slice(0, 100))
})

test('text loses what a terminal may obey, and what is beyond its length', () => {
  const found = readTlsReport(
    JSON.stringify({ ...minimal({}), 'organization-name': `\u001b[31mred\u0007${'x'.repeat(2_000)}` }),
  )
  assert.ok(found.ok)
  assert.match(found.report.organization, /^ \[31mred x+$/)
  assert.ok(found.report.organization.length <= 1_000)
})

test('whatever JSON comes, reading it ends', () => {
  fc.assert(fc.property(fc.json(), (json) => void read(json)))
})

test('a record says where reports go. RFC 8460 §3', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['v=TLSRPTv1; rua=mailto:tls@example.com'], 'tls@example.com'],
    [
      ['v=TLSRPTv1;rua=mailto:a@example.com,https://example.com/report?x=1;'],
      'a@example.com https://example.com/report?x=1',
    ],
    [['v=TLSRPTv1; rua=mailto:a%2Cb@example.com'], 'none-of-those'],
    [['v=spf1', 'v=TLSRPTv1; rua=ftp:x, mailto:b@example.com'], 'b@example.com'],
    [['v=TLSRPTv1; rua=http://example.com/'], 'invalid'],
    [['v=TLSRPTv1;'], 'invalid'],
    [['v=TLSRPTv1; rua=mailto:a@b.example', 'v=TLSRPTv1; rua=mailto:a@b.example'], 'invalid'],
    [['v=TLSRPTv2; rua=mailto:a@b.example'], 'none'],
    [[], 'none'],
  ]
  for (const [texts, expected] of cases) {
    const record = parseTlsReportRecord(texts)
    const said =
      record.kind === 'record'
        ? record.targets
            .map((one) => (one.kind === 'https' ? one.url : `${one.to.local}@${one.to.domain}`))
            .join(' ')
        : record.kind
    if (expected !== 'none-of-those') assert.equal(said, expected, texts.join('|'))
    else assert.equal(said, 'invalid', 'a comma in a local part needs quotes')
  }
  const many = Array.from({ length: 10 }, (_, n) => `mailto:a${n}@example.com`).join(',')
  const record = parseTlsReportRecord([`v=TLSRPTv1; rua=${many}`])
  assert.equal(record.kind === 'record' && record.targets.length, 5)
})

test('a report goes as a message that programs find it in. RFC 8460 §5.3', () => {
  const compressed = Buffer.from('not really compressed')
  const mail = {
    report: REPORT,
    domain: 'company-y.example',
    submitter: 'mail.company-x.example',
    compressed,
    from: 'tls-reports@company-x.example',
    to: 'reports@company-y.example',
    messageId: '<1@company-x.example>',
    now: DAY + 86_400_000,
  }
  const bytes = composeTlsReport(mail)
  const parsed = parseHeader(bytes, { bytes: 10_000, fields: 100 })
  assert.ok(parsed.ok)
  const value = (name: string): string => {
    const found = field(parsed.header, name)
    return found === undefined ? '' : decodeWords(unfold(parsed.header, found)).trim()
  }
  assert.equal(value('tls-report-domain'), 'company-y.example')
  assert.equal(value('tls-report-submitter'), 'mail.company-x.example')
  assert.equal(
    value('subject'),
    `Report Domain: company-y.example Submitter: mail.company-x.example Report-ID: <${REPORT.id}>`,
  )
  assert.match(value('content-type'), /^multipart\/report; report-type="tlsrpt"/)
  const leaves = leavesOf(
    bytes,
    { depth: 5, parts: 10, headerBytes: 10_000 },
    (type) => type === 'application/tlsrpt+gzip',
  )
  assert.deepEqual(
    leaves.map(({ content }) => content),
    [compressed],
  )
  assert.match(
    reportFileName(mail),
    /^mail\.company-x\.example!company-y\.example!1795219200!1795305599!\w+\.json\.gz$/,
  )
  assert.ok(
    bytes
      .toString('latin1')
      .split('\r\n')
      .every((line) => line.length <= 998 && !/[\r\n]/.test(line)),
  )
})
