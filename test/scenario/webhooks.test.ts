/** Webhooks of a running node, over real sockets, to a receiver that verifies, fails, hangs, and comes back. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'

import { Webhook as Verifier } from 'standardwebhooks'

import { SCOPES } from '#product/account'

import { DOMAIN, Rig } from './rig.ts'

type Told = { readonly id: string; readonly kind: string; readonly recipient: string }
type Answer = { readonly status: number; readonly body: Record<string, unknown> }
type Respond = (response: ServerResponse) => void

/** Keeps what is signed rightly, and answers as it is told to. */
class Receiver implements AsyncDisposable {
  readonly events: Told[] = []
  requests = 0
  forged = 0
  secret = ''
  respond: Respond = ok
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => void this.#take(request, response))
  }

  static async start(): Promise<Receiver> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Receiver(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    this.requests += 1
    const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]))
    try {
      const { data } = new Verifier(this.secret).verify(body, headers) as { data: { events?: Told[] } }
      if (this.respond === ok) this.events.push(...(data.events ?? []))
    } catch {
      this.forged += 1
    }
    this.respond(response)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const ok: Respond = (response) => void response.writeHead(204).end()

/** Nothing tells from within when a receiver outside was told. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => void setTimeout(resolve, 20))
}

const QUICK =
  'batch_wait = "100ms"\nbatch_events = 7\ntimeout = "1s"\nretry = "100ms"\nallow = ["127.0.0.0/8"]'

suite('webhooks', () => {
  let rig: Rig
  let key = ''
  let stranger = ''
  before(async () => {
    rig = await Rig.start({ sections: { webhooks: QUICK } })
    const scopes = SCOPES.flatMap((scope) => ['--scope', scope])
    key = (await rig.cli<{ token: string }>('api-key', 'add', ...scopes)).token
    stranger = (await rig.cli<{ token: string }>('api-key', 'add', '--organization', 'globex', ...scopes))
      .token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function call(method: string, path: string, body?: unknown, token = key): Promise<Answer> {
    const response = await fetch(`${rig.node.api}/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const told = await response.text()
    return { status: response.status, body: told === '' ? {} : (JSON.parse(told) as Answer['body']) }
  }

  async function send(...to: readonly string[]): Promise<void> {
    const body = { from: `shop@${DOMAIN}`, to, subject: 'x', text: 'x' }
    assert.equal((await call('POST', 'messages', body)).status, 202)
  }

  async function hooked(receiver: Receiver, more: object = {}): Promise<string> {
    const { status, body } = await call('POST', 'webhooks', { url: receiver.url, ...more })
    assert.equal(status, 201)
    receiver.secret = String(body['secret'])
    return String(body['id'])
  }

  async function log(domain: string): Promise<readonly string[]> {
    const { body } = await call('GET', `events?limit=1000&recipient=@${domain}`)
    return (body['data'] as Told[]).map(({ id }) => id)
  }

  test('nothing is lost and the order is kept, whatever the receiver does, and over a kill', async () => {
    await using receiver = await Receiver.start()
    await using hanging = await Receiver.start()
    hanging.respond = () => {}
    const id = await hooked(receiver)
    const slow = await hooked(hanging)
    const domain = 'order.example.com'
    const moods: readonly Respond[] = [
      ok,
      (response) => void response.writeHead(500).end('no'),
      (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      (response) => void response.destroy(),
      () => {},
    ]
    for (const [i, mood] of moods.entries()) {
      const asked = receiver.requests
      receiver.respond = mood
      await send(`a${i}@${domain}`, `b${i}@${domain}`, `c${i}@${domain}`)
      await until(() => receiver.requests > asked)
    }
    const state = async (): Promise<unknown> => (await call('GET', `webhooks/${id}`)).body['state']
    await until(async () => (await state()) === 'failing')
    await rig.restart('kill')
    await send(`last@${domain}`)
    await rig.log.until('delivery.delivered', { to: `last@${domain}` })
    receiver.respond = ok
    const all = await log(domain)
    const seen = (): readonly string[] => [
      ...new Set(receiver.events.filter((one) => one.recipient.endsWith(domain)).map((one) => one.id)),
    ]
    await until(() => seen().length === all.length)
    assert.deepEqual(seen(), all)
    assert.equal(receiver.forged, 0)
    await until(async () => (await state()) === 'active')
    const { body } = await call('GET', `webhooks/${id}/attempts?limit=1000`)
    const attempts = body['data'] as { ok: boolean; status?: number; excerpt: string }[]
    for (const status of [204, 500, 302])
      assert.ok(
        attempts.some((one) => one.status === status),
        String(status),
      )
    assert.ok(attempts.some((one) => one.status === undefined))
    for (const one of [id, slow]) assert.equal((await call('DELETE', `webhooks/${one}`)).status, 204)
  })

  test('it is made, changed, paused, resumed, replayed, tried and given a new secret', async () => {
    await using receiver = await Receiver.start()
    const id = await hooked(receiver, { kinds: ['delivered'], note: 'the shop' })
    const changed = await call('PATCH', `webhooks/${id}`, { kinds: ['accepted'] })
    assert.deepEqual([changed.body['kinds'], changed.body['note']], [['accepted'], 'the shop'])
    const started = new Date().toISOString()
    await send('a@kinds.example.com')
    await until(() => receiver.events.length > 0)
    assert.deepEqual([...new Set(receiver.events.map(({ kind }) => kind))], ['accepted'])
    const ping = await call('POST', `webhooks/${id}/test`)
    assert.deepEqual([ping.body['ok'], ping.body['status'], ping.body['what']], [true, 204, 'ping'])
    const asked = await rig.cli<{ ok: boolean }>('webhook', 'test', id)
    assert.equal(asked.ok, true)
    const sent = await rig.cli<{ what: string }[]>('webhook', 'attempts', id)
    assert.ok(sent.filter(({ what }) => what === 'ping').length === 2)
    assert.equal((await call('POST', `webhooks/${id}/pause`, {})).body['state'], 'paused')
    const listed = await rig.cli<{ id: string }[]>('webhook', 'list')
    assert.ok(listed.some((one) => one.id === id))
    const had = receiver.events.length
    receiver.secret = String((await call('POST', `webhooks/${id}/rotate?overlap=0`)).body['secret'])
    await call('POST', `webhooks/${id}/replay`, { since: started })
    assert.equal((await call('POST', `webhooks/${id}/resume`)).body['state'], 'active')
    await until(() => receiver.events.length > had)
    assert.equal(receiver.forged, 0)
    assert.equal((await call('DELETE', `webhooks/${id}`)).status, 204)
  })

  test('private addresses that nobody allowed are not asked, whatever leads there', async () => {
    const { body } = await call('POST', 'webhooks', { url: 'https://10.0.0.1/' })
    const ping = await call('POST', `webhooks/${String(body['id'])}/test`, {})
    assert.equal(ping.body['ok'], false)
    assert.match(String(ping.body['excerpt']), /private or special address/)
    assert.equal((await call('POST', 'webhooks', { url: 'ftp://example.com/' })).status, 422)
    await call('DELETE', `webhooks/${String(body['id'])}`)
  })

  test('of another organization it is as if it were not there', async () => {
    const { body } = await call('POST', 'webhooks', { url: 'https://example.com/' })
    const path = `webhooks/${String(body['id'])}`
    assert.deepEqual((await call('GET', 'webhooks', undefined, stranger)).body['data'], [])
    const calls: readonly [string, string, unknown?][] = [
      ['GET', path],
      ['GET', `${path}/attempts`],
      ['PATCH', path, { note: 'x' }],
      ['POST', `${path}/rotate`, {}],
      ['POST', `${path}/pause`, {}],
      ['POST', `${path}/resume`, {}],
      ['POST', `${path}/replay`, { since: new Date().toISOString() }],
      ['POST', `${path}/test`, {}],
      ['DELETE', path],
    ]
    for (const [method, at, sent] of calls)
      assert.equal((await call(method, at, sent, stranger)).status, 404, `${method} ${at}`)
  })
})
