/** Tags and metadata at the door. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'

import { bench, form, pointersOf, SIMPLE } from './api.fixture.ts'
import type { Bench } from './api.fixture.ts'

const PATH = '/v1/messages'
const LABELS = { tags: ['welcome', 'ようこそ'], metadata: { order: '1234', 'shop.id': '' } }

suite('tags and metadata', () => {
  let api: Bench
  before(async () => {
    api = await bench()
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    api.submissions.length = 0
  })

  test('go with the message, each tag once', async () => {
    const { status } = await api.post(PATH, { ...SIMPLE, ...LABELS, tags: [...LABELS.tags, 'welcome'] })
    assert.equal(status, 202)
    assert.deepEqual(api.submissions[0]?.labels, LABELS)
    assert.doesNotMatch(Buffer.from(api.submissions[0]?.content ?? []).toString(), /welcome|1234/)
  })

  test('are in the JSON of a form', async () => {
    const { body, type } = form([{ field: 'message', content: JSON.stringify({ ...SIMPLE, ...LABELS }) }])
    assert.equal((await api.post(PATH, body, { 'content-type': type })).status, 202)
    assert.deepEqual(api.submissions[0]?.labels, LABELS)
  })

  test('are not there when nothing was said', async () => {
    assert.equal((await api.post(PATH, SIMPLE)).status, 202)
    assert.ok(!('labels' in (api.submissions[0] ?? {})))
  })

  for (const [what, wrong, pointers] of [
    ['eleven tags', { tags: Array.from({ length: 11 }, (_, n) => `t${n}`) }, ['#/tags']],
    ['an empty tag', { tags: ['a', ''] }, ['#/tags/1']],
    ['a long tag', { tags: ['x'.repeat(256)] }, ['#/tags/0']],
    ['a tag of two lines', { tags: ['a\r\nBcc: b'] }, ['#/tags/0']],
    ['no list', { tags: 'a' }, ['#/tags']],
    ['a value that is no text', { metadata: { order: 1234 } }, ['#/metadata/order']],
    ['a value of two lines', { metadata: { order: 'a\nb' } }, ['#/metadata/order']],
    ['a name with a space', { metadata: { 'the order': 'x' } }, ['#/metadata/the order']],
    ['too much in all', { metadata: { a: 'x'.repeat(6_000), b: 'x'.repeat(6_000) } }, ['#/metadata']],
    ['a switch that nothing reads', { tracking: { bounces: false } }, ['#/tracking/bounces']],
  ] as const)
    test(`${what}: refused with its place`, async () => {
      const told = await api.post(PATH, { ...SIMPLE, ...wrong })
      assert.equal(told.status, 422)
      assert.deepEqual(pointersOf(told), pointers)
      assert.equal(api.submissions.length, 0)
    })
})
