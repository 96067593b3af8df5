import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { formatDateTime, parseDateTime } from './date-time.ts'

const AT = Date.UTC(2026, 10, 22, 10, 21, 49)

test('a date-time says the day, the date, the time and the zone', () => {
  assert.equal(formatDateTime(AT), 'Sun, 22 Nov 2026 10:21:49 +0000')
  assert.equal(formatDateTime(AT, 540), 'Sun, 22 Nov 2026 19:21:49 +0900')
  assert.equal(formatDateTime(AT, -210), 'Sun, 22 Nov 2026 06:51:49 -0330')
  assert.equal(formatDateTime(Date.UTC(2026, 0, 1)), 'Thu, 01 Jan 2026 00:00:00 +0000')
})

test('what is no time is not formatted', () => {
  assert.throws(() => formatDateTime(NaN), RangeError)
  assert.throws(() => formatDateTime(Date.UTC(10_000, 0)), RangeError)
})

const understood: [text: string, iso: string][] = [
  ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
  ['  Thu,\r\n 13\r\n  Feb 1969 23:32 -0330 (Newfoundland (St. John\\) s) Time)', '1969-02-14T03:02:00.000Z'],
  ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06.000Z'],
  ['1 Jan 49 00:00 Z', '2049-01-01T00:00:00.000Z'],
  ['1 Jan 102 00:00 EST', '2002-01-01T05:00:00.000Z'],
  ['Fri , 21 Nov 1997 09 : 55 : 06 -0600', '1997-11-21T15:55:06.000Z'],
  ['Sunday, 22 November 2026 10:21:49 JST', '2026-11-22T01:21:49.000Z'],
  ['Sat, 31 Dec 2016 23:59:60 +0000', '2016-12-31T23:59:59.000Z'],
  ['Mon, 5-Jan-2026 1:02:03', '2026-01-05T01:02:03.000Z'],
  ['5 Jan 2026 01:02:03 QQQ', '2026-01-05T01:02:03.000Z'],
]
for (const [text, iso] of understood) {
  test(`the date ${JSON.stringify(text)} is understood`, () => {
    assert.equal(new Date(parseDateTime(text) ?? NaN).toISOString(), iso)
  })
}

const refused = [
  '',
  'now',
  '30 Feb 2026 00:00:00 +0000',
  '0 Jan 2026 00:00:00 +0000',
  '1 Foo 2026 00:00:00 +0000',
  '1 Jan 2026 24:00:00 +0000',
  '1 Jan 2026 00:60:00 +0000',
  '1 Jan 2026 00:00:00 +0061',
  '2026-01-01T00:00:00Z',
  `1 Jan 2026 00:00:00 +0000 ${'('.repeat(100_000)}`,
]
for (const text of refused) {
  test(`the date ${JSON.stringify(text.slice(0, 40))} is refused`, () => {
    assert.equal(parseDateTime(text), undefined)
  })
}

test('every formatted date-time is read back to the second', () => {
  const seconds = fc.integer({ min: -30_000_000_000, max: 250_000_000_000 })
  const offset = fc.integer({ min: -14 * 60, max: 14 * 60 })
  fc.assert(
    fc.property(seconds, offset, (s, o) =>
      assert.equal(parseDateTime(formatDateTime(s * 1000, o)), s * 1000),
    ),
  )
})
