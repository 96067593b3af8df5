/** TLS, logo, names of addresses, and what large receivers make of it all. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { HttpAnswer, HttpClient } from '#platform/http-client'

import { checkBimi } from './bimi.ts'
import { checkBulkRules } from './bulk.ts'
import { checkDmarc } from './dmarc.ts'
import type { Finding } from './finding.ts'
import { checkMtaSts } from './mta-sts.ts'
import { zoneDns } from './names.fixture.ts'
import { organizationalDomain } from './organizational-domain.ts'
import { checkPtr } from './ptr.ts'
import { checkTlsReport } from './tls-rpt.ts'

const DOMAIN = 'example.org'
const RECORD = `_mta-sts.${DOMAIN} TXT v=STSv1; id=1\n${DOMAIN} MX 10 mx.${DOMAIN}\n`

function serving(body: string, more: { status?: number; type?: string } = {}): HttpClient {
  const { status = 200, type = 'text/plain' } = more
  const answer: HttpAnswer = {
    ok: true,
    status,
    headers: new Map([['content-type', type]]),
    body: Buffer.from(body),
  }
  return {
    request({ url }) {
      assert.equal(url, `https://mta-sts.${DOMAIN}/.well-known/mta-sts.txt`)
      return Promise.resolve(answer)
    },
  }
}

function policy(mode: string, mx: string, age = 604_800): string {
  return `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${age}\n`
}

test('the MTA-STS of a domain is judged: record, policy, MX, age', async () => {
  const cases: readonly (readonly [
    zone: string,
    http: HttpClient | undefined,
    level: string,
    says: RegExp,
  ])[] = [
    ['', undefined, 'ok', /has no MTA-STS/],
    [`_mta-sts.${DOMAIN} TXT v=STSv1`, undefined, 'warning', /no id/],
    [RECORD, undefined, 'skipped', /not fetched/],
    [RECORD, serving(policy('enforce', `*.${DOMAIN}`)), 'ok', /names all its MX/],
    [RECORD, serving(policy('enforce', 'other.example')), 'problem', /get no mail .* "mx\.example\.org"/],
    [
      `${RECORD}${DOMAIN} MX 20 mx2.example.net`,
      serving(policy('enforce', `*.${DOMAIN}`)),
      'warning',
      /mx2\.example\.net/,
    ],
    [RECORD, serving(policy('testing', 'other.example')), 'warning', /are reported/],
    [RECORD, serving(policy('none', 'other.example')), 'ok', /mode none/],
    [RECORD, serving('', { status: 404 }), 'warning', /sts-policy-fetch-error.*404/],
    [RECORD, serving(policy('enforce', `mx.${DOMAIN}`), { type: 'text/html' }), 'warning', /text\/html/],
    [RECORD, serving('<html>'), 'warning', /sts-policy-invalid/],
  ]
  for (const [zone, http, level, says] of cases) {
    const [found] = await checkMtaSts(zoneDns(zone), DOMAIN, http)
    assert.equal(found?.level, level, found?.text ?? 'nothing')
    assert.match(found?.text ?? '', says)
  }
  const [, short] = await checkMtaSts(zoneDns(RECORD), DOMAIN, serving(policy('enforce', `mx.${DOMAIN}`, 60)))
  assert.match(short?.text ?? '', /kept for 60 s only/)
})

test('where reports about TLS go is told', async () => {
  const at = (text: string): Promise<Finding> =>
    checkTlsReport(zoneDns(`_smtp._tls.${DOMAIN} TXT ${text}`), DOMAIN)
  assert.match((await at('v=TLSRPTv1; rua=mailto:a@example.org')).text, /go to a@example\.org$/)
  const wrong = await at('v=TLSRPTv1; rua=ftp:x')
  assert.deepEqual(
    [wrong.level, wrong.publish?.value],
    ['warning', 'v=TLSRPTv1; rua=mailto:postmaster@example.org'],
  )
  assert.match((await at('v=TLSRPTv1')).text, /counts as none: nothing follows/)
  assert.match((await checkTlsReport(zoneDns(''), DOMAIN)).text, /wants no reports/)
})

test('a logo needs a record that can be read and a DMARC policy that acts', async () => {
  const acts: Finding = { level: 'ok', check: 'dmarc', text: '_dmarc.example.org: p=reject' }
  const watches: Finding = { ...acts, text: '_dmarc.example.org: p=none' }
  const cases: readonly (readonly [text: string, dmarc: Finding, level: string, says: RegExp])[] = [
    ['v=BIMI1; l=https://x.example/l.svg; a=https://x.example/l.pem', acts, 'ok', /its certificate/],
    ['v=BIMI1; l=https://x.example/l.svg', acts, 'ok', /without a certificate/],
    ['v=BIMI1; l=https://x.example/l.svg', watches, 'warning', /no effect/],
    ['v=BIMI1; l=http://x.example/l.svg', acts, 'warning', /cannot be read/],
    ['v=BIMI1; l=; a=', watches, 'ok', /declines/],
    ['other', acts, 'ok', /no logo/],
  ]
  for (const [text, dmarc, level, says] of cases) {
    const found = await checkBimi(zoneDns(`default._bimi.${DOMAIN} TXT ${text}`), DOMAIN, [dmarc])
    assert.equal(found.level, level, found.text)
    assert.match(found.text, says)
  }
})

test('an address has a name that leads back, or large receivers refuse it', async () => {
  const seen = [{ source: 'default', ehlo: 'out.example.net', address: '1.1.1.7', from: 'name' }] as const
  const level = async (zone: string): Promise<string> =>
    (await checkPtr(zoneDns(zone), seen)).map((one) => one.level).join()
  assert.equal(await level('7.1.1.1.in-addr.arpa PTR out.example.net\nout.example.net A 1.1.1.7'), 'ok')
  assert.equal(await level('7.1.1.1.in-addr.arpa PTR out.example.net\nout.example.net A 1.1.1.8'), 'problem')
  assert.equal(await level(''), 'problem')
})

function bad(check: string): Finding {
  return { level: 'problem', check, text: '' }
}

function told(...findings: readonly Finding[]): readonly string[] {
  return checkBulkRules(findings).map(({ level }) => level)
}

test('what a large receiver would not take is told for each of them', () => {
  assert.deepEqual(told(), ['ok', 'ok', 'ok'])
  assert.deepEqual(told(bad('ptr')), ['problem', 'problem', 'ok'])
  assert.deepEqual(told(bad('return-path')), ['problem', 'problem', 'problem'])
  assert.deepEqual(told({ ...bad('dmarc'), level: 'warning' }), ['ok', 'ok', 'ok'])
})

test('the organizational domain is what one registers, in Japan too', () => {
  const cases = [
    ['mail.example.org', 'example.org'],
    ['a.b.example.co.jp', 'example.co.jp'],
    ['example.co.jp', 'example.co.jp'],
    ['mail.news.example.chiyoda.tokyo.jp', 'example.chiyoda.tokyo.jp'],
    ['someone.github.io', 'someone.github.io'],
    ['com', 'com'],
  ] as const
  for (const [name, expected] of cases) assert.equal(organizationalDomain(name), expected)
})

test('DMARC aligns by organizational domain, and a policy is looked for there and nowhere between. RFC 7489 §3.1', async () => {
  const zone = zoneDns('_dmarc.example.co.jp TXT v=DMARC1; p=reject; rua=mailto:a@example.org')
  const found = await checkDmarc(zone, {
    domain: 'a.news.example.co.jp',
    returnPathDomain: 'bounce.example.co.jp',
  })
  assert.match(found[0]?.text ?? '', /a parent's: p=reject/)
  assert.match(found[2]?.text ?? '', /SPF aligns/)
  assert.deepEqual(zone.asked, ['_dmarc.a.news.example.co.jp TXT', '_dmarc.example.co.jp TXT'])
  const other = await checkDmarc(zone, { domain: 'example.co.jp', returnPathDomain: 'other.co.jp' })
  assert.match(other[2]?.text ?? '', /does not align/)
})

test('reports that are asked for in a domain of others need its leave. RFC 7489 §7.1', async () => {
  const asking = '_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:d@bounce.example.net\n'
  const name = 'example.org._report._dmarc.bounce.example.net'
  const agreement = {
    name,
    type: 'TXT',
    value: 'v=DMARC1',
    purpose: 'dmarc-reports',
    by: 'operator',
    required: false,
  } as const
  const said = async (zone: string, returnPathDomain = 'bounce.example.net'): Promise<readonly string[]> => {
    const check = { domain: 'example.org', returnPathDomain, agreement }
    const findings = await checkDmarc(zoneDns(zone), check)
    return findings.flatMap(({ text, publish }) =>
      publish === undefined ? [] : [`${text} | ${publish.name}`],
    )
  }
  assert.deepEqual(await said(asking), [
    `reports are asked for at bounce.example.net, which does not say that it wants them | ${name}`,
  ])
  assert.deepEqual(await said(`${asking}${name} TXT v=DMARC1`), [])
  assert.deepEqual(await said(asking.replace('bounce.example.net', 'other.example')), [])
  assert.deepEqual(await said(asking.replaceAll('example.net', 'example.org'), 'bounce.example.org'), [])
})

test('what is advised to begin with asks for reports where the node takes them', async () => {
  const start = {
    name: '_dmarc.example.org',
    type: 'TXT',
    value: 'v=DMARC1; p=none; rua=mailto:d@bounce.example.org',
    purpose: 'dmarc',
    by: 'owner',
    required: true,
  } as const
  const check = { domain: 'example.org', returnPathDomain: 'bounce.example.org', start }
  const [missing] = await checkDmarc(zoneDns(''), check)
  assert.equal(missing?.publish?.value, start.value)
})
