import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { formatDuration, parseDuration } from './duration.ts'

const understood: [text: string, milliseconds: number][] = [
  ['0', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1h30m', 5_400_000],
  ['1m1ms', 60_001],
]
for (const [text, milliseconds] of understood)
  test(`the duration ${text} is understood`, () => assert.equal(parseDuration(text), milliseconds))

for (const text of [
  '',
  '5',
  '-5s',
  '1.5h',
  '5 m',
  '5M',
  '1m1h',
  '1m1m',
  's',
  '1hx',
  '9'.repeat(63) + 's',
  '1e3s',
])
  test(`the duration ${JSON.stringify(text.slice(0, 20))} is refused`, () =>
    assert.equal(parseDuration(text), undefined))

test('a duration is written with the largest units', () => {
  assert.equal(formatDuration(0), '0s')
  assert.equal(formatDuration(300_000), '5m')
  assert.equal(formatDuration(90_061_001), '1d1h1m1s1ms')
})

test('every formatted duration is read back', () => {
  const milliseconds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(fc.property(milliseconds, (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)))
})
