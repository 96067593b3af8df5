import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { fullBucket, take } from './token-bucket.ts'
import type { Bucket, Rate } from './token-bucket.ts'

const rate: Rate = { perSecond: 10, burst: 2 }

test('a full bucket gives its burst at once and then one token at each interval', () => {
  let bucket = fullBucket(rate, 0)
  for (const expected of [0, 0, 100]) {
    const taken = take(bucket, rate, 0)
    bucket = taken.bucket
    assert.equal(taken.wait, expected)
  }
  assert.equal(take(bucket, rate, 99).wait, 1)
  assert.equal(take(bucket, rate, 100).wait, 0)
})

test('a rate of 0 never waits', () => {
  const none: Rate = { perSecond: 0, burst: 1 }
  let bucket = fullBucket(none, 0)
  for (let i = 0; i < 1000; i += 1) {
    const taken = take(bucket, none, 0)
    assert.equal(taken.wait, 0)
    bucket = taken.bucket
  }
})

test('a rate below one a second still lets the first go', () => {
  const slow: Rate = { perSecond: 0.1, burst: 1 }
  const first = take(fullBucket(slow, 0), slow, 0)
  assert.equal(first.wait, 0)
  assert.equal(take(first.bucket, slow, 0).wait, 10_000)
})

test('a clock that steps back takes nothing away and is not waited for', () => {
  const first = take(fullBucket(rate, 1_000_000), rate, 1_000_000)
  const second = take(first.bucket, rate, 0)
  assert.equal(second.wait, 0)
  const third = take(second.bucket, rate, 0)
  assert.equal(third.wait, 100)
  assert.equal(take(third.bucket, rate, 100).wait, 0)

  // Empty, and then the clock steps back an hour: the wait is counted from the new time.
  const empty = take(second.bucket, rate, -3_600_000)
  assert.equal(empty.wait, 100)
  assert.equal(take(empty.bucket, rate, -3_599_900).wait, 0)
})

test('whoever waits as long as told finds a token, and no window holds more than burst and rate allow', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 200 })
  const rates = fc.record({
    perSecond: fc.double({ min: 0.05, max: 500, noNaN: true }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  fc.assert(
    fc.property(steps, rates, (pauses, anyRate) => {
      let bucket: Bucket = fullBucket(anyRate, 0)
      let now = 0
      let given = 0
      for (const pause of pauses) {
        now += pause
        const taken = take(bucket, anyRate, now)
        if (taken.wait === 0) given += 1
        else assert.equal(take(taken.bucket, anyRate, now + taken.wait).wait, 0)
        bucket = taken.bucket
        assert.ok(given <= anyRate.burst + (now * anyRate.perSecond) / 1000 + 1e-5)
      }
    }),
  )
})
