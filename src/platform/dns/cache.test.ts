import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ExpiringCache } from './cache.ts'

test('an entry is gone at its expiry', () => {
  const cache = new ExpiringCache<{ expires: number }>(10)
  cache.set('a', { expires: 100 })
  assert.deepEqual(cache.get('a', 99), { expires: 100 })
  assert.equal(cache.get('a', 100), undefined)
  assert.equal(cache.size, 0)
})

test('the least recently used goes first', () => {
  const cache = new ExpiringCache<{ expires: number }>(2)
  cache.set('a', { expires: 100 })
  cache.set('b', { expires: 100 })
  cache.get('a', 0)
  cache.set('c', { expires: 100 })
  assert.equal(cache.get('b', 0), undefined)
  assert.ok(cache.get('a', 0))
  assert.ok(cache.get('c', 0))
})

test('replacing an entry pushes nobody out', () => {
  const cache = new ExpiringCache<{ expires: number }>(2)
  for (const key of ['a', 'b', 'b', 'b']) cache.set(key, { expires: 100 })
  assert.ok(cache.get('a', 0))
  assert.equal(cache.size, 2)
})
