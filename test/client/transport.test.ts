/** How the client of client/ asks: again when that is safe, page after page, and over lost streams. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Hikyaku, HikyakuError } from '../../client/src/index.ts'
import type { HikyakuOptions } from '../../client/src/index.ts'

const MAIL = { from: 'a@example.org', to: 'b@example.com', subject: 'x', text: 'x' }

type Sent = {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
}

/** A client, and what it asked; each answer is taken once, and an error is thrown. */
function asking(answers: readonly (Response | Error)[], more: Partial<HikyakuOptions> = {}) {
  const left = [...answers]
  const sent: Sent[] = []
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    assert.ok(typeof url === 'string')
    const { method = '', headers, body } = init
    sent.push({ url, method, headers: new Headers(headers), body })
    const answer = left.shift()
    if (answer instanceof Response) return answer
    throw answer ?? new Error('there are no more answers')
  }
  return { sent, hikyaku: new Hikyaku({ url: 'https://mail.example.org/', key: 'hk_1', fetch, ...more }) }
}

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** Tries again at once. */
const NOW = { 'retry-after': '0' }

function problem(status: number, code: string): Response {
  return json(status, { status, code, detail: 'In words.', request: 'r1' }, NOW)
}

const ACCEPTED = { id: '0sa94xg7r00', recipients: [] }

test('a message has a key of its own, which stays the same when it is tried again', async () => {
  const { sent, hikyaku } = asking([problem(503, 'unavailable'), json(202, ACCEPTED)])
  assert.equal((await hikyaku.sendMessage(MAIL)).id, ACCEPTED.id)
  const [first, second] = sent
  assert.equal(first?.url, 'https://mail.example.org/v1/messages')
  assert.equal(first.headers.get('authorization'), 'Bearer hk_1')
  assert.match(first.headers.get('idempotency-key') ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(second?.headers.get('idempotency-key'), first.headers.get('idempotency-key'))
  const named = asking([json(202, ACCEPTED)])
  await named.hikyaku.sendMessage(MAIL, { idempotencyKey: 'order-1' })
  assert.equal(named.sent[0]?.headers.get('idempotency-key'), 'order-1')
})

test('what may be done twice by that is not tried again, but after 429, which did nothing', async () => {
  const lost = asking([new TypeError('fetch failed'), json(201, {})])
  await assert.rejects(lost.hikyaku.addApiKey({ scopes: ['messages:send'] }), TypeError)
  assert.equal(lost.sent.length, 1)
  const unsure = asking([problem(503, 'unavailable'), json(201, {})])
  await assert.rejects(unsure.hikyaku.addApiKey({ scopes: ['messages:send'] }), { status: 503 })
  const busy = asking([problem(429, 'too-many'), json(201, { id: 'k1' })])
  assert.equal((await busy.hikyaku.addApiKey({ scopes: ['messages:send'] })).id, 'k1')
})

test('tries have an end, and what is wrong stays wrong', async () => {
  const gone = asking(
    [1, 2, 3].map(() => problem(503, 'unavailable')),
    { attempts: 3 },
  )
  await assert.rejects(gone.hikyaku.listDeliveries(), { name: 'HikyakuError', code: 'unavailable' })
  assert.equal(gone.sent.length, 3)
  const wrong = asking([
    json(422, {
      status: 422,
      code: 'invalid',
      detail: 'See errors.',
      errors: [{ pointer: '#/to', detail: 'missing' }],
    }),
  ])
  await assert.rejects(wrong.hikyaku.sendMessage(MAIL), (error) => {
    assert.ok(error instanceof HikyakuError)
    assert.deepEqual([error.status, error.code, error.message], [422, 'invalid', 'See errors.'])
    assert.deepEqual(error.errors, [{ pointer: '#/to', detail: 'missing' }])
    return true
  })
})

test('an answer of somebody else on the way is an error too, whatever it says', async () => {
  for (const [body, type] of [
    ['<h1>Bad gateway</h1>', 'text/html'],
    ['{"code":', 'application/json'],
    ['null', 'application/json'],
  ] as const) {
    const other = asking([new Response(body, { status: 400, headers: { 'content-type': type } })])
    await assert.rejects(other.hikyaku.listDomains(), { code: 'other', status: 400 })
  }
})

test('a signal ends what waits for another try', async () => {
  const end = new AbortController()
  const { hikyaku } = asking([json(503, {}, { 'retry-after': '3600' })])
  const asked = hikyaku.listDeliveries({}, { signal: end.signal })
  setImmediate(() => end.abort(new Error('enough')))
  await assert.rejects(asked, { message: 'enough' })
})

test('values go into the path and the query as they are', async () => {
  const { sent, hikyaku } = asking([json(200, {}), json(202, ACCEPTED)])
  await hikyaku.removeSuppression({ recipient: 'a/b?c@example.com', why: 'they asked & again' })
  assert.equal(
    sent[0]?.url,
    'https://mail.example.org/v1/suppressions/a%2Fb%3Fc%40example.com?why=they+asked+%26+again',
  )
  const octets = new TextEncoder().encode('Subject: x\r\n\r\nx')
  await hikyaku.sendRawMessage(octets, { from: 'a@example.org', to: ['b@example.com', 'c@example.com'] })
  assert.match(sent[1]?.url ?? '', /\?from=a%40example\.org&to=b%40example\.com&to=c%40example\.com$/)
  assert.equal(sent[1]?.headers.get('content-type'), 'message/rfc822')
})

test('rows of all pages come one after the other, and the log of events ends where it is now', async () => {
  const pages = asking([
    json(200, { data: [{ id: '1' }, { id: '2' }], next: 'c1' }),
    json(200, { data: [{ id: '3' }], next: null }),
  ])
  const ids: string[] = []
  for await (const { id } of pages.hikyaku.listDeliveriesAll({ state: 'bounced' })) ids.push(id)
  assert.deepEqual(ids, ['1', '2', '3'])
  assert.deepEqual(
    pages.sent.map(({ url }) => new URL(url).search),
    ['?state=bounced', '?state=bounced&cursor=c1'],
  )
  const events = asking([
    json(200, { data: [], next: 'p1', more: true }),
    json(200, { data: [{ id: 'e' }], next: 'p2', more: false }),
  ])
  const all = await Array.fromAsync(events.hikyaku.listEventsAll())
  assert.equal(all.length, 1)
})

function stream(...chunks: string[]): Response {
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

test('a stream is opened again where it was cut, and gives each event once', async () => {
  const { sent, hikyaku } = asking([
    stream('id: p0\n: beat\n\nid: p1\ndata: {"id"', ':"e1"}\r\n', '\n', 'id: p2\nda'),
    new TypeError('fetch failed'),
    stream('id: p3\ndata: {"id":\ndata: "e2"}\n\n'),
  ])
  const seen: string[] = []
  for await (const event of hikyaku.followEvents({ kind: 'bounced' })) {
    seen.push(event.id)
    if (seen.length === 2) break
  }
  assert.deepEqual(seen, ['e1', 'e2'])
  assert.deepEqual(
    sent.map(({ headers }) => headers.get('last-event-id')),
    [null, 'p1', 'p1'],
  )
})
