import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Claimed } from '#engine/spool'

import { claimedOf } from '../../../test/claimed.ts'
import { afterAttempt, backoff, triesUntil } from './lifetime.ts'

const policy = { retry: [300_000, 600_000, 1_200_000], jitter: 0.2, delayWarning: 3_600_000 }
const at = { now: 1_000_000, random: 0.5 }
const deferred = { outcome: 'deferred' } as const

test('a deferred delivery waits by the schedule, and the last step repeats', () => {
  assert.equal(backoff(0, policy, 0.5), 300_000)
  assert.equal(backoff(2, policy, 0.5), 1_200_000)
  assert.equal(backoff(99, policy, 0.5), 1_200_000)
})

test('the spread reaches a fifth of the delay both ways', () => {
  assert.equal(backoff(0, policy, 0), 240_000)
  assert.equal(backoff(0, policy, 0.999_999_999), 360_000)
})

test('the last try stands at the end of its life, not after it', () => {
  const verdict = afterAttempt(claimedOf({ expiresAt: 1_100_000 }), deferred, policy, at)
  assert.deepEqual(verdict, { state: 'waiting', due: 1_100_000, tellDelay: false })
})

test('a failed try after the end of its life is the last', () => {
  const verdict = afterAttempt(claimedOf({ expiresAt: 1_000_000 }), deferred, policy, at)
  assert.deepEqual(verdict, { state: 'expired' })
})

test('a delivery by a time with mode R ends at that time. RFC 2852 §4.1', () => {
  const claimed = claimedOf({ deliverBy: { at: 900_000, mode: 'return', trace: false } })
  assert.deepEqual(afterAttempt(claimed, deferred, policy, at), { state: 'expired' })
})

test('a delivery by a time with mode N goes on, and its sender is told once', () => {
  const deliverBy = { at: 900_000, mode: 'notify', trace: false } as const
  const first = afterAttempt(claimedOf({ deliverBy }), deferred, policy, at)
  assert(first.state === 'waiting' && first.tellDelay)
  const again = afterAttempt(claimedOf({ deliverBy }, { delayNotified: true }), deferred, policy, at)
  assert(again.state === 'waiting' && !again.tellDelay)
})

test('a delivery by a time with mode N is tried again at that time, so that the sender hears of it then', () => {
  const deliverBy = { at: 1_060_000, mode: 'notify', trace: false } as const
  const verdict = afterAttempt(claimedOf({ deliverBy }), deferred, policy, at)
  assert.deepEqual(verdict, { state: 'waiting', due: 1_060_000, tellDelay: false })
})

const misses: [who: string, claimed: Claimed, told: boolean][] = [
  ['who asked for nothing else', claimedOf({ deliverBy: late() }), true],
  ['who asked for delays', claimedOf({ deliverBy: late() }, { notify: ['failure', 'delay'] }), true],
  ['who asked for failures only', claimedOf({ deliverBy: late() }, { notify: ['failure'] }), false],
  ['who asked for nothing at all', claimedOf({ deliverBy: late() }, { notify: 'never' }), false],
  ['the null reverse-path', claimedOf({ deliverBy: late(), from: null }), false],
  ['who was told where it ran out', claimedOf({ deliverBy: { ...late(), overdue: true } }), false],
]
for (const [who, claimed, told] of misses) {
  test(`after the time by which it was to be delivered, ${who} ${told ? 'is' : 'is not'} told. RFC 2852 §4.1`, () => {
    const verdict = afterAttempt(claimed, deferred, policy, at)
    assert(verdict.state === 'waiting')
    assert.equal(verdict.tellDelay, told)
  })
}

function late(): NonNullable<Claimed['message']['deliverBy']> {
  return { at: at.now - 1, mode: 'notify', trace: false }
}

const delays: [who: string, claimed: Claimed, told: boolean][] = [
  ['who asked for delays', claimedOf({}, { notify: ['delay'] }), true],
  ['who asked for failures only', claimedOf({}, { notify: ['failure'] }), false],
  ['who asked for nothing', claimedOf({}), false],
  ['the null reverse-path', claimedOf({ from: null }, { notify: ['delay'] }), false],
]
for (const [who, claimed, told] of delays) {
  test(`after an hour, ${who} ${told ? 'is told' : 'is not told'} of the delay`, () => {
    const verdict = afterAttempt(claimed, deferred, policy, { ...at, now: 4_600_000 })
    assert(verdict.state === 'waiting')
    assert.equal(verdict.tellDelay, told)
  })
}

test('a bounce and a success end it', () => {
  assert.deepEqual(afterAttempt(claimedOf({}), { outcome: 'bounced' }, policy, at), { state: 'bounced' })
  assert.deepEqual(afterAttempt(claimedOf({}), { outcome: 'delivered' }, policy, at), { state: 'delivered' })
})

const SCHEDULES: readonly (readonly [due: number, end: number, tries: number])[] = [
  [1_000_000, 1_000_000, 1],
  [1_000_000, 1_000_001, 0],
  [1_000_000, 1_300_000, 0],
  [1_000_000, 1_300_001, 0],
  [1_000_000, 50_000_000, 0],
  [1_000_000, 50_000_000, 2],
  [1_000_000, 50_000_000, 30],
  [1_000_000, 900_000, 4],
]
for (const [due, end, tries] of SCHEDULES) {
  test(`from ${due} to ${end} after ${tries} there are as many tries as are foretold`, () => {
    const policyOfTime = { ...policy, jitter: 0 }
    let count = 1
    for (let now = due; ; count += 1) {
      const claimed = claimedOf({ expiresAt: end }, { attempts: tries + count - 1 })
      const verdict = afterAttempt(claimed, deferred, policyOfTime, { now, random: 0.5 })
      if (verdict.state !== 'waiting') break
      now = verdict.due
    }
    assert.equal(triesUntil(due, end, tries, policy.retry), count)
  })
}

test('a schedule without waits foretells one try', () => assert.equal(triesUntil(0, 10, 0, []), 1))
