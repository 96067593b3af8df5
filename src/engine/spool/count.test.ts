import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { bucketOf, percentile } from './count.ts'
import { formatCursor, parseCursor } from './event.ts'

test('a percentile lies in the bucket of the truth, whatever the times', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 2, max: 432_000_000 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (times, hundredths) => {
        const counts = new Map<number, number>()
        for (const time of times) counts.set(bucketOf(time), (counts.get(bucketOf(time)) ?? 0) + 1)
        const delays = [...counts].toSorted(([a], [b]) => a - b)
        const truth = times.toSorted((a, b) => a - b)[Math.ceil((times.length * hundredths) / 100) - 1] ?? 0
        const told = percentile(delays, hundredths / 100) ?? 0
        // The ends of a bucket are a factor of 1.414 apart; the truth is somewhere between them.
        assert.ok(told <= truth * 1.4143 && told >= truth / 1.4143, `${told} for ${truth}`)
      },
    ),
  )
})

test('of nothing there is no percentile, and what took no time took a millisecond at most', () => {
  assert.equal(percentile([], 0.5), undefined)
  assert.equal(bucketOf(-5), 0)
  assert.equal(bucketOf(0), 0)
  assert.ok((percentile([[0, 3]], 0.99) ?? 2) <= 1)
})

test('a cursor is read as it was written, and nothing else is one', () => {
  const place = fc.record(
    {
      node: fc.integer({ min: 0, max: 31 }),
      page: fc.integer({ min: 0, max: 2 ** 46 }),
      index: fc.integer({ min: 0, max: 500 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.uniqueArray(place, { selector: ({ node }) => node, maxLength: 32 }), (places) => {
      assert.deepEqual(parseCursor(formatCursor(places)), places)
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => void parseCursor(text)))
  assert.equal(parseCursor('1.2.3~1.2.4'), undefined)
  assert.equal(parseCursor('32.2.3'), undefined)
})
