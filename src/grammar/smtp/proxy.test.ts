import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseIp } from '#grammar/address'

import { formatProxy, parseProxy, PROXY_LIMIT } from './proxy.ts'
import type { ProxyParsed } from './proxy.ts'

const signature = '0d0a0d0a000d0a515549540a'

function v2(versionAndCommand: string, family: string, body: string): Buffer {
  const length = (body.length / 2).toString(16).padStart(4, '0')
  return Buffer.from(`${signature}${versionAndCommand}${family}${length}${body}`, 'hex')
}

const client = {
  source: { address: '192.0.2.1', port: 56_324 },
  destination: { address: '198.51.100.2', port: 587 },
}
const client6 = {
  source: { address: '2001:db8::1', port: 56_324 },
  destination: { address: '2001:db8::2', port: 587 },
}
const ipv4 = 'c0000201c6336402dc04024b'
const ipv6 = '20010db800000000000000000000000120010db8000000000000000000000002dc04024b'

const headers: [name: string, header: Buffer, client?: object][] = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 587\r\n'), client],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:DB8:0::1 2001:db8::2 56324 587\r\n'), client6],
  [
    'v1 TCP6 with mapped addresses',
    Buffer.from('PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 56324 587\r\n'),
    client,
  ],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
  ['v1 UNKNOWN with addresses', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n')],
  ['v1 of 107 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`)],
  ['v2 TCP4', v2('21', '11', ipv4), client],
  ['v2 TCP4 with extensions', v2('21', '11', `${ipv4}030004a1b2c3d4${'00'.repeat(300)}`), client],
  ['v2 TCP6', v2('21', '21', ipv6), client6],
  [
    'v2 TCP6 with mapped addresses',
    v2('21', '21', '00000000000000000000ffffc000020100000000000000000000ffffc6336402dc04024b'),
    client,
  ],
  ['v2 LOCAL', v2('20', '00', '')],
  ['v2 LOCAL with addresses', v2('20', '11', ipv4)],
  ['v2 UNSPEC', v2('21', '00', 'ffff')],
]
for (const [name, header, expected] of headers) {
  test(`${name} is read, and what follows is left`, () => {
    const parsed: ProxyParsed = {
      kind: 'header',
      header: { length: header.length, ...(expected !== undefined && { client: expected as typeof client }) },
    }
    assert.deepEqual(parseProxy(header), parsed)
    assert.deepEqual(parseProxy(Buffer.concat([header, Buffer.from('EHLO a\r\n')])), parsed)
    for (let length = 0; length < header.length; length += 1) {
      assert.deepEqual(parseProxy(header.subarray(0, length)), { kind: 'more' })
    }
  })
}

const malformed: [name: string, header: Buffer, why: string][] = [
  ['a client that speaks SMTP at once', Buffer.from('EHLO a\r\n'), 'no PROXY header'],
  ['one wrong octet', Buffer.from('PROXX'), 'no PROXY header'],
  ['lower case', Buffer.from('proxy TCP4'), 'no PROXY header'],
  ['v1 of 108 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), 'line too long'],
  ['v1 without end', Buffer.from(`PROXY ${'x'.repeat(5000)}`), 'line too long'],
  ['v1 with bare LF', Buffer.from(`PROXY UNKNOWN\n${'EHLO a\r\n'.repeat(1)}`), 'unknown family'],
  ['v1 UDP', Buffer.from('PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n'), 'unknown family'],
  ['v1 with more words', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n'), 'unknown family'],
  ['v1 with fewer words', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n'), 'bad address or port'],
  ['v1 with two spaces', Buffer.from('PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n'), 'unknown family'],
  ['v1 with the other family', Buffer.from('PROXY TCP4 ::1 ::2 1 2\r\n'), 'bad address or port'],
  [
    'v1 with a leading zero',
    Buffer.from('PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n'),
    'bad address or port',
  ],
  ['v1 with a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n'), 'bad address or port'],
  ['v1 with port 65536', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n'), 'bad address or port'],
  ['v1 with port -1', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n'), 'bad address or port'],
  ['v2 with a wrong signature', Buffer.from('\r\n\r\nQUIT'), 'no PROXY header'],
  ['v2 of version 1', v2('11', '11', ipv4), 'unknown version or command'],
  ['v2 of an unknown command', v2('22', '11', ipv4), 'unknown version or command'],
  ['v2 UDP', v2('21', '12', ipv4), 'unknown family or protocol'],
  ['v2 UNIX', v2('21', '31', '00'.repeat(216)), 'unknown family or protocol'],
  ['v2 with addresses cut short', v2('21', '21', ipv4), 'addresses cut short'],
  ['v2 of 65,535 octets', Buffer.from(`${signature}2111ffff`, 'hex'), 'header too long'],
]
for (const [name, header, why] of malformed) {
  test(`${name} is refused`, () => {
    assert.deepEqual(parseProxy(header), { kind: 'malformed', why })
  })
}

test('no octets make it throw, and past the limit it has made up its mind', () => {
  const start = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', Buffer.from(signature, 'hex').toString('latin1'))
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 40 }), fc.boolean(), (prefix, tail, isLong) => {
      const padding = Buffer.alloc(isLong ? PROXY_LIMIT : 0)
      const parsed = parseProxy(Buffer.concat([Buffer.from(prefix, 'latin1'), tail, padding]))
      if (isLong) assert.notEqual(parsed.kind, 'more')
    }),
  )
})

test('a header that is written is read back', () => {
  const v4 = fc.ipV4()
  const v6 = fc.ipV6()
  const port = fc.nat(65_535)
  const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6))
  fc.assert(
    fc.property(pair, port, port, ([from, to], fromPort, toPort) => {
      const header = formatProxy({ address: from, port: fromPort }, { address: to, port: toPort })
      const parsed = parseProxy(Buffer.concat([header, Buffer.from('220 ')]))
      assert.equal(parsed.kind, 'header')
      if (parsed.kind !== 'header') return
      assert.equal(parsed.header.length, header.length)
      assert.deepEqual(parsed.header.client, {
        source: { address: parseIp(from), port: fromPort },
        destination: { address: parseIp(to), port: toPort },
      })
    }),
  )
})
