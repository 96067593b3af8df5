import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { DataDecoder } from './data.ts'
import { DataEncoder, encodeData } from './stuff.ts'
import type { Encoded } from './stuff.ts'

function octets(encoded: Encoded): string {
  return encoded.ok ? Buffer.concat(encoded.slices).toString('latin1') : encoded.fault
}

const encoded: [content: string, wire: string][] = [
  ['', '.\r\n'],
  ['a\r\n', 'a\r\n.\r\n'],
  ['a', 'a\r\n.\r\n'],
  ['.', '..\r\n.\r\n'],
  ['.\r\n', '..\r\n.\r\n'],
  ['..a\r\n.b\r\nc.\r\n.', '...a\r\n..b\r\nc.\r\n..\r\n.\r\n'],
  ['\r\n.\r\n\r\n', '\r\n..\r\n\r\n.\r\n'],
  ['\t.\v.\x7f.\xff\r\n', '\t.\v.\x7f.\xff\r\n.\r\n'],
]
for (const [content, wire] of encoded) {
  test(`${JSON.stringify(content)} goes out as ${JSON.stringify(wire)}`, () => {
    assert.equal(octets(encodeData(Buffer.from(content, 'latin1'))), wire)
  })
}

for (const [content, fault] of [
  ['a\rb', 'bare-cr'],
  ['a\r', 'bare-cr'],
  ['a\r\r\n', 'bare-cr'],
  ['\nb', 'bare-lf'],
  ['a\n.\r\n', 'bare-lf'],
  ['a\r\n\0', 'nul'],
] as const) {
  test(`${JSON.stringify(content)} does not go out`, () => {
    assert.deepEqual(encodeData(Buffer.from(content)), { ok: false, fault })
  })
}

test('content without leading dots is sent from where it lies', () => {
  const content = Buffer.from('a.b\r\nc\r\n')
  const wire = encodeData(content)
  assert(wire.ok)
  assert.equal(wire.slices[0], content)
})

test('for BDAT nothing is stuffed and nothing added', () => {
  const encoder = new DataEncoder('octets')
  assert.equal(octets(encoder.push(Buffer.from('.a\r\n.b\r'))), '.a\r\n.b')
  assert.equal(octets(encoder.push(Buffer.from('\n.c'))), '\r\n.c')
  assert.deepEqual(encoder.end(), { ok: true, slices: [] })
})

const piece = fc.constantFrom('\r\n', '.', '\r\n.', '..', 'a', '\t', '\xff', '\r', '\n', '\0')
const content = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

/** Encodes in buffers cut at `cuts`; what was emitted, and the fault if there was one. */
function stream(bytes: Buffer, cuts: readonly number[]): { emitted: Buffer; fault?: string } {
  const encoder = new DataEncoder()
  const places = [...new Set([0, ...cuts.filter((place) => place < bytes.length), bytes.length])].toSorted(
    (a, b) => a - b,
  )
  const emitted: Uint8Array[] = []
  for (const [index, end] of places.slice(1).entries()) {
    const step = encoder.push(bytes.subarray(places[index], end))
    if (!step.ok) return { emitted: Buffer.concat(emitted), fault: step.fault }
    emitted.push(...step.slices)
  }
  const last = encoder.end()
  if (!last.ok) return { emitted: Buffer.concat(emitted), fault: last.fault }
  return { emitted: Buffer.concat([...emitted, ...last.slices]) }
}

test('emitted octets hold no bare CR, LF or NUL, and every leading dot is stuffed exactly once', () => {
  fc.assert(
    fc.property(content, fc.array(fc.nat({ max: 60 }), { maxLength: 5 }), (bytes, cuts) => {
      const { emitted, fault } = stream(bytes, cuts)
      const wire = emitted.toString('latin1')
      // Also of what went out before a fault was met.
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n|\0/)
      const isClean = !/\r(?!\n)|(?<!\r)\n|\0/.test(bytes.toString('latin1'))
      assert.equal(fault === undefined, isClean)
      if (fault !== undefined) return
      const stuffed = bytes.toString('latin1').replace(/(^|\r\n)\./g, '$1..')
      assert.equal(wire, `${stuffed}${stuffed === '' || stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`)
      assert.equal(octets(encodeData(bytes)), wire)
    }),
    { numRuns: 1000 },
  )
})

test('what is encoded is decoded to the same content, with its last line ended', () => {
  fc.assert(
    fc.property(content, (bytes) => {
      const wire = encodeData(bytes)
      fc.pre(wire.ok)
      const decoder = new DataDecoder({ newlines: 'reject', limit: 10_000 })
      const input = Buffer.concat([...wire.slices, Buffer.from('QUIT\r\n')])
      const { slices, end } = decoder.push(input)
      assert.equal(decoder.fault, undefined)
      assert.equal(input.subarray(end).toString(), 'QUIT\r\n')
      const sent = bytes.toString('latin1')
      assert.equal(
        Buffer.concat(slices).toString('latin1'),
        sent === '' || sent.endsWith('\r\n') ? sent : `${sent}\r\n`,
      )
    }),
  )
})
