/** Messages as forms. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'

import { bench, form, LIMIT, pointersOf, SIMPLE } from './api.fixture.ts'
import type { Bench, FormPart, Told } from './api.fixture.ts'

const MESSAGE: FormPart = {
  field: 'message',
  content: JSON.stringify({ ...SIMPLE, html: '<img src="cid:logo.png">' }),
}

function send(api: Bench, parts: readonly FormPart[]): Promise<Told> {
  const { body, type } = form(parts)
  return api.post('/v1/messages', body, { 'content-type': type })
}

suite('messages as forms', () => {
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

  test('files of a form are attached as they are, and shown inline where the HTML names them', async () => {
    const pdf = Buffer.from([0, 255, 13, 10, 128])
    const { status, body } = await send(api, [
      MESSAGE,
      { field: 'attachments', name: 'bill.pdf', type: 'application/pdf', content: pdf },
      { field: 'inline', name: 'logo.png', type: 'image/png', content: 'PNG' },
    ])
    assert.deepEqual([status, body['errors']], [202, undefined])
    const content = Buffer.from(api.submissions[0]?.content ?? []).toString()
    assert.match(content, /application\/pdf; name="bill\.pdf"/)
    assert.ok(content.includes(pdf.toString('base64')))
    assert.match(content, /Content-ID: <logo\.png>/)
  })

  test('the message may come as a file of JSON', async () => {
    const part = { ...MESSAGE, name: 'm.json', type: 'application/json' }
    assert.equal((await send(api, [part])).status, 202)
  })

  test('what a form says is held to the same schema', async () => {
    const content = JSON.stringify({ ...SIMPLE, subjet: 'x', subject: 'a\r\nb' })
    assert.deepEqual(pointersOf(await send(api, [{ field: 'message', content }])), ['#/subject', '#/subjet'])
    const strange = await send(api, [
      MESSAGE,
      { field: 'attachments', name: 'x', type: 'no type', content: 'x' },
    ])
    assert.equal(strange.status, 422)
  })

  const REFUSED: readonly (readonly [string, readonly FormPart[], number])[] = [
    ['no message', [{ field: 'attachments', name: 'a', content: 'x' }], 422],
    ['two messages', [MESSAGE, MESSAGE], 422],
    ['a part that nobody reads', [MESSAGE, { field: 'subject', content: 'x' }], 422],
    ['a file that nobody reads', [MESSAGE, { field: 'photo', name: 'a', content: 'x' }], 422],
    ['a message that is no JSON', [{ field: 'message', content: '{' }], 400],
    [
      'a file larger than a request',
      [MESSAGE, { field: 'attachments', name: 'a', content: Buffer.alloc(LIMIT + 1) }],
      413,
    ],
    [
      'files larger than a request together',
      [MESSAGE, ...[1, 2].map(() => ({ field: 'attachments', name: 'a', content: Buffer.alloc(LIMIT / 2) }))],
      413,
    ],
    [
      'more files than a message has',
      [MESSAGE, ...Array.from({ length: 102 }, () => ({ field: 'attachments', name: 'a', content: 'x' }))],
      413,
    ],
  ]

  for (const [what, parts, status] of REFUSED)
    test(`a form with ${what} is refused with ${status}`, async () => {
      assert.equal((await send(api, parts)).status, status)
      assert.equal(api.submissions.length, 0)
    })

  test('a form that breaks off, or cannot be told apart, makes no message', async () => {
    const { body, type } = form([MESSAGE])
    for (const broken of [body.subarray(0, 40), body.subarray(0, -8), Buffer.alloc(0)]) {
      const { status } = await api.post('/v1/messages', broken, { 'content-type': type })
      assert.ok(status === 400 || status === 422, String(status))
    }
    const noBoundary = await api.post('/v1/messages', body, { 'content-type': 'multipart/form-data' })
    assert.equal(noBoundary.status, 400)
    assert.equal(api.submissions.length, 0)
  })
})
