import assert from 'node:assert/strict'
import { test } from 'node:test'

import { dkimRecord, policyRecords, zoneLine } from './dns-record.ts'

test('a long TXT record is split into strings of 255 octets that join to the value. RFC 1035 §3.3', () => {
  const value = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`
  const line = zoneLine(dkimRecord('example.com', 's1', value))
  const [, data = ''] = /^s1\._domainkey\.example\.com\. 3600 IN TXT (.*)$/.exec(line) ?? []
  const strings = [...data.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text)
  assert.deepEqual(
    strings.map(({ length }) => length),
    [255, 155],
  )
  assert.equal(strings.join(''), value)
})

test('a text of exactly 255 octets is one string', () => {
  const record = dkimRecord('example.com', 's1', 'x'.repeat(255))
  assert.equal(zoneLine(record), `s1._domainkey.example.com. 3600 IN TXT "${'x'.repeat(255)}"`)
})

test('quotes and backslashes are escaped. RFC 1035 §5.1', () => {
  assert.match(zoneLine(dkimRecord('example.com', 's', String.raw`a"b\c`)), /TXT "a\\"b\\\\c"$/)
})

test('SPF, DMARC and, where there is one, the return path', () => {
  const name = 'mail.example.net'
  const own = [
    'example.com. 3600 IN TXT "v=spf1 a:mail.example.net ~all"',
    '_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"',
  ]
  assert.deepEqual(policyRecords('example.com', { name }).map(zoneLine), own)
  const node = { name, returnPathDomain: 'bounce.example.net' }
  assert.deepEqual(policyRecords('example.com', node).map(zoneLine), [
    ...own,
    'hk-bounce.example.com. 3600 IN CNAME bounce.example.net.',
    'bounce.example.net. 3600 IN MX 10 mail.example.net.',
    'bounce.example.net. 3600 IN TXT "v=spf1 a:mail.example.net ~all"',
  ])
})

test('where the node takes reports, records ask for them, across domains with leave of who gets them', () => {
  const name = 'mail.example.net'
  const reports = { dmarc: 'd', tls: 't' }
  const lines = (domain: string): readonly string[] =>
    policyRecords(domain, { name, returnPathDomain: 'bounce.example.net', reports })
      .filter(({ value }) => /DMARC1|TLSRPT/.test(value))
      .map((record) => `${record.name} ${record.value}`)
  const tls = 'v=TLSRPTv1; rua=mailto:t@bounce.example.net'
  const dmarc = 'v=DMARC1; p=none; rua=mailto:d@bounce.example.net'
  assert.deepEqual(lines('example.com'), [
    `_dmarc.example.com ${dmarc}`,
    'example.com._report._dmarc.bounce.example.net v=DMARC1',
    `_smtp._tls.example.com ${tls}`,
    `_smtp._tls.bounce.example.net ${tls}`,
  ])
  assert.deepEqual(lines('example.net'), [
    `_dmarc.example.net ${dmarc}`,
    `_smtp._tls.example.net ${tls}`,
    `_smtp._tls.bounce.example.net ${tls}`,
  ])
  assert.equal(lines('bounce.example.net').length, 2)
})

function trackingOf(domain: string): { name: string; target: string } | undefined {
  return domain === 'example.com' ? { name: 'click.example.com', target: 'click.example.net' } : undefined
}

test('the name of links leads to ours, where the domain has one of its own', () => {
  const name = 'mail.example.net'
  const [record] = policyRecords('example.com', { name, trackingOf }).filter(
    ({ purpose }) => purpose === 'tracking',
  )
  assert.equal(zoneLine(record!), 'click.example.com. 3600 IN CNAME click.example.net.')
  assert.equal(record?.by, 'owner')
  assert.ok(policyRecords('example.org', { name, trackingOf }).every(({ purpose }) => purpose !== 'tracking'))
})
