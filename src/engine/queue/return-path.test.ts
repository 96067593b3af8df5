import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { MessageId } from '#engine/spool'

import { ownAddress, readOwnAddress, returnPath } from './return-path.ts'

const secret = Buffer.from('a secret of the node')
const key = { message: '0ab3xk9m2pq' as MessageId, n: 17 }

test('a return path names its delivery, also after a relay changed its case', () => {
  const { local, domain } = returnPath(key, 'bounce.example.com', secret)
  assert.equal(domain, 'bounce.example.com')
  assert.deepEqual(readOwnAddress(local, secret), { purpose: 'return-path', key })
  assert.deepEqual(readOwnAddress(local.toUpperCase(), secret), { purpose: 'return-path', key })
})

test('an address for complaints or to unsubscribe says so, and fits the 64 octets of a local part', () => {
  const last = { message: 'zzzzzzzzzzz' as MessageId, n: 999_999_999 }
  for (const purpose of ['return-path', 'complaint', 'unsubscribe'] as const) {
    assert.deepEqual(readOwnAddress(ownAddress({ purpose, key }, 'example.com', secret).local, secret), {
      purpose,
      key,
    })
    assert(ownAddress({ purpose, key: last }, 'example.com', secret).local.length <= 64)
  }
})

test('an address that strangers made up names nothing', () => {
  const { local } = returnPath(key, 'bounce.example.com', secret)
  const other = `${local.slice(0, -1)}${local.endsWith('0') ? '1' : '0'}`
  const forged = [
    other,
    local.replace('-17-', '-18-'),
    'b-0ab3xk9m2pq-17',
    'b-0ab3xk9m2pq-17-',
    'postmaster',
    'unsubscribe',
    'fbl+',
    `${local}-x`,
    // Whoever got a message knows its return path, and must not make another address of it.
    local.replace('b-', 'unsubscribe+'),
    local.replace('b-', 'fbl+'),
  ]
  for (const text of forged) assert.equal(readOwnAddress(text, secret), undefined, text)
  assert.equal(readOwnAddress(local, Buffer.from('another secret')), undefined)
})
