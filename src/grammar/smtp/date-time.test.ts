import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseDateTime } from './date-time.ts'

for (const [text, iso] of [
  ['2026-11-22T10:24:00Z', '2026-11-22T10:24:00.000Z'],
  ['2026-11-22t10:24:00z', '2026-11-22T10:24:00.000Z'],
  ['2026-11-22T19:24:00+09:00', '2026-11-22T10:24:00.000Z'],
  ['2026-11-22T02:24:00.5-08:00', '2026-11-22T10:24:00.500Z'],
  ['2026-11-22T10:24:00.123456789Z', '2026-11-22T10:24:00.123Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
] as const) {
  test(`${text} is ${iso}`, () =>
    assert.equal(new Date(parseDateTime(text) ?? Number.NaN).toISOString(), iso))
}

for (const text of [
  '',
  '2026-11-22',
  '2026-11-22T10:24:00',
  '2026-11-22 10:24:00Z',
  '2026-11-22T10:24Z',
  '2026-13-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-22T24:00:00Z',
  '2026-11-22T10:60:00Z',
  '2026-11-22T10:24:61Z',
  '2026-11-22T10:24:00+24:00',
  '2026-11-22T10:24:00+0900',
  '2026-11-22T10:24:00.Z',
  '２０２６-11-22T10:24:00Z',
  '+002026-11-22T10:24:00Z',
]) {
  test(`${text || 'nothing'} is no date-time`, () => assert.equal(parseDateTime(text), undefined))
}

test('what Date writes is read as the same instant', () => {
  const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(date, (instant) => assert.equal(parseDateTime(instant.toISOString()), instant.getTime())),
  )
})
