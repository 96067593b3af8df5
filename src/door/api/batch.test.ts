import assert from 'node:assert/strict'
import { test } from 'node:test'

import { decodeData, decodeLetter } from '#product/template'

import { bench, pointersOf } from './api.fixture.ts'
import type { Bench, Told } from './api.fixture.ts'

const BATCH = '/v1/messages/batch'
const LETTER = { from: 'Shop <shop@example.org>', subject: 'For {{ name }}', text: 'Dear {{ name }}' }

function fates({ body }: Told): readonly Readonly<Record<string, unknown>>[] {
  return body['recipients'] as readonly Readonly<Record<string, unknown>>[]
}

test('one letter to many is one submission, with the data of each', async () => {
  await using at = await bench()
  const recipients = [
    { to: '山田 <a@example.com>', variables: { name: '山田', items: [{ n: 1 }] } },
    { to: { email: 'b@example.com' } },
  ]
  const told = await at.post(BATCH, { ...LETTER, headers: { 'X-Hikyaku-Campaign': 'spring' }, recipients })
  assert.equal(told.status, 202)
  assert.deepEqual(told.body, {
    id: '0sa94xg7r01',
    recipients: [
      { email: 'a@example.com', status: 'queued', delivery: '0sa94xg7r01.0' },
      { email: 'b@example.com', status: 'queued', delivery: '0sa94xg7r01.1' },
    ],
  })
  const [letter, ...none] = at.letters
  assert.ok(letter)
  assert.deepEqual([none, at.submissions], [[], []])
  assert.deepEqual(
    [letter.subject, letter.campaign, letter.key.id],
    ['For {{ name }}', 'spring', 'k123456789'],
  )
  const { template, from } = decodeLetter(letter.content)
  assert.deepEqual(template, { subject: 'For {{ name }}', text: 'Dear {{ name }}', headers: {} })
  assert.equal(from.name, 'Shop')
  assert.deepEqual(
    letter.to.map(([email, data]) => [email, decodeData(data)]),
    [
      ['a@example.com', { name: '山田', variables: { name: '山田', items: [{ n: 1 }] } }],
      ['b@example.com', { variables: {} }],
    ],
  )
})

test('what is wrong with one recipient is told of that one, with its place, and the others are sent to', async () => {
  await using at = await bench()
  at.answers.push({ ok: true, id: '0sa94xg7r00', skipped: [{ to: 'silent@example.com', why: 'bounced' }] })
  const told = await at.post(BATCH, {
    ...LETTER,
    headers: { 'X-Order': '{{ order }}' },
    recipients: [
      { to: 'nobody' },
      { to: 'a@example.com', variables: { name: 'a\r\nBcc: b@example.com' } },
      { to: 'silent@example.com' },
      { to: 'c@example.com', variables: { order: 'x'.repeat(999) } },
      { to: 'd@example.com', name: 'no such field' },
      'e@example.com',
      { to: 'f@example.com', variables: { long: 'x'.repeat(20_000) } },
      { to: '秋@example.com' },
      { to: 'good@example.com' },
    ],
  })
  assert.equal(told.status, 202)
  assert.deepEqual(
    fates(told).map(({ status, pointer, delivery }) => [status, pointer ?? delivery]),
    [
      ['invalid', '#/recipients/0/to'],
      ['invalid', '#/recipients/1/variables'],
      ['suppressed', undefined],
      ['invalid', '#/recipients/3/variables'],
      ['invalid', '#/recipients/4/name'],
      ['invalid', '#/recipients/5'],
      ['invalid', '#/recipients/6/variables'],
      ['invalid', '#/recipients/7/to'],
      ['queued', '0sa94xg7r00.0'],
    ],
  )
  assert.deepEqual(
    at.letters[0]?.to.map(([email]) => email),
    ['silent@example.com', 'good@example.com'],
  )
})

