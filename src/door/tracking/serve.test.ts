import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { idAt } from '#grammar/message-id'
import { clickToken, openToken, wishToken } from '#grammar/tracking'
import type { Tracked } from '#grammar/tracking'
import { parseRanges } from '#platform/address-range'
import { memoryLog } from '#platform/log'
import { serverKey } from '#platform/secret'
import type { Asked, Client, Standing } from '#product/tracking'

import { FORM } from './asked.ts'
import { serveTracking } from './serve.ts'
import type { TrackingParts, TrackingServer } from './serve.ts'

const key = serverKey(Buffer.alloc(32, 3))
const OF: Tracked = { organization: 'acme', stream: 'marketing', message: idAt(1_700_000_000_000, 0), n: 0 }
const TARGET = 'https://shop.example.com/a?b=c&d=%E6%98%A5'
const OPEN = `/o/${openToken(OF, key)}`
const CLICK = `/c/${clickToken({ ...OF, link: 0, url: TARGET }, key)}`
const WISH = `/u/${wishToken({ ...OF, local: 'kanako', domain: 'example.jp' }, key)}`

type Seen = {
  readonly opened: Client[]
  readonly clicked: (Client & { url: string })[]
  readonly asked: (readonly [Asked, string])[]
}

const PROXY = '127.0.0.1'

