/** What nobody means well sends: never a 500, and nothing of it in a message. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import fc from 'fast-check'

import { bench, pointersOf, SIMPLE } from './api.fixture.ts'
import type { Bench, Told } from './api.fixture.ts'
import { DEPTH, parseJson } from './json.ts'

const RUNS = { numRuns: 100 }
const BREAKS = ['\r', '\n', '\r\nBcc: victim@example.com', '\0']

/** Values where fields of the right name expect others: deep enough to get past the first look. */
const field = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom('user@example.com', 'A <a@example.com>', '"a', '<>', '@', 'a@b'.repeat(200), 'ü@日本.jp'),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const OPTIONAL = [
  'cc',
  'bcc',
  'reply_to',
  'text',
  'html',
  'headers',
  'attachments',
  'stream',
  'send_at',
  'charset',
  'charset_fallback',
  'tags',
  'metadata',
]

function requestOf(names: readonly string[]): fc.Arbitrary<object> {
  const fields = names.map((name): [string, fc.Arbitrary<unknown>] => [name, field])
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] })
}

/** A right request, with some of its fields made wrong. */
const request = requestOf(['from', 'to', 'subject', ...OPTIONAL]).map((wrong) => ({ ...SIMPLE, ...wrong }))

const SENDGRID = {
  personalizations: [{ to: [{ email: 'a@example.com' }] }],
  from: { email: 'shop@example.org' },
  subject: 'x',
  content: [{ type: 'text/plain', value: 'x' }],
}
const BLASTENGINE = { from: { email: 'shop@example.org' }, to: 'a@example.com', subject: 'x', text_part: 'x' }

