import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AddressSet } from './address-set.ts'
import { decide } from './policy.ts'
import type { Policy } from './policy.ts'

const policy: Policy = {
  enabled: true,
  unknownExpire: 1000,
  hostUnknownExpire: 500,
  complaintExpire: 0,
  softCount: 2,
  softWithin: 100,
  softExpire: 50,
}
const unknown = { class: 'user-unknown', type: 'hard' } as const
const full = { class: 'mailbox-full', type: 'soft' } as const

test('a policy that is off decides nothing', () => {
  assert.deepEqual(decide({ ...policy, enabled: false }, unknown, undefined, 0), { kind: 'nothing' })
})

test('a duration of 0 is until somebody removes it', () => {
  assert.deepEqual(decide({ ...policy, unknownExpire: 0 }, unknown, undefined, 7), {
    kind: 'suppress',
    reason: 'bounce',
  })
  assert.deepEqual(decide(policy, unknown, undefined, 7), {
    kind: 'suppress',
    reason: 'bounce',
    expiresAt: 1007,
  })
})

test('a soft reply of a hard class is no hard bounce', () => {
  assert.deepEqual(decide(policy, { class: 'user-unknown', type: 'soft' }, undefined, 0), { kind: 'nothing' })
})

test('the window of soft bounces ends where it says', () => {
  const before = { count: 1, firstAt: 0 }
  assert.equal(decide(policy, full, before, 100).kind, 'suppress')
  assert.deepEqual(decide(policy, full, before, 101), { kind: 'count', soft: { count: 1, firstAt: 101 } })
  assert.deepEqual(decide({ ...policy, softCount: 0 }, full, before, 1), { kind: 'nothing' })
})

test('a set of addresses keeps every one through its growth, and no others', () => {
  const set = new AddressSet()
  for (let i = 0; i < 5_000; i += 1) set.add(`a${i}`)
  set.add('a0')
  assert.equal(set.size, 5_000)
  for (let i = 0; i < 5_000; i += 1) assert.ok(set.mayHave(`a${i}`))
  for (let i = 5_000; i < 10_000; i += 1) assert.equal(set.mayHave(`a${i}`), false)
})
