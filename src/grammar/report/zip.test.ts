import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'

import fc from 'fast-check'

import { isZip, readZip } from './zip.ts'
import { zipOf } from './zip.fixture.ts'

const content = Buffer.from('<feedback/>'.repeat(10))

function told(bytes: Buffer): string {
  const read = readZip(bytes)
  return read.ok ? 'read' : read.why
}

test('the one file of an archive is found, beside directories and before a comment', () => {
  for (const method of [0, 8]) {
    const archive = zipOf(
      [
        { name: 'reports/', content: Buffer.alloc(0), method: 0 },
        { name: 'reports/a.xml', content, method },
      ],
      'made by hand, PK\x05\x06 and all',
    )
    assert(isZip(archive))
    const read = readZip(archive)
    assert(read.ok)
    const { data, size } = read.file
    assert.deepEqual(method === 8 ? inflateRawSync(data) : Buffer.from(data), content)
    assert.equal(size, content.length)
  }
})

test('archives of many files, encrypted, packed otherwise or damaged say so', () => {
  const good = zipOf([{ name: 'a.xml', content }])
  const two = zipOf([
    { name: 'a.xml', content },
    { name: 'b.xml', content },
  ])
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [two, /2 files, not one/],
    [zipOf([]), /0 files/],
    [zipOf(Array.from({ length: 11 }, () => ({ name: 'a', content }))), /many files/],
    [zipOf([{ name: 'a.xml', content, flags: 1 }]), /encrypted/],
    [zipOf([{ name: 'a.xml', content, method: 12 }]), /method 12/],
    [good.subarray(0, -1), /no end/],
    [Buffer.concat([good, Buffer.from('x')]), /no end/],
    // The directory begins elsewhere than it says.
    [Buffer.concat([Buffer.from('xx'), good]), /damaged/],
  ]
  for (const [bytes, expected] of cases) assert.match(told(bytes), expected)
})

test('whatever octets are changed, reading ends and stays within them', () => {
  const good = zipOf([{ name: 'a.xml', content }])
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(good)
      for (const [at, octet] of changes) bytes[at] = octet
      const read = readZip(bytes)
      if (read.ok) assert(read.file.data.length <= bytes.length)
    }),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void told(Buffer.from(bytes))))
})
