import assert from 'node:assert/strict'
import { test } from 'node:test'

import { decodeLetter } from '#product/template'

import { bench, pointersOf } from './api.fixture.ts'

const HELLO = {
  name: 'hello',
  subject: 'Hello {{ name }}',
  html: '<p>{{ name }}</p>',
  headers: { 'X-Kind': 'kept', 'X-Name': '{{ name }}' },
}
const FROM = { from: 'shop@example.org', to: 'user@example.com' }

test('a message names a template, and is sent what it becomes; its own headers come beside', async () => {
  await using at = await bench()
  assert.equal((await at.post('/v1/templates', HELLO)).status, 201)
  const body = { ...FROM, template: 'hello', variables: { name: '<b>' }, headers: { 'x-kind': '{{ own }}' } }
  assert.equal((await at.post('/v1/messages', body)).status, 202)
  const text = Buffer.from(at.submissions[0]?.content ?? '').toString()
  assert.match(text, /^Subject: Hello <b>\r$/m)
  assert.match(text, /<p>&lt;b&gt;<\/p>/)
  assert.match(text, /^x-kind: \{\{ own \}\}\r$/m)
  assert.doesNotMatch(text, /^X-Kind: kept/m)
})

test('a letter to many names one, and keeps what it was', async () => {
  await using at = await bench()
  await at.post('/v1/templates', HELLO)
  const body = { from: FROM.from, template: 'hello', recipients: [{ to: FROM.to, variables: { name: 'a' } }] }
  assert.equal((await at.post('/v1/messages/batch', body)).status, 202)
  const { template } = decodeLetter(at.letters[0]?.content ?? Buffer.from('{}'))
  const { name: _, ...source } = HELLO
  assert.deepEqual(template, source)
})

test('what cannot be sent with a template is told, with its place', async () => {
  await using at = await bench()
  await at.post('/v1/templates', HELLO)
  for (const [body, pointers] of [
    [{ ...FROM, template: 'none' }, ['#/template']],
    [{ ...FROM, template: 'hello', text: 'x' }, ['#/text']],
    [{ ...FROM, template: 'hello', subject: 'x' }, ['#/subject']],
    [{ ...FROM, template: 'hello', variables: { name: 'a\nb' } }, ['#/variables']],
    [{ ...FROM, subject: 'x', text: 'x', variables: {} }, ['#/variables']],
    [{ ...FROM, text: 'x' }, ['#']],
  ] as const) {
    const told = await at.post('/v1/messages', body)
    assert.deepEqual([told.status, pointersOf(told)], [422, pointers], JSON.stringify(body))
  }
  const stranger = await at.post(
    '/v1/messages',
    { ...FROM, template: 'hello' },
    { authorization: 'Bearer hk_stranger' },
  )
  assert.deepEqual([stranger.status, pointersOf(stranger)], [422, ['#/template']])
  assert.deepEqual(at.submissions, [])
})

test('a template that cannot be read is not kept; a preview says what it becomes', async () => {
  await using at = await bench()
  for (const [body, pointers] of [
    [{ name: 'x', subject: 'x' }, ['#/text']],
    [{ name: 'No Name', subject: 'x', text: 'x' }, ['#/name']],
    [{ name: 'x', subject: 'x', text: 'x', headers: { Bcc: 'a@example.com' } }, ['#/headers/Bcc']],
    [{ name: 'x', subject: 'x', text: 'x', unknown: 1 }, ['#/unknown']],
  ] as const) {
    const told = await at.post('/v1/templates', body)
    assert.deepEqual([told.status, pointersOf(told)], [422, pointers], JSON.stringify(body))
  }
  await at.post('/v1/templates', HELLO)
  const shown = await at.post('/v1/templates/hello/preview', { variables: { name: '山田' } })
  assert.deepEqual(shown.body, {
    subject: 'Hello 山田',
    html: '<p>山田</p>',
    headers: { 'X-Kind': 'kept', 'X-Name': '山田' },
  })
  const wrong = await at.post('/v1/templates/hello/preview', { variables: { name: 'a\0' } })
  assert.deepEqual([wrong.status, pointersOf(wrong)], [422, ['#/variables']])
  assert.equal((await at.post('/v1/templates/none/preview', {})).status, 404)
  assert.equal((await at.ask('GET', '/v1/templates/hello', undefined, 'hk_stranger')).status, 404)
  assert.equal((await at.ask('DELETE', '/v1/templates/hello')).status, 204)
  assert.equal((await at.ask('GET', '/v1/templates/hello')).status, 404)
})
