/** Limits of requests. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bench, SIMPLE } from './api.fixture.ts'
import { RateLimit, WINDOW } from './rate.ts'

test('in a window there are as many as the limit, and they come back evenly', () => {
  let now = 0
  const limit = new RateLimit(6, () => now)
  for (let n = 5; n >= 0; n--) assert.deepEqual([limit.take('a').ok, limit.take('b').remaining], [true, n])
  const refused = limit.take('a')
  assert.deepEqual(refused, { ok: false, remaining: 0, reset: WINDOW, wait: 10 })
  now += 9_000
  assert.deepEqual([limit.take('a').ok, limit.take('a').wait], [false, 1])
  now += 1_000
  assert.equal(limit.take('a').ok, true)
  assert.equal(limit.take('a').ok, false)
  now -= 60_000
  assert.equal(limit.take('a').ok, false, 'a clock set back gives nothing')
  now += 3_600_000
  assert.equal(limit.take('a').remaining, 5, 'and never more than the limit')
})

test('answers say what is left, and 429 when to come again, each key for itself', async () => {
  let now = 0
  await using api = await bench({ requests: 2, now: () => now })
  const first = await api.post('/v1/messages', SIMPLE)
  assert.equal(first.headers['ratelimit-policy'], '"key";q=2;w=60')
  assert.equal(first.headers['ratelimit'], '"key";r=1;t=30')
  await api.post('/v1/messages', { mistaken: true })
  const third = await api.post('/v1/messages', SIMPLE)
  assert.deepEqual([third.status, third.body['code'], third.headers['retry-after']], [429, 'too-many', '30'])
  assert.equal((await api.post('/v3/mail/send', {})).status, 429)
  assert.equal((await api.post('/v1/messages', SIMPLE, { authorization: 'Bearer hk_reader' })).status, 403)
  now += 30_000
  assert.equal((await api.post('/v1/messages', SIMPLE)).status, 202)
})

test('of those who show no key, little is read', async () => {
  await using api = await bench()
  const { statusCode } = await api.app.inject({
    method: 'POST',
    url: '/v1/messages',
    headers: { 'content-type': 'application/json', 'content-length': '100000' },
    payload: 'x'.repeat(100_000),
  })
  assert.equal(statusCode, 401)
  const { statusCode: chunked } = await api.app.inject({
    method: 'POST',
    url: '/v1/messages',
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    payload: '{',
  })
  assert.equal(chunked, 401)
})