test('where nobody is left, there is no message and each is told why', async () => {
  await using at = await bench()
  const invalid = await at.post(BATCH, { ...LETTER, recipients: [{ to: 'x' }] })
  assert.deepEqual([invalid.status, invalid.body['id'], at.letters.length], [202, undefined, 0])
  at.answers.push({
    ok: false,
    why: 'suppressed',
    text: 'x',
    skipped: [{ to: 'a@example.com', why: 'bounced' }],
  })
  const silent = await at.post(BATCH, { ...LETTER, recipients: [{ to: 'a@example.com' }] })
  assert.deepEqual(silent.body, {
    recipients: [{ email: 'a@example.com', status: 'suppressed', detail: 'bounced' }],
  })
})

test('a letter that cannot be is refused as a whole, with the places', async () => {
  await using at = await bench()
  const to = { recipients: [{ to: 'a@example.com' }] }
  const wrong: readonly (readonly [object, readonly string[]])[] = [
    [{ ...LETTER, ...to, text: '{% for %}' }, ['#/text']],
    [{ ...LETTER, ...to, html: '{% include "x" %}', subject: '{{ x | nosuch }}' }, ['#/html', '#/subject']],
    [{ ...LETTER, ...to, headers: { 'X-A': '{{', Bcc: 'x@example.com' } }, ['#/headers/Bcc']],
    [{ ...LETTER, ...to, headers: { 'X-A': '{% if %}' } }, ['#/headers/X-A']],
    [{ ...LETTER, ...to, subject: 'a\nb' }, ['#/subject']],
    [{ ...LETTER, ...to, from: 'nobody' }, ['#/from']],
    [{ ...LETTER, ...to, cc: 'a@example.com' }, ['#/cc']],
    [{ ...LETTER, recipients: [] }, ['#/recipients']],
    [{ ...LETTER, ...to, charset: 'iso-2022-jp', text: '髙' }, ['#/text']],
    [{ from: 'a@example.org', subject: 'x', ...to }, ['#/text']],
  ]
  for (const [body, pointers] of wrong) {
    const told = await at.post(BATCH, body)
    assert.deepEqual([told.status, pointersOf(told)], [422, pointers], JSON.stringify(body))
  }
  assert.equal(
    (await at.post(BATCH, { ...LETTER, ...to }, { authorization: 'Bearer hk_reader' })).status,
    403,
  )
  assert.deepEqual(at.letters, [])
})

test('characters that the charset has not are refused of one recipient, or make theirs UTF-8', async () => {
  await using at = await bench()
  const recipients = [
    { to: 'a@example.com', variables: { name: '髙' } },
    { to: 'b@example.com', variables: { name: '高' } },
  ]
  const strict = await at.post(BATCH, { ...LETTER, charset: 'iso-2022-jp', recipients })
  assert.deepEqual(
    fates(strict).map(({ status, detail }) => [status, detail]),
    [
      ['invalid', 'iso-2022-jp has no 髙'],
      ['queued', undefined],
    ],
  )
  await at.post(BATCH, { ...LETTER, charset: 'iso-2022-jp', charset_fallback: 'utf-8', recipients })
  assert.deepEqual(
    at.letters[1]?.to.map(([, data]) => decodeData(data).charset),
    ['utf-8', undefined],
  )
})

test('the same request under one key is answered as the first, and the key goes with the message', async () => {
  await using at = await bench()
  const body = { ...LETTER, recipients: [{ to: 'a@example.com' }] }
  await at.post(BATCH, body, { 'idempotency-key': 'k1' })
  assert.equal(at.letters[0]?.once?.key, 'k1')
  at.answers.push({ ok: true, id: '0sa94xg7r00', skipped: [], again: true })
  const again = await at.post(BATCH, body, { 'idempotency-key': 'k1' })
  assert.equal(again.headers['idempotency-replayed'], 'true')
  assert.equal(at.letters[1]?.once?.digest, at.letters[0]?.once?.digest)
})

const NDJSON = { authorization: 'Bearer hk_right', 'content-type': 'application/x-ndjson' }