suite('hostile requests', () => {
  let api: Bench
  before(async () => {
    api = await bench()
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
  })

  async function decent(path: string, body: unknown): Promise<Told> {
    const told = await api.post(path, body)
    const seen = JSON.stringify(body)
    assert.ok(told.status < 500, `${told.status} to ${seen}`)
    for (const { content } of api.submissions.splice(0)) {
      const head = Buffer.from(content).toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
      assert.doesNotMatch(head, /[\0]|\r(?!\n)|(?<!\r)\n|\nBcc:/, seen)
    }
    return told
  }

  test('any JSON at all is answered', async () => {
    const any = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      request.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(any, async (body) => void (await decent('/v1/messages', body))),
      RUNS,
    )
  })

  test('the façades answer any JSON too', async () => {
    const more = fc.oneof(requestOf(Object.keys(SENDGRID)), requestOf(Object.keys(BLASTENGINE)))
    await fc.assert(
      fc.asyncProperty(more, async (wrong) => {
        await decent('/v3/mail/send', { ...SENDGRID, ...wrong })
        await decent('/api/v1/deliveries/transaction', { ...BLASTENGINE, ...wrong })
        await decent('/v1/messages/mime', { ...BLASTENGINE, ...wrong, content: '' })
      }),
      RUNS,
    )
  })

  const LINES: readonly (readonly [pointer: string, with_: (broken: string) => object])[] = [
    ['#/from', (x) => ({ from: `a@example.org${x}` })],
    ['#/from/email', (x) => ({ from: { email: `a@example.org${x}` } })],
    ['#/from/name', (x) => ({ from: { email: 'a@example.org', name: `a${x}` } })],
    ['#/to', (x) => ({ to: `a@example.com${x}` })],
    ['#/to/1', (x) => ({ to: ['a@example.com', `A${x} <b@example.com>`] })],
    ['#/cc/0/name', (x) => ({ cc: [{ email: 'a@example.com', name: x }] })],
    ['#/bcc', (x) => ({ bcc: `${x}a@example.com` })],
    ['#/reply_to', (x) => ({ reply_to: `a@example.com${x}` })],
    ['#/subject', (x) => ({ subject: `Hello${x}` })],
    ['#/headers/X-A', (x) => ({ headers: { 'X-A': `a${x}` } })],
    ['#/attachments/0/name', (x) => ({ attachments: [{ name: `a${x}`, content: '' }] })],
    ['#/attachments/0/type', (x) => ({ attachments: [{ name: 'a', type: `a/b${x}`, content: '' }] })],
    [
      '#/attachments/0/content_id',
      (x) => ({ attachments: [{ name: 'a', content_id: `a${x}`, content: '' }] }),
    ],
    ['#/stream', (x) => ({ stream: `a${x}` })],
    ['#/send_at', (x) => ({ send_at: `2026-11-22T10:00:00Z${x}` })],
    ['#/charset', (x) => ({ charset: `utf-8${x}` })],
  ]

  for (const [pointer, make] of LINES)
    test(`CR, LF and NUL are refused at ${pointer}`, async () => {
      for (const broken of BREAKS) {
        const told = await decent('/v1/messages', { ...SIMPLE, ...make(broken) })
        assert.deepEqual([told.status, pointersOf(told)], [422, [pointer]], JSON.stringify(broken))
      }
    })

  test('NUL is refused in texts, and in names of fields all of them', async () => {
    for (const name of ['text', 'html'])
      assert.deepEqual(pointersOf(await decent('/v1/messages', { ...SIMPLE, [name]: 'a\0b' })), [`#/${name}`])
    for (const broken of BREAKS) {
      const told = await decent('/v1/messages', { ...SIMPLE, headers: { [`X${broken}`]: 'a' } })
      assert.equal(told.status, 422)
    }
  })

  test('what pretends to be a prototype changes none', async () => {
    const evil = [
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      JSON.stringify(SIMPLE).replace('{', '{"__proto__":{"html":"x"},'),
      JSON.stringify({ ...SIMPLE, headers: {} }).replace('"headers":{', '"headers":{"__proto__":"x"'),
    ]
    for (const body of evil) await decent('/v1/messages', body)
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    assert.equal(({} as Record<string, unknown>)['html'], undefined)
    const { status } = await decent('/v1/messages', evil[2])
    assert.equal(status, 422)
  })

  test('lists without end are refused, and told with a handful of places', async () => {
    const to = Array.from({ length: 1001 }, () => 'a@example.com')
    assert.deepEqual(pointersOf(await decent('/v1/messages', { ...SIMPLE, to })), ['#/to'])
    const wrong = Array.from({ length: 1000 }, () => 7)
    const told = await decent('/v1/messages', { ...SIMPLE, to: wrong })
    assert.equal(told.status, 422)
    assert.ok(pointersOf(told).length <= 20)
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`x${n}`, n]))
    assert.equal((await decent('/v1/messages', { ...SIMPLE, ...unknown })).status, 422)
  })

  test('JSON without floor is refused', async () => {
    for (const open of ['[', '{"a":'])
      assert.equal((await decent('/v1/messages', open.repeat(20_000))).status, 400)
    assert.equal((await decent('/v1/messages', 'x'.repeat(300_000))).status, 413)
  })

  test('a long name without an address costs no time', async () => {
    const to = Array.from({ length: 200 }, () => `${' '.repeat(900)}<`)
    assert.equal((await decent('/v1/messages', { ...SIMPLE, to })).status, 422)
  })
})

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

test('depth is counted outside of strings', () => {
  assert.doesNotThrow(() => parseJson(nested(DEPTH)))
  assert.throws(() => parseJson(nested(DEPTH + 1)), { code: 'malformed' })
  for (const text of ['['.repeat(99), '\\"[['.repeat(99), '\\\\', '\\\\\\"{{'.repeat(99)]) {
    const value: unknown = JSON.parse(`"${text}"`)
    assert.deepEqual(parseJson(`["${text}"]`), [value])
  }
})

test('what was JSON is read as JSON.parse reads it, and the rest is malformed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      let expected: unknown
      try {
        expected = JSON.parse(text)
      } catch {
        assert.throws(() => parseJson(text), { code: 'malformed' })
        return
      }
      assert.deepEqual(parseJson(text), expected)
    }),
    RUNS,
  )
})
