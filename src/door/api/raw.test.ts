/** Messages made elsewhere. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'

import { bench, NOW, pointersOf, recipientsOf } from './api.fixture.ts'
import type { Bench } from './api.fixture.ts'

const PATH = '/v1/messages/mime'
const RAW = 'From: shop@example.org\r\nSubject: Hello\r\n\r\nHi\r\n'
const RFC822 = { 'content-type': 'message/rfc822' }
const ENVELOPE = 'from=shop@example.org&to=a@example.com'

suite('messages made elsewhere', () => {
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

  test('a message goes on octet by octet, to whom the query says', async () => {
    const body = Buffer.concat([Buffer.from(RAW), Buffer.from([0x82, 0xa0])])
    const { status } = await api.post(`${PATH}?${ENVELOPE}&to=b@example.com&to=a@example.com`, body, RFC822)
    assert.equal(status, 202)
    const [submission] = api.submissions
    assert.ok(submission)
    assert.deepEqual(recipientsOf(submission), ['a@example.com', 'b@example.com'])
    assert.deepEqual(Buffer.from(submission.content), body)
  })

  test('in JSON the envelope, the time and the stream are beside the message', async () => {
    const { status } = await api.post(PATH, {
      from: 'shop@example.org',
      to: ['a@example.com'],
      stream: 'news',
      send_at: new Date(NOW + 60_000).toISOString(),
      content: Buffer.from(RAW).toString('base64'),
    })
    assert.equal(status, 202)
    const [submission] = api.submissions
    assert.deepEqual([submission?.stream, submission?.holdUntil], ['news', NOW + 60_000])
    assert.equal(Buffer.from(submission?.content ?? []).toString(), RAW)
  })

  test('tags and metadata are beside the message, too', async () => {
    const json = { from: 'shop@example.org', to: 'a@example.com', content: '' }
    const labels = { tags: ['welcome'], metadata: { order: '1234' } }
    assert.equal((await api.post(PATH, { ...json, ...labels })).status, 202)
    assert.deepEqual(api.submissions[0]?.labels, labels)
  })

  test('an envelope that is missing, twice there, or wrong is told', async () => {
    const json = { from: 'shop@example.org', to: 'a@example.com', content: '' }
    assert.deepEqual(pointersOf(await api.post(PATH, RAW, RFC822)), ['#'])
    assert.deepEqual(pointersOf(await api.post(`${PATH}?${ENVELOPE}`, json)), ['#'])
    assert.deepEqual(pointersOf(await api.post(PATH, { ...json, to: ['a@example.com', 'b@'] })), ['#/to/1'])
    assert.deepEqual(pointersOf(await api.post(PATH, { ...json, content: 'ä' })), ['#/content'])
    assert.equal((await api.post(`${PATH}?${ENVELOPE}%0d%0aX`, RAW, RFC822)).status, 422)
    assert.equal((await api.post(`${PATH}?${ENVELOPE}&bcc=x@example.com`, RAW, RFC822)).status, 422)
    assert.equal(api.submissions.length, 0)
  })

  test('a body of another type, or none, is refused', async () => {
    assert.equal((await api.post(`${PATH}?${ENVELOPE}`, RAW, { 'content-type': 'text/plain' })).status, 415)
    const { statusCode } = await api.app.inject({
      method: 'POST',
      url: PATH,
      headers: { authorization: 'Bearer hk_right' },
    })
    assert.equal(statusCode, 400)
    // Schemas are found by the type, whatever its case.
    assert.equal((await api.post(PATH, { from: 1 }, { 'content-type': 'Application/JSON' })).status, 422)
  })
})