async function stream(
  at: Bench,
  lines: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly lines: readonly Readonly<Record<string, unknown>>[] }> {
  const payload = lines.join('\n')
  const told = await at.app.inject({
    method: 'POST',
    url: BATCH,
    headers: { ...NDJSON, ...headers },
    payload,
  })
  const answers = told.body.split('\n').filter((line) => line !== '')
  return {
    status: told.statusCode,
    lines: answers.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  }
}

const FIRST = JSON.stringify(LETTER)

test('a stream of recipients is kept as a message each ten thousand, and answered line by line', async () => {
  await using at = await bench()
  const many = Array.from(
    { length: 10_001 },
    (_, n) => `{"to":"u${n}@example.com","variables":{"name":"${n}"}}`,
  )
  const told = await stream(at, [
    FIRST,
    ...many.slice(0, 3),
    '{"to":"nobody"}',
    'no json',
    ...many.slice(3),
    '',
  ])
  assert.equal(told.status, 200)
  assert.deepEqual(
    at.letters.map(({ to }) => to.length),
    [9_998, 3],
  )
  assert.deepEqual(told.lines.slice(0, 5), [
    { line: 2, status: 'queued', delivery: '0sa94xg7r01.0' },
    { line: 3, status: 'queued', delivery: '0sa94xg7r01.1' },
    { line: 4, status: 'queued', delivery: '0sa94xg7r01.2' },
    { line: 5, status: 'invalid', pointer: '#/to', detail: 'nobody is not an address' },
    { line: 6, status: 'invalid', pointer: '#', detail: told.lines[4]?.['detail'] },
  ])
  assert.deepEqual(told.lines.slice(-2), [
    { line: 10_004, status: 'queued', delivery: '0sa94xg7r02.2' },
    { status: 'done', queued: 10_001, suppressed: 0, invalid: 2 },
  ])
})

test('a stream under a key keeps a key for each of its messages, so that it can go on where it ended', async () => {
  await using at = await bench()
  const many = Array.from({ length: 10_001 }, (_, n) => `{"to":"u${n}@example.com"}`)
  const key = { 'idempotency-key': 'k1' }
  await stream(at, [FIRST, ...many], key)
  await stream(at, [FIRST, ...many], key)
  const keys = at.letters.map(({ once }) => once)
  assert.deepEqual(keys.slice(2), keys.slice(0, 2))
  assert.notEqual(keys[0]?.key, keys[1]?.key)
  assert.notEqual(keys[0]?.digest, keys[1]?.digest)
})

test('a stream ends where nothing more is taken, and says at which line', async () => {
  await using at = await bench()
  const many = Array.from({ length: 10_001 }, (_, n) => `{"to":"u${n}@example.com"}`)
  at.answers.push(
    { ok: true, id: '0sa94xg7r00', skipped: [] },
    { ok: false, why: 'unavailable', text: 'full' },
  )
  const { status, lines } = await stream(at, [FIRST, ...many])
  assert.equal(status, 200)
  const last = lines.at(-1) ?? assert.fail()
  assert.deepEqual([lines.length, last['line'], last['status']], [10_001, 10_002, 'stopped'])
  assert.equal((last['problem'] as { code: string }).code, 'unavailable')
})

test('a stream whose letter is wrong is refused before anything is taken', async () => {
  await using at = await bench()
  for (const [lines, status] of [
    [['{"from":"x"}'], 422],
    [['{'], 400],
    [[], 400],
    [[JSON.stringify({ ...LETTER, text: '{% if %}' }), '{"to":"a@example.com"}'], 422],
  ] as const)
    assert.equal((await stream(at, lines)).status, status, lines[0] ?? 'none')
  assert.deepEqual(at.letters, [])
  const { lines } = await stream(at, [
    FIRST,
    `{"to":"a@example.com","variables":{"x":"${'x'.repeat(70_000)}"}}`,
  ])
  assert.equal(lines.at(-1)?.['status'], 'stopped')
})
