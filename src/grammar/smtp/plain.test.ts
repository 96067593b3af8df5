import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { endOfPlain, octets } from './plain.ts'

/** Each octet by itself. */
function slowly(bytes: Uint8Array, from: number): number {
  const at = bytes.subarray(from).findIndex((octet) => octet <= 0x0d)
  return at === -1 ? Math.max(from, bytes.length) : from + at
}

test('wherever octets lie, the same ends are found as by a look at each of them', () => {
  const octet = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0x0e, max: 0xff }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x0e }) },
  )
  const all = fc.array(octet, { maxLength: 200 })
  fc.assert(
    fc.property(all, fc.nat(7), fc.nat(7), (content, before, behind) => {
      const whole = Uint8Array.from([...Array(before).fill(0), ...content, ...Array(behind).fill(0)])
      const bytes = whole.subarray(before, before + content.length)
      const walked = octets(bytes)
      for (let from = 0; from <= bytes.length; from += 1)
        assert.equal(endOfPlain(walked, from), slowly(bytes, from))
    }),
  )
})

test('every octet ends plain text or does not, at every place of a word', () => {
  for (let octet = 0; octet < 256; octet += 1) {
    for (let place = 0; place < 8; place += 1) {
      const bytes = new Uint8Array(64).fill(0x61)
      bytes[40 + place] = octet
      assert.equal(endOfPlain(octets(bytes), 0), octet <= 0x0d ? 40 + place : 64, `${octet} at ${place}`)
    }
  }
})
