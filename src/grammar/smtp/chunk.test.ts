import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { ChunkDecoder } from './chunk.ts'
import { Collector } from './collect.ts'

const text = { newlines: 'reject', limit: 1_000_000, binary: false } as const

/** Sends `content` in chunks of the given sizes, each pushed octet by octet; says what came out. */
function send(decoder: ChunkDecoder, content: string, sizes: readonly number[]): string {
  const collector = new Collector()
  let at = 0
  for (const [index, size] of sizes.entries()) {
    decoder.begin(size, index === sizes.length - 1)
    for (let sent = 0; sent < size; sent += 1, at += 1) {
      const { slices, end } = decoder.push(Buffer.from(content.charAt(at), 'latin1'))
      for (const slice of slices) collector.add(slice)
      assert.equal(end, sent === size - 1 ? 1 : undefined)
    }
  }
  return collector.take().toString('latin1')
}

test('a chunk ends after its octets, wherever the buffer ends', () => {
  const decoder = new ChunkDecoder(text)
  decoder.begin(5, true)
  assert.equal(decoder.push(Buffer.from('ab')).end, undefined)
  assert.equal(decoder.remaining, 3)
  const input = Buffer.from('c\r\nQUIT\r\n')
  const { slices, end } = decoder.push(input)
  assert.equal(end, 3)
  assert.equal(Buffer.concat(slices).toString(), 'c\r\n')
  assert(decoder.ended)
  assert.equal(decoder.fault, undefined)
})

test('a chunk that looks like the end of DATA is content', () => {
  const content = 'a\r\n.\r\nMAIL FROM:<x@y>\r\n..b\r\n'
  assert.equal(send(new ChunkDecoder(text), content, [content.length]), content)
})

test('BDAT 0 LAST ends at once', () => {
  const decoder = new ChunkDecoder(text)
  decoder.begin(3, false)
  decoder.push(Buffer.from('a\r\n'))
  assert(!decoder.ended)
  decoder.begin(0, true)
  assert(decoder.ended)
  assert.equal(decoder.remaining, 0)
  assert.deepEqual(decoder.push(Buffer.from('QUIT')), { slices: [], end: 0 })
})

test('a CRLF split over two chunks is no bare CR, whatever the framing around it', () => {
  const decoder = new ChunkDecoder(text)
  assert.equal(send(decoder, 'a\r\nb\r\n', [2, 1, 2, 1]), 'a\r\nb\r\n')
  assert.equal(decoder.fault, undefined)
})

const faulty: [content: string, fault: string][] = [
  ['a\rb\r\n', 'bare-cr'],
  ['a\nb\r\n', 'bare-lf'],
  ['a\0b\r\n', 'nul'],
  ['ab\r', 'bare-cr'],
]
for (const [content, fault] of faulty) {
  test(`${JSON.stringify(content)} is refused as text and passed as binary`, () => {
    const decoder = new ChunkDecoder(text)
    send(decoder, content, [1, content.length - 1])
    assert.equal(decoder.fault, fault)
    const binary = new ChunkDecoder({ ...text, binary: true })
    assert.equal(send(binary, content, [1, content.length - 1]), content)
    assert.equal(binary.fault, undefined)
  })
}

test('normalize works across chunks', () => {
  const decoder = new ChunkDecoder({ ...text, newlines: 'normalize' })
  assert.equal(send(decoder, 'a\rb\nc\r\r', [2, 1, 2, 2]), 'a\r\nb\r\nc\r\n')
  assert.equal(decoder.fault, undefined)
})

for (const binary of [true, false]) {
  test(`a chunk of 2^53 octets is consumed without being kept (${binary ? 'binary' : 'text'})`, () => {
    const decoder = new ChunkDecoder({ ...text, binary, limit: 10 })
    decoder.begin(Number.MAX_SAFE_INTEGER, true)
    const kilobyte = Buffer.alloc(1024, 'x')
    for (let i = 0; i < 100; i += 1) assert.deepEqual(decoder.push(kilobyte), { slices: [], end: undefined })
    assert.equal(decoder.fault, 'too-large')
    assert.equal(decoder.remaining, Number.MAX_SAFE_INTEGER - 102_400)
  })
}

test('discarded chunks are consumed to the octet', () => {
  const decoder = new ChunkDecoder(text)
  decoder.discard()
  decoder.begin(4, true)
  assert.deepEqual(decoder.push(Buffer.from('a\nb\nRSET\r\n')), { slices: [], end: 4 })
  assert(decoder.ended)
})

test('a million chunks of one octet leave one buffer of a million octets', () => {
  const decoder = new ChunkDecoder(text)
  const collector = new Collector()
  const octet = Buffer.from('x')
  let kept = 0
  for (let i = 0; i < 1_000_000; i += 1) {
    decoder.begin(1, i === 999_999)
    for (const slice of decoder.push(octet).slices) collector.add(slice)
    kept = Math.max(kept, collector.buffers)
  }
  assert(decoder.ended)
  assert(kept < 40, `${kept} buffers`)
  assert.equal(collector.take().length, 1_000_000)
})

test('a chunk cannot begin inside another, nor after the last', () => {
  const decoder = new ChunkDecoder(text)
  decoder.begin(2, true)
  assert.throws(() => decoder.begin(1, false), RangeError)
  decoder.push(Buffer.from('ab'))
  assert.throws(() => decoder.begin(1, false), RangeError)
})

test('any content comes out as it went in, in whatever chunks and buffers', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 6 }), (chunks) => {
      const decoder = new ChunkDecoder({ ...text, binary: true })
      const collector = new Collector()
      for (const [index, chunk] of chunks.entries()) {
        decoder.begin(chunk.length, index === chunks.length - 1)
        if (chunk.length > 0)
          for (const slice of decoder.push(Buffer.from(chunk)).slices) collector.add(slice)
      }
      assert.equal(collector.size, decoder.size)
      assert.deepEqual(collector.take(), Buffer.concat(chunks))
      assert.equal(collector.size, 0)
    }),
    { numRuns: 50 },
  )
})

test('a collector can be used again, and does not copy a single large slice', () => {
  const collector = new Collector()
  const large = Buffer.alloc(5000, 'x')
  collector.add(large)
  assert.equal(collector.take(), large)
  collector.add(Buffer.from('a'))
  collector.add(large)
  collector.add(Buffer.from('b'))
  assert.equal(collector.take().toString(), `a${large.toString()}b`)
  assert.equal(collector.take().length, 0)
})
