import assert from 'node:assert/strict'
import { test } from 'node:test'

import { outcomesOf, partsOf, rateRows, spanBefore } from './rate-row.ts'
import type { CountedRow } from './rate-row.ts'

const HOUR = 3_600_000

test('a span is so many whole hours and the one that runs', () => {
  const noon = 500_000 * HOUR
  assert.deepEqual(spanBefore(noon + 1, 'hour'), { from: noon - HOUR, to: noon + HOUR })
  assert.deepEqual(spanBefore(noon, 'day'), { from: noon - 24 * HOUR, to: noon + HOUR })
  assert.equal(spanBefore(noon + HOUR - 1, 'week').from, noon - 168 * HOUR)
})

test('a long span is asked for in parts, which have each hour once', () => {
  const parts = partsOf({ from: 0, to: 25 * HOUR }, 6)
  assert.deepEqual(
    [parts.length, parts[0], parts.at(-1)],
    [5, { from: 0, to: 6 * HOUR }, { from: 24 * HOUR, to: 25 * HOUR }],
  )
  assert.ok(parts.every(({ from }, i) => from === (parts[i - 1]?.to ?? 0)))
})

const COUNTED: readonly CountedRow[] = [
  { key: { source: 'a', provider: 'google', class: '' }, counts: { delivered: 90, complained: 1 } },
  { key: { source: 'a', provider: 'google', class: 'rate' }, counts: { deferred: 5, bounced: 10 } },
  { key: { source: 'a', provider: 'mx.example.com', class: '' }, counts: { delivered: 2 } },
  { key: { source: 'a', provider: '127.0.0.1:25', class: '' }, counts: { delivered: 3 } },
  { key: { source: 'a', provider: '*', class: '' }, counts: { delivered: 4 } },
  { key: { source: '', provider: '', class: 'dns' }, counts: { bounced: 7 } },
]

test('sites without a provider are one group, and what no source has tried is nobody’s', () => {
  const rows = rateRows(outcomesOf(COUNTED), [])
  assert.deepEqual(
    rows.map(({ source, provider, delivered }) => [source, provider, delivered]),
    [
      ['a', 'google', 90],
      ['a', 'others', 9],
    ],
  )
})

test('a row has its shares and the alerts that are about it', () => {
  const alert = {
    source: 'a',
    provider: 'google',
    measure: 'complained',
    level: 'bad',
    most: 0.003,
    since: 0,
    bad: 1,
    of: 90,
  } as const
  const [google, others] = rateRows(outcomesOf(COUNTED), [alert, { ...alert, source: 'b' }])
  assert.deepEqual(google?.shares, { complained: 1 / 90, refused: 0, bounced: 0, deferred: 5 / 105 })
  assert.deepEqual([google.alerts, others?.alerts], [[alert], []])
})

test('complaints on a day without mail are of nothing', () => {
  const [row] = rateRows(
    outcomesOf([{ key: { source: 'a', provider: 'google' }, counts: { complained: 2 } }]),
    [],
  )
  assert.deepEqual([row?.complained, row?.shares], [2, {}])
})
