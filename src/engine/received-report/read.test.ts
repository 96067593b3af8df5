import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, gzipSync } from 'node:zlib'

import { formatTlsReport } from '#grammar/report'

import { dmarcXml } from '../../grammar/report/dmarc-report.fixture.ts'
import { zipOf } from '../../grammar/report/zip.fixture.ts'
import { readReceivedReport } from './read.ts'
import { MOST_UNPACKED } from './unpack.ts'

const XML = Buffer.from(dmarcXml())
const JSON_REPORT = Buffer.from(
  formatTlsReport({
    organization: 'Example Ltd.',
    contact: '',
    id: '1',
    from: Date.UTC(2026, 10, 21),
    until: Date.UTC(2026, 10, 22) - 1_000,
    policies: [
      { type: 'sts', domain: 'example.org', strings: [], mx: [], successes: 1, failures: 0, details: [] },
    ],
  }),
)

type Part = readonly [type: string, content: Buffer]

function mail(...parts: readonly Part[]): Buffer {
  const lines = parts.flatMap(([type, content]) => [
    '--b',
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: base64',
    '',
    content.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
  ])
  const head = ['From: dmarc@receiver.example', 'Content-Type: multipart/mixed; boundary=b', '']
  return Buffer.from([...head, ...lines, '--b--', ''].join('\r\n'))
}

async function told(message: Buffer): Promise<string> {
  const read = await readReceivedReport(message)
  return read.ok ? `${read.kind} of ${read.report.organization}` : read.why
}

const DMARC = 'dmarc of Example Mail & Co.'
const TEXT: Part = ['text/plain', Buffer.from('See the file.')]

test('a report is known by what is in its file, however it is packed and called', async () => {
  const zip = zipOf([{ name: 'receiver!example.org!1!2.xml', content: XML }])
  const cases: readonly (readonly [Part, string])[] = [
    [['application/gzip', gzipSync(XML)], DMARC],
    [['application/zip', zip], DMARC],
    [['application/octet-stream; name="a.zip"', zip], DMARC],
    [['application/zip', zipOf([{ name: 'a.xml', content: XML, method: 0 }])], DMARC],
    [['text/xml', XML], DMARC],
    [['application/x-zip-compressed', gzipSync(XML)], DMARC],
    [['application/tlsrpt+gzip', gzipSync(JSON_REPORT)], 'tls of Example Ltd.'],
    [['application/tlsrpt+json', JSON_REPORT], 'tls of Example Ltd.'],
  ]
  for (const [part, expected] of cases) assert.equal(await told(mail(TEXT, part)), expected, part[0])
  const alone = `Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${zip.toString('base64')}\r\n`
  assert.equal(await told(Buffer.from(alone)), DMARC)
})

test('XML in another charset is read by its declaration, and a byte order mark is passed over', async () => {
  const latin = Buffer.from(
    dmarcXml().replace('UTF-8', 'iso-8859-1').replace('Example Mail', 'M\u00fcller'),
    'latin1',
  )
  assert.equal(await told(mail(['text/xml', latin])), 'dmarc of M\u00fcller & Co.')
  assert.equal(await told(mail(['text/xml', Buffer.concat([Buffer.from('\ufeff'), XML])])), DMARC)
})

test('the file that can be read counts, of those few that are opened', async () => {
  const other: Part = ['application/json', Buffer.from('[]')]
  assert.equal(await told(mail(other, ['application/gzip', gzipSync(XML)])), DMARC)
  assert.match(
    await told(mail(other, other, other, ['application/gzip', gzipSync(XML)])),
    /neither XML nor JSON/,
  )
})

test('bombs, damage and what is no report say so', async () => {
  const zeros = Buffer.alloc(MOST_UNPACKED + 1, ' ')
  const flat = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
  // What says that it is small, and is not.
  const liar = zipOf([{ name: 'a', content: flat, method: 0 }])
  liar.writeUInt16LE(8, liar.indexOf('PK\u0001\u0002') + 10)
  const gzip = gzipSync(XML)
  const cases: readonly (readonly [Part, RegExp])[] = [
    [TEXT, /no file is attached/],
    [['application/gzip', gzipSync(zeros)], /more than 4194304 octets/],
    [['application/zip', zipOf([{ name: 'a', content: zeros }])], /more than 4194304 octets/],
    [['application/zip', zipOf([{ name: 'a', content: zeros, method: 0 }])], /more than 4194304 octets/],
    [['application/zip', liar], /more than 4194304 octets/],
    [['text/xml', zeros], /more than 4194304 octets/],
    [['application/gzip', gzip.subarray(0, -20)], /cannot be unpacked/],
    [['application/zip', zipOf([{ name: 'a', content: XML, crc32: 7 }])], /checksum differs/],
    // What is packed twice is not unpacked twice.
    [['application/gzip', gzipSync(gzip)], /neither XML nor JSON/],
    [
      ['application/zip', zipOf([{ name: 'a', content: zipOf([{ name: 'b', content: XML }]) }])],
      /neither XML nor JSON/,
    ],
    [['text/xml', Buffer.from('<a>')], /ends too early/],
    [['application/json', Buffer.from('{"a":1}')], /date-range/],
  ]
  for (const [part, expected] of cases) assert.match(await told(mail(part)), expected, part[0])
})

test('parts in parts end at the limit', async () => {
  let deep = mail(['text/xml', XML]).toString()
  for (let i = 0; i < 10; i += 1)
    deep = `Content-Type: multipart/mixed; boundary=c${i}\r\n\r\n--c${i}\r\n${deep}\r\n--c${i}--\r\n`
  assert.match(await told(Buffer.from(deep)), /no file is attached/)
})

test('others have their turn while a large report is read', async () => {
  const [record = ''] = /<record>[^]*?<\/record>/.exec(dmarcXml()) ?? []
  let turns = 0
  let isOver = false
  const counting = (): void => {
    turns += 1
    if (!isOver) setImmediate(counting)
  }
  setImmediate(counting)
  const read = await readReceivedReport(mail(['application/gzip', gzipSync(dmarcXml(record.repeat(2_000)))]))
  isOver = true
  assert(read.ok)
  assert(turns >= 10, `${turns} turns`)
})
