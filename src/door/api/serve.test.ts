/** The API before its first request. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { partsOf } from './api.fixture.ts'
import { serveApi } from './serve.ts'

test('requests that come at once, before it is loaded, are all answered', async () => {
  await using api = await serveApi(partsOf({}))
  const asked = Array.from({ length: 5 }, () => fetch(`http://127.0.0.1:${api.port}/v1/events`))
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  assert.deepEqual(statuses, [401, 401, 401, 401, 401])
})

test('it ends without having been asked anything', async () => {
  const api = await serveApi(partsOf({}))
  await api[Symbol.asyncDispose]()
  await assert.rejects(fetch(`http://127.0.0.1:${api.port}/v1/events`))
})
