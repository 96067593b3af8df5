import assert from 'node:assert/strict'
import { test } from 'node:test'

import { dmarcXml } from './dmarc-report.fixture.ts'
import { DmarcReader } from './index.ts'
import type { ReadDmarcReport } from './index.ts'

function readDmarcReport(xml: string): ReadDmarcReport {
  const read = new DmarcReader(xml).read(Infinity)
  assert(read)
  return read
}

function why(xml: string): string {
  const read = readDmarcReport(xml)
  return read.ok ? 'read' : read.why
}

test('a report is read as its schema has it. RFC 7489 appendix C', () => {
  const read = readDmarcReport(dmarcXml())
  assert.deepEqual(read, {
    ok: true,
    report: {
      organization: 'Example Mail & Co.',
      contact: 'dmarc@receiver.example',
      id: '13962798465302158312',
      from: Date.UTC(2026, 10, 21),
      until: Date.UTC(2026, 10, 21, 23, 59, 59),
      domain: 'example.org',
      policy: { p: 'none', sp: 'reject', adkim: 'r', aspf: 's', pct: '100' },
      records: [
        {
          source: '192.0.2.1',
          count: 12,
          disposition: 'none',
          dkim: 'pass',
          spf: 'fail',
          reasons: ['forwarded: by a list'],
          headerFrom: 'example.org',
          envelopeFrom: 'bounce.example.net',
          signatures: [
            { domain: 'example.org', selector: 's1', result: 'pass' },
            { domain: 'list.example', result: 'fail' },
          ],
          senders: [{ domain: 'bounce.example.net', result: 'pass' }],
        },
        {
          source: '2001:db8::25',
          count: 3,
          disposition: 'quarantine',
          dkim: 'fail',
          spf: 'fail',
          reasons: [],
          headerFrom: 'example.org',
          signatures: [],
          senders: [],
        },
      ],
    },
  })
})

test('fields that many leave out have what the standard says of them', () => {
  const xml = dmarcXml()
    .replace(/<adkim>.*<\/adkim>|<sp>.*<\/sp>|<pct>.*<\/pct>|<email>.*<\/email>/g, '')
    .replaceAll(/<auth_results>[^]*?<\/auth_results>/g, '')
  const read = readDmarcReport(xml)
  assert(read.ok)
  const { policy, contact, records } = read.report
  assert.deepEqual([policy, contact], [{ p: 'none', adkim: 'r', aspf: 's', pct: '100' }, ''])
  assert.deepEqual([records[0]?.signatures, records[0]?.senders], [[], []])
})

function changed(from: string | RegExp, to: string): string {
  return dmarcXml().replace(from, to)
}

test('what is no report, or says the impossible, says why', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['<html><body/></html>', /a html and no DMARC report/],
    [changed(/<report_metadata>[^]*<\/report_metadata>/, ''), /feedback has no report_metadata/],
    [changed(/<report_id>.*<\/report_id>/, ''), /has no report_id/],
    [changed(/<domain>example.org<\/domain>/, ''), /policy_published has no domain/],
    [changed(/<domain>example.org<\/domain>/, '<domain>a b</domain>'), /domain is no domain/],
    [changed('<begin>1795219200', '<begin>yesterday'), /begin is no time/],
    [changed('<begin>1795219200', '<begin>1795399999'), /ends before it begins/],
    [changed('<count>12', '<count>-1'), /count is no count/],
    [changed('<count>12', '<count>1e9'), /count is no count/],
    [changed('192.0.2.1', '192.0.2.1.example'), /source_ip is no address/],
    [changed(/<row>[^]*?<\/row>/, ''), /record has no row/],
    [dmarcXml('<record/>'.repeat(5_001)), /more than 5000 records/],
    [`<!DOCTYPE feedback [<!ENTITY a "b">]>${dmarcXml()}`, /document type/],
  ]
  for (const [xml, expected] of cases) assert.match(why(xml), expected)
})

test('text loses what a terminal may obey', () => {
  const read = readDmarcReport(dmarcXml().replace('Example Mail', 'Ev\u001b[31mil&#27;[0m'))
  assert(read.ok)
  assert.equal(read.report.organization, 'Ev [31mil [0m &amp; Co.'.replace('&amp;', '&'))
})
