import assert from 'node:assert/strict'
import { test } from 'node:test'

import { AddressSet } from './address-set.ts'
import { decide } from './policy.ts'
import type { Experience } from './experience.ts'
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
const of = { organization: 'acme', stream: 'news', address: 'a@example.com', delivery: '0ab3xk9m2pq.0' }
const bounced = (what: string, type: string, at: number): Experience => ({
  ...of,
  kind: 'bounced',
  at,
  class: what,
  type,
  evidence: '550 5.0.0 No',
})
const unknown = (at: number): Experience => bounced('user-unknown', 'hard', at)
const full = (at: number): Experience => bounced('mailbox-full', 'soft', at)
const gone = {
  kind: 'suppress',
  reason: 'bounce',
  stream: '*',
  class: 'user-unknown',
  evidence: '550 5.0.0 No',
}

test('a policy that is off decides nothing', () => {
  assert.deepEqual(decide({ ...policy, enabled: false }, unknown(0), undefined), { kind: 'nothing' })
})

test('a duration of 0 is until somebody removes it', () => {
  assert.deepEqual(decide({ ...policy, unknownExpire: 0 }, unknown(7), undefined), gone)
  assert.deepEqual(decide(policy, unknown(7), undefined), { ...gone, expiresAt: 1007 })
})

test('a soft reply of a hard class is no hard bounce', () => {
  assert.deepEqual(decide(policy, bounced('user-unknown', 'soft', 0), undefined), { kind: 'nothing' })
})

test('the window of soft bounces ends where it says', () => {
  const before = { count: 1, firstAt: 0 }
  assert.equal(decide(policy, full(100), before).kind, 'suppress')
  assert.deepEqual(decide(policy, full(101), before), { kind: 'count', soft: { count: 1, firstAt: 101 } })
  assert.deepEqual(decide({ ...policy, softCount: 0 }, full(1), before), { kind: 'nothing' })
})

test('a set of addresses keeps every one through its growth, and no others', () => {
  const set = new AddressSet()
  for (let i = 0; i < 5_000; i += 1) set.add(`a${i}`)
  set.add('a0')
  assert.equal(set.size, 5_000)
  for (let i = 0; i < 5_000; i += 1) assert.ok(set.mayHave(`a${i}`))
  for (let i = 5_000; i < 10_000; i += 1) assert.equal(set.mayHave(`a${i}`), false)
})