suite('the tracking door', () => {
  const seen: Seen = { opened: [], clicked: [], asked: [] }
  let standing: Standing = { at: 'subscribed', author: '"<b>" <shop@example.com>' }
  let broken = false
  let clock = 0
  let server: TrackingServer
  const ranges = parseRanges([PROXY])
  const parts: TrackingParts = {
    address: '127.0.0.1',
    port: 0,
    connections: 100,
    headerTimeout: 5_000,
    requestTimeout: 5_000,
    trustedProxies: ranges.ok ? ranges.ranges : assert.fail(),
    requests: 5,
    key,
    recorder: {
      opened: (_of, client) => void seen.opened.push(client),
      clicked: ({ url }, client) => void seen.clicked.push({ ...client, url }),
    },
    preferences: {
      of: async () => standing,
      async ask(what, _wish, client) {
        if (broken) throw new Error('the database is away')
        seen.asked.push([what, client])
      },
    },
    log: memoryLog(),
    now: () => clock,
  }
  before(async () => {
    server = await serveTracking(parts)
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  /** Each asks from an address of its own, so that none takes from the rate of another. */
  let asking = 0
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    asking += 1
    const headers = new Headers(init.headers)
    if (!headers.has('x-forwarded-for')) headers.set('x-forwarded-for', `198.51.100.${asking}`)
    return await fetch(`http://127.0.0.1:${server.port}${path}`, { redirect: 'manual', ...init, headers })
  }

  async function post(fields: Record<string, string>, more: RequestInit = {}): Promise<Response> {
    return await ask(WISH, { method: 'POST', body: new URLSearchParams(fields), ...more })
  }

  async function buttons(at: Standing['at']): Promise<readonly string[]> {
    const earlier = standing
    standing = { at }
    const page = await (await ask(WISH)).text()
    standing = earlier
    return Array.from(page.matchAll(/<button name="do" value="(\w+)"/g), ([, value = '']) => value)
  }

  async function from(address: string): Promise<number> {
    return (await ask(WISH, { headers: { 'x-forwarded-for': address } })).status
  }

  test('the picture is fetched, and nobody keeps it', async () => {
    const earlier = seen.opened.length
    const response = await ask(OPEN, { headers: { 'user-agent': 'x', 'sec-purpose': 'prefetch' } })
    assert.equal((await response.arrayBuffer()).byteLength, 43)
    assert.equal(response.headers.get('content-type'), 'image/gif')
    assert.match(response.headers.get('cache-control') ?? '', /no-store/)
    const [client] = seen.opened.slice(earlier)
    assert.deepEqual([client?.method, client?.userAgent, client?.purpose], ['GET', 'x', 'prefetch'])
    assert.match(client?.address ?? '', /^198\.51\.100\./)
  })

  test('a link leads to what it was made for, and tells the other side nothing', async () => {
    const response = await ask(`${CLICK}?url=https://evil.example/`, { method: 'HEAD' })
    assert.equal(response.status, 302)
    assert.equal(response.headers.get('location'), TARGET)
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
    assert.deepEqual([seen.clicked.at(-1)?.method, seen.clicked.at(-1)?.url], ['HEAD', TARGET])
  })

  test('what is nothing of ours leads nowhere, and nothing of it is said again', async () => {
    const paths = [
      '/',
      '/o/',
      '/o/x',
      '/c/https://evil.example/',
      `${CLICK}A`,
      `/o${CLICK.slice(2)}`,
      '/u/<script>',
      '/x/y',
      `/c/${'A'.repeat(5_000)}`,
    ]
    for (const path of paths) {
      const response = await ask(path)
      assert.equal(response.status, 404, path)
      assert.doesNotMatch(await response.text(), /evil|<script/)
      assert.equal(response.headers.get('location'), null)
    }
  })

  test('only a POST changes anything', async () => {
    const earlier = seen.asked.length
    for (const method of ['GET', 'HEAD']) assert.equal((await ask(WISH, { method })).status, 200)
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await ask(WISH, { method })
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, POST'])
    }
    assert.equal((await ask(OPEN, { method: 'POST' })).status, 405)
    assert.equal(seen.asked.length, earlier)
  })

  const ONE_CLICK: readonly (readonly [string, RequestInit])[] = [
    ['as mail programs should send it', { body: formData() }],
    ['as a browser sends it', { body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) }],
    [
      'as nothing in particular',
      { body: 'List-Unsubscribe=One-Click', headers: { 'content-type': 'text/plain' } },
    ],
  ]
  for (const [name, init] of ONE_CLICK)
    test(`one click unsubscribes at once, ${name}. RFC 8058 §3.2`, async () => {
      const response = await ask(WISH, { method: 'POST', ...init })
      assert.deepEqual([response.status, await response.text()], [200, 'Unsubscribed.\n'])
      assert.equal(response.headers.get('set-cookie'), null)
      assert.deepEqual(seen.asked.at(-1), ['one-click', `198.51.100.${asking}`])
    })

  test('the page speaks the language that is asked for, and repeats nothing that could be markup', async () => {
    const japanese = await ask(WISH, { headers: { 'accept-language': 'fr, ja;q=0.8, en;q=0.7' } })
    const page = await japanese.text()
    assert.match(page, /<html lang="ja">/)
    assert.match(page, /&quot;&lt;b&gt;&quot; &lt;shop@example\.com&gt;/)
    assert.match(page, /k…@example\.jp/)
    assert.doesNotMatch(page, /kanako|<script|<img/)
    assert.match(await (await ask(WISH)).text(), /<html lang="en">/)
    assert.match(await (await ask(`${WISH}?language=ja`)).text(), /<html lang="ja">/)
    const policy = japanese.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/)
  })

  test('each button does what it says, and is answered in the language of the page', async () => {
    for (const asked of ['stream', 'all', 'again'] as const) {
      const response = await post({ do: asked, language: 'ja' })
      assert.match(await response.text(), /<html lang="ja">[^]*手続きが完了しました/)
      assert.equal(seen.asked.at(-1)?.[0], asked)
    }
  })

  test('how it stands decides what can be done', async () => {
    assert.deepEqual(await buttons('subscribed'), ['stream', 'all'])
    assert.deepEqual(await buttons('stopped'), ['all', 'again'])
    assert.deepEqual(await buttons('held'), ['all'])
  })

  test('a form that asks for nothing we know, or is too large, changes nothing', async () => {
    const earlier = seen.asked.length
    assert.equal((await post({ do: 'everything' })).status, 400)
    assert.equal((await post({ 'List-Unsubscribe': 'Maybe' })).status, 400)
    const type = 'multipart/form-data; boundary=x'
    assert.equal(
      (await ask(WISH, { method: 'POST', body: '--y', headers: { 'content-type': type } })).status,
      400,
    )
    assert.equal((await post({ do: 'all', more: 'x'.repeat(FORM) })).status, 413)
    assert.equal(seen.asked.length, earlier)
  })

  test('what cannot be kept is not said to be done', async () => {
    broken = true
    const response = await post({ do: 'stream' })
    broken = false
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '60'])
    assert.match(await response.text(), /Nothing was changed/)
  })

  test('an address that asks too often waits, and a neighbour in its IPv6 network with it', async () => {
    for (let i = 0; i < 5; i += 1) assert.equal(await from(`2001:db8::${i}`), 200)
    assert.equal(await from('2001:db8::ffff'), 429)
    assert.equal(await from('2001:db8:0:1::1'), 200)
    // What stands in mail leads on all the same.
    const followed = await ask(CLICK, { headers: { 'x-forwarded-for': '2001:db8::1' } })
    assert.equal(followed.status, 302)
    clock += 12_000
    assert.equal(await from('2001:db8::1'), 200)
    assert.equal(await from('2001:db8::1'), 429)
  })

  test('only what trusted proxies say of the client is believed', async () => {
    await ask(OPEN, { headers: { 'x-forwarded-for': '203.0.113.1, 203.0.113.2, 127.0.0.1' } })
    assert.equal(seen.opened.at(-1)?.address, '203.0.113.2')
    await ask(OPEN, { headers: { 'x-forwarded-for': '203.0.113.77, nonsense' } })
    assert.equal(seen.opened.at(-1)?.address, '127.0.0.1')
  })

  test('crawlers are asked to stay away', async () => {
    assert.match(await (await ask('/robots.txt')).text(), /Disallow: \//)
  })
})

function formData(): FormData {
  const form = new FormData()
  form.set('List-Unsubscribe', 'One-Click')
  return form
}
