import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { formatTimestamp, parseTimestamp } from './timestamp.ts'

const understood: [text: string, iso: string][] = [
  ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
  ['1996-12-19t16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
  ['1990-12-31T23:59:60z', '1990-12-31T23:59:59.000Z'],
  ['1937-01-01 12:00:27.87999999+00:20', '1937-01-01T11:40:27.879Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
]
for (const [text, iso] of understood) {
  test(`the timestamp ${text} is understood`, () => {
    assert.equal(new Date(parseTimestamp(text) ?? NaN).toISOString(), iso)
  })
}

for (const text of [
  '',
  '2026-02-29T00:00:00Z',
  '2026-01-01T00:00:00',
  '2026-13-01T00:00:00Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00Z ',
])
  test(`the timestamp ${JSON.stringify(text)} is refused`, () =>
    assert.equal(parseTimestamp(text), undefined))

test('every formatted timestamp is read back', () => {
  const at = fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 })
  fc.assert(fc.property(at, (ms) => assert.equal(parseTimestamp(formatTimestamp(ms)), ms)))
})
