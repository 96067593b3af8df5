/** The log of events of a running node, as programs read it: in pages and live. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { DOMAIN, Rig } from './rig.ts'

type Told = { readonly id: string; readonly kind: string; readonly recipient?: string; readonly time: string }

type Row = {
  readonly domain?: string
  readonly stream?: string
  readonly counts: Readonly<Record<string, number>>
  readonly classes: object
  readonly time_to_deliver?: { readonly p50: number }
}

type Frame = { readonly id: string | undefined; readonly event: Told | undefined }

/** What comes between empty lines. */
async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const [, data] = /^data: (.*)$/m.exec(frame) ?? []
      const event = data === undefined ? undefined : (JSON.parse(data) as Told)
      yield { id: /^id: (.*)$/m.exec(frame)?.[1], event }
    }
  }
}

/** Reads until it has `count` events, and leaves. `begun`: what is done once the stream is open. */
async function followed(
  url: string,
  headers: Record<string, string>,
  count: number,
  begun?: () => Promise<void>,
): Promise<{ events: readonly Told[]; last: string }> {
  const gone = new AbortController()
  const response = await fetch(url, { headers, signal: gone.signal })
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.ok(response.body)
  const events: Told[] = []
  let last = ''
  await begun?.()
  for await (const { id, event } of framesOf(response.body)) {
    last = id ?? last
    if (event !== undefined) events.push(event)
    if (events.length === count) break
  }
  gone.abort()
  return { events, last }
}

suite('events', () => {
  let rig: Rig
  let key = ''
  let stranger = ''
  before(async () => {
    rig = await Rig.start()
    const scopes = ['--scope', 'events:read', '--scope', 'messages:send', '--scope', 'statistics:read']
    key = (await rig.cli<{ token: string }>('api-key', 'add', ...scopes)).token
    stranger = (await rig.cli<{ token: string }>('api-key', 'add', '--organization', 'globex', ...scopes))
      .token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  function bearer(token = key): Record<string, string> {
    return { authorization: `Bearer ${token}` }
  }

  async function send(to: string): Promise<string> {
    const body = JSON.stringify({ from: `shop@${DOMAIN}`, to, subject: 'x', text: 'x' })
    const headers = { ...bearer(), 'content-type': 'application/json' }
    const response = await fetch(`${rig.node.api}/v1/messages`, { method: 'POST', headers, body })
    assert.equal(response.status, 202)
    return ((await response.json()) as { id: string }).id
  }

  async function page(
    query: string,
    token = key,
  ): Promise<{ status: number; data: readonly Told[]; next: string; more: boolean }> {
    const response = await fetch(`${rig.node.api}/v1/events?${query}`, { headers: bearer(token) })
    return {
      status: response.status,
      ...((await response.json()) as { data: Told[]; next: string; more: boolean }),
    }
  }

  test('what happens is read in pages, by kind, recipient, message and time, and gone on with', async () => {
    const [one, two] = ['one@pages.example.com', 'two@pages.example.com']
    const id = await send(one)
    await send(two)
    for (const to of [one, two]) await rig.log.until('delivery.delivered', { to })
    const all = await page('recipient=@pages.example.com')
    assert.deepEqual(all.data.map(({ kind }) => kind).toSorted(), [
      'accepted',
      'accepted',
      'delivered',
      'delivered',
    ])
    assert.deepEqual(
      (await page(`message=${id}`)).data.map(({ kind }) => kind),
      ['accepted', 'delivered'],
    )
    assert.equal((await page(`recipient=${two}&kind=delivered`)).data.length, 1)
    assert.equal((await page('kind=delivered,bounced&until=2020-01-01T00:00:00Z')).data.length, 0)
    const seen: Told[] = []
    for (let next = ''; ;) {
      const some = await page(`recipient=@pages.example.com&limit=1${next === '' ? '' : `&cursor=${next}`}`)
      seen.push(...some.data)
      next = some.next
      if (!some.more) break
    }
    assert.deepEqual(seen, all.data)
    assert.deepEqual((await page('', stranger)).data, [])
    assert.equal((await page('cursor=nonsense')).status, 422)
    assert.equal((await page('kind=everything')).status, 422)
  })

  test('what happens is told live, and goes on behind the last that was heard', async () => {
    const url = `${rig.node.api}/v1/events/stream?recipient=@live.example.com`
    const first = await followed(url, bearer(), 1, async () => void (await send('a@live.example.com')))
    assert.deepEqual(
      first.events.map(({ kind }) => kind),
      ['accepted'],
    )
    // While nobody listens.
    await send('b@live.example.com')
    await rig.log.until('delivery.delivered', { to: 'b@live.example.com' })
    const rest = await followed(url, { ...bearer(), 'last-event-id': first.last }, 3)
    const told = [...first.events, ...rest.events]
    assert.equal(new Set(told.map(({ id }) => id)).size, 4)
    assert.deepEqual(
      told.map(({ id }) => id),
      (await page('recipient=@live.example.com')).data.map(({ id }) => id),
    )
  })

  test('a restart loses no event for who comes back', async () => {
    const url = (): string => `${rig.node.api}/v1/events/stream?recipient=@again.example.com`
    const first = await followed(url(), bearer(), 1, async () => void (await send('a@again.example.com')))
    await rig.log.until('delivery.delivered', { to: 'a@again.example.com' })
    await rig.restart('kill')
    const rest = await followed(url(), { ...bearer(), 'last-event-id': first.last }, 1)
    assert.deepEqual(rest.events.map(({ kind }) => kind).at(-1), 'delivered')
  })

  test('what happened is counted, by what one likes to have apart, for programs and for Excel', async () => {
    for (const to of ['a@counted.example.com', 'bounce-me@counted.example.com']) await send(to)
    await rig.log.until('delivery.delivered', { to: 'a@counted.example.com' })
    await rig.log.until('delivery.bounced', { to: 'bounce-me@counted.example.com' })
    const statistics = async (query: string, token = key): Promise<Response> =>
      fetch(`${rig.node.api}/v1/${query}`, { headers: bearer(token) })
    const rows = async (query: string, token = key): Promise<readonly Row[]> =>
      ((await (await statistics(`statistics?${query}`, token)).json()) as { data: readonly Row[] }).data
    const [row] = await rows('by=domain&domain=counted.example.com')
    assert.deepEqual(
      [row?.domain, row?.counts['accepted'], row?.counts['delivered']],
      ['counted.example.com', 2, 1],
    )
    assert.deepEqual(row?.classes, { bounced: { 'user-unknown': 1 } })
    const [day] = await rows('by=day,stream&zone=540')
    assert.equal(day?.stream, 'transactional')
    assert.ok(day.time_to_deliver && day.time_to_deliver.p50 > 0)
    assert.deepEqual(await rows('by=day', stranger), [])
    for (const query of [
      'by=domain,hour',
      'by=everything',
      'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    ])
      assert.equal((await statistics(`statistics?${query}`)).status, 422, query)
    const sheet = await statistics('statistics.csv?by=stream&charset=shift_jis')
    assert.equal(sheet.headers.get('content-type'), 'text/csv; charset=shift_jis')
    assert.match(await sheet.text(), /^stream,accepted,.*\r\ntransactional,\d+,/)
  })

  test('a node stops while somebody follows', async () => {
    const url = `${rig.node.api}/v1/events/stream`
    let stopped: ReturnType<typeof rig.restart> | undefined
    const follower = followed(url, bearer(stranger), 1, async () => {
      stopped = rig.restart('stop')
      await Promise.resolve()
    })
    await follower.catch(() => {})
    assert.equal((await stopped)?.code, 0)
  })
})
