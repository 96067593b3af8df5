/** Blastengine's requests, and its errors. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { MessageView } from '#engine/spool'
import { parseMessageId, toInteger } from '#grammar/message-id'

import { bench, form, NO_OPERATIONS, recipientsOf } from './api.fixture.ts'
import type { Bench, Told } from './api.fixture.ts'
import type { ApiParts } from './parts.ts'

const PATH = '/api/v1/deliveries/transaction'
const MAIL = {
  from: { email: 'shop@example.org', name: '店' },
  to: 'a@example.com',
  subject: '__name__様',
  encode: 'UTF-8',
  text_part: '__name__様、%%code%%',
  html_part: '',
}

function fieldsOf({ body }: Told): readonly string[] {
  return Object.keys(body['error_messages'] as object)
}

suite("Blastengine's transaction", () => {
  let api: Bench
  before(async () => {
    api = await bench()
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
  })

  function send(more: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
    api.submissions.length = 0
    api.answers.length = 0
    return api.post(PATH, { ...MAIL, ...more }, headers)
  }

  test('codes are put in, and the delivery has a number', async () => {
    const { status, body } = await send({
      cc: ['b@example.com'],
      bcc: ['c@example.com'],
      insert_code: [
        { key: '__name__', value: '%%code%%' },
        { key: '%%code%%', value: '7' },
      ],
      encode: 'ISO-2022-JP',
      list_unsubscribe: { mailto: 'mailto:out@example.org', url: 'https://example.org/out' },
    })
    assert.equal(status, 201)
    assert.equal(typeof body['delivery_id'], 'number')
    const [submission] = api.submissions
    assert.ok(submission)
    assert.deepEqual(recipientsOf(submission), ['a@example.com', 'b@example.com', 'c@example.com'])
    const text = new TextDecoder('iso-2022-jp').decode(submission.content)
    assert.match(text, /%%code%%様、7\r\n/)
    assert.match(text, /List-Unsubscribe: <mailto:out@example\.org>, <https:\/\/example\.org\/out>/)
    assert.ok(!text.includes('text/html'))
  })

  test('files come in a form', async () => {
    const { body, type } = form([
      { field: 'file', name: '請求書.pdf', type: 'application/pdf', content: 'PDF' },
      { field: 'data', name: 'data.json', type: 'application/json', content: JSON.stringify(MAIL) },
    ])
    api.submissions.length = 0
    assert.equal((await api.post(PATH, body, { 'content-type': type })).status, 201)
    assert.match(String(api.submissions[0]?.content), /application\/pdf/)
    const [broken] = ['text plain', 'a"b/c'].map((strange) =>
      form([
        { field: 'file', name: 'a', type: strange, content: 'x' },
        { field: 'data', content: JSON.stringify(MAIL) },
      ]),
    )
    assert.equal((await api.post(PATH, broken?.body, { 'content-type': type })).status, 400)
  })

  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['no address', { to: 'nobody' }, 'to'],
    ['no text', { text_part: '' }, 'text_part'],
    ['a broken line by way of a code', { insert_code: [{ key: '__name__', value: 'a\nb' }] }, 'insert_code'],
    ['a code that is none', { insert_code: [{ key: 'name', value: 'x' }] }, 'insert_code.0.key'],
    ['what nobody reads', { tracking: true }, 'tracking'],
    ['eleven in copy', { cc: Array.from({ length: 11 }, () => 'a@example.com') }, 'cc'],
    ['a character that the charset has not', { encode: 'ISO-2022-JP', text_part: '😀' }, 'text_part'],
  ]

  for (const [what, more, field] of REFUSED)
    test(`${what}: refused with its field, and nothing is sent`, async () => {
      const told = await send(more)
      assert.deepEqual([told.status, fieldsOf(told)], [400, [field]])
      assert.equal(api.submissions.length, 0)
    })

  test('who may not send, or asks for what is not here, is told in their form', async () => {
    const strange = await api.post('/api/v1/usages/latest', {})
    assert.deepEqual([strange.status, fieldsOf(strange)], [404, ['main']])
    const unknown = await send({}, { authorization: 'Bearer wrong' })
    assert.deepEqual([unknown.status, fieldsOf(unknown)], [401, ['main']])
    assert.equal((await send({}, { authorization: 'Bearer hk_reader' })).status, 403)
  })
})

test('a delivery is read by its number, by its own organization alone', async () => {
  const id = parseMessageId('0sa94xg7r00')
  assert.ok(id)
  const view = {
    message: { id, organization: 'default', from: null, subject: 'x', acceptedAt: 0 },
    deliveries: [
      { delivery: { state: 'delivered', endedAt: 1000 }, attempts: [], reports: [] },
      {
        delivery: { state: 'bounced', endedAt: 2000 },
        attempts: [{ bounce: { type: 'hard' } }],
        reports: [],
      },
    ],
  } as unknown as MessageView
  let owner = 'default'
  const message: ApiParts['operations']['message'] = async () => ({
    ...view,
    queues: [],
    message: { ...view.message, organization: owner },
  })
  await using shown = await bench({ operations: { ...NO_OPERATIONS, message } })
  const get = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const headers = { authorization: 'Bearer hk_right' }
    const answer = await shown.app.inject({ url: `/api/v1/deliveries/${path}`, headers })
    return { status: answer.statusCode, body: answer.json() }
  }
  const { body } = await get(String(toInteger(id)))
  assert.deepEqual(
    [body['status'], body['total_count'], body['sent_count'], body['hard_error_count']],
    ['SENT', 2, 1, 1],
  )
  owner = 'globex'
  assert.equal((await get(String(toInteger(id)))).status, 404)
  assert.equal((await get('x')).status, 400)
})
