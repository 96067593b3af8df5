import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { MessageId } from '#engine/spool'

import { readReturnPath, returnPath } from './return-path.ts'

const secret = Buffer.from('a secret of the node')
const key = { message: '0ab3xk9m2pq' as MessageId, n: 17 }

test('a return path names its delivery, also after a relay changed its case', () => {
  const { local, domain } = returnPath(key, 'bounce.example.com', secret)
  assert.equal(domain, 'bounce.example.com')
  assert(local.length <= 64)
  assert.deepEqual(readReturnPath(local, secret), key)
  assert.deepEqual(readReturnPath(local.toUpperCase(), secret), key)
})

test('a return path that strangers made up names nothing', () => {
  const { local } = returnPath(key, 'bounce.example.com', secret)
  const other = `${local.slice(0, -1)}${local.endsWith('0') ? '1' : '0'}`
  const forged = [
    other,
    local.replace('-17-', '-18-'),
    'b-0ab3xk9m2pq-17',
    'b-0ab3xk9m2pq-17-',
    'postmaster',
    `${local}-x`,
  ]
  for (const text of forged) assert.equal(readReturnPath(text, secret), undefined, text)
  assert.equal(readReturnPath(local, Buffer.from('another secret')), undefined)
})
