import assert from 'node:assert/strict'
import { test } from 'node:test'

import { fitnessAfter, untilNext } from './record-status.ts'
import type { Fitness, RecordStatus, Status } from './record-status.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function look(...statuses: readonly Status[]) {
  const record = { name: 'k._domainkey.example.com', type: 'TXT', purpose: 'dkim', by: 'owner' } as const
  return { statuses: statuses.map((status): RecordStatus => ({ ...record, required: true, status })) }
}

const GOOD: Fitness = { health: 'good', failures: 0 }

test('a domain is broken when two looks in a row find a record gone, and good again at once', () => {
  const once = fitnessAfter(GOOD, look('ok', 'missing'))
  assert.deepEqual(once, { health: 'good', failures: 1 })
  const twice = fitnessAfter(once, look('wrong', 'ok'))
  assert.deepEqual(twice, { health: 'broken', failures: 2 })
  assert.deepEqual(fitnessAfter(twice, look('ok')), GOOD)
  assert.deepEqual(fitnessAfter(once, look('ok')), GOOD)
})

test('what never was good is incomplete, not broken', () => {
  const first = fitnessAfter({ health: 'unchecked', failures: 0 }, look('missing'))
  assert.equal(first.health, 'incomplete')
  assert.equal(fitnessAfter(first, look('missing')).health, 'incomplete')
})

test('a DNS that does not answer says nothing, but what it does answer counts', () => {
  for (const before of [GOOD, { health: 'broken', failures: 3 } as const])
    assert.deepEqual(fitnessAfter(before, look('ok', 'unknown')), before)
  assert.equal(fitnessAfter(GOOD, look('unknown', 'missing')).failures, 1)
})

test('records that the operator publishes, that are advice, or that show ownership break nothing', () => {
  const [one] = look('missing').statuses
  for (const change of [{ by: 'operator' }, { required: false }, { purpose: 'ownership' }] as const)
    assert.deepEqual(fitnessAfter(GOOD, { statuses: [{ ...one!, ...change }] }), GOOD)
})

test('who has just added a domain is looked after soon, who never publishes anything once a day', () => {
  const options = { every: 6 * HOUR, random: () => 0.5 }
  const claim = { health: 'incomplete', failures: 3, createdAt: 0, isVerified: false } as const
  const after = (age: number): number => untilNext(claim, age, options)
  assert.deepEqual(
    [after(MINUTE), after(2 * HOUR), after(2 * DAY), after(90 * DAY)],
    [2 * MINUTE, 15 * MINUTE, 2 * HOUR, DAY],
  )
  const good = { ...GOOD, createdAt: 0, isVerified: true }
  assert.equal(untilNext(good, 90 * DAY, options), 6 * HOUR)
  assert.equal(untilNext({ ...good, failures: 1 }, 90 * DAY, options), 5 * MINUTE)
  assert.equal(untilNext({ ...good, health: 'broken', failures: 9 }, 90 * DAY, options), 6 * HOUR)
})

test('looks are spread by a fifth to either side', () => {
  const good = { ...GOOD, createdAt: 0, isVerified: true }
  assert.equal(untilNext(good, DAY, { every: 10 * HOUR, random: () => 0 }), 8 * HOUR)
  assert.equal(untilNext(good, DAY, { every: 10 * HOUR, random: () => 1 }), 12 * HOUR)
})
