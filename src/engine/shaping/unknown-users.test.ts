import assert from 'node:assert/strict'
import { test } from 'node:test'

import { UnknownUsers } from './unknown-users.ts'

const HOUR = 3_600_000
const TERMS = { share: 0.25, count: 5, within: HOUR, pause: HOUR }
const SHOP = { organization: 'acme', stream: 'marketing' }

test('too many unknown users, and too large a share, are told once, and counted anew', () => {
  const users = new UnknownUsers()
  for (let n = 0; n < 12; n += 1) assert.equal(users.add(SHOP, false, TERMS, 0), undefined)
  for (let n = 0; n < 4; n += 1) assert.equal(users.add(SHOP, true, TERMS, 0), undefined)
  assert.deepEqual(users.add(SHOP, true, TERMS, 0), { unknown: 5, tried: 17 })
  assert.equal(users.add(SHOP, true, TERMS, 0), undefined)
})

test('many unknown users among many more are no reason', () => {
  const users = new UnknownUsers()
  for (let n = 0; n < 500; n += 1) assert.equal(users.add(SHOP, n % 10 === 0, TERMS, 0), undefined)
})

test('each stream is counted for itself', () => {
  const users = new UnknownUsers()
  for (let n = 0; n < 4; n += 1) users.add(SHOP, true, TERMS, 0)
  assert.equal(users.add({ ...SHOP, stream: 'transactional' }, true, TERMS, 0), undefined)
  assert.equal(users.add({ ...SHOP, organization: 'other' }, true, TERMS, 0), undefined)
  assert.notEqual(users.add(SHOP, true, TERMS, 0), undefined)
})

test('what is older than the time that counts is forgotten', () => {
  const users = new UnknownUsers()
  for (let n = 0; n < 4; n += 1) users.add(SHOP, true, TERMS, 0)
  assert.equal(users.add(SHOP, true, TERMS, 3 * HOUR), undefined)
})

test('however many streams there are, what is counted is bounded', () => {
  const users = new UnknownUsers()
  for (let n = 0; n < 5_000; n += 1) users.add({ organization: `o${n}`, stream: 's' }, true, TERMS, 0)
  for (let n = 0; n < 3; n += 1)
    assert.equal(users.add({ organization: 'o4999', stream: 's' }, true, TERMS, 0), undefined)
  assert.notEqual(users.add({ organization: 'o4999', stream: 's' }, true, TERMS, 0), undefined)
})
