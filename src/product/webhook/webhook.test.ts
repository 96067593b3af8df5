/** What holds for webhooks and what they are told, on either engine. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { inspect } from 'node:util'

import { Webhook as Verifier } from 'standardwebhooks'

import { memorySpool } from '#engine/spool'
import type { NewEvent, Spool } from '#engine/spool'
import type { HttpAnswer, HttpRequest } from '#platform/http-client'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'
import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openQueue, openWebhooks, WebhookDispatcher } from './index.ts'
import type { NewWebhook, Webhooks } from './index.ts'

const key = serverKey(Buffer.alloc(32, 7))
const DAY = 86_400_000
const NEW: NewWebhook = { organization: 'acme', url: 'https://hook.example/x', note: '', kinds: [], since: 0 }

type Told = {
  readonly request: HttpRequest
  readonly recipients: readonly string[]
  readonly id: string
}

function answer(status: number, body = '', headers: readonly [string, string][] = []): HttpAnswer {
  return { ok: true, status, headers: new Map(headers), body: Buffer.from(body) }
}

type Reply = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

const yes: Reply = () => answer(200)

function allSignedWith(secret: string, told: readonly Told[]): boolean {
  return told.length > 0 && told.every(({ request }) => isSignedWith(secret, request))
}

function isSignedWith(secret: string, { body, headers }: HttpRequest): boolean {
  try {
    new Verifier(secret).verify(String(body), { ...headers })
    return true
  } catch {
    return false
  }
}

for (const engine of ENGINES) {
  suite(`webhooks on ${engine}`, () => {
    let control: TestControl
    let webhooks: Webhooks
    let spool: Spool
    let now = Date.now()
    let told: Told[] = []
    let reply: Reply = yes
    const alerts: NewEvent[] = []

    async function dispatcher(node = 0, batch = 100): Promise<WebhookDispatcher> {
      return new WebhookDispatcher({
        queue: await openQueue(control.open(), node),
        source: spool,
        http: {
          request: async (request) => {
            const body = String(request.body)
            const { data } = JSON.parse(body) as { data: { events?: { recipient: string }[] } }
            const recipients = (data.events ?? []).map(({ recipient }) => recipient)
            told.push({ request, recipients, id: request.headers?.['webhook-id'] ?? '' })
            return await reply(request)
          },
        },
        key,
        log: memoryLog(),
        metrics: new MetricsRegistry(),
        tell: (event) => Promise.resolve(void alerts.push(event)),
        settings: { batch, timeout: 1_000, retry: 5_000, giveUp: DAY },
        now: () => now,
        random: () => 0.5,
      })
    }

    async function happened(...recipients: readonly string[]): Promise<void> {
      for (const to of recipients)
        await spool.append({ kind: 'opened', at: now, organization: 'acme', stream: 'news', to })
    }

    async function round(of: WebhookDispatcher): Promise<readonly string[]> {
      told = []
      await of.round()
      await of.idle()
      return told.flatMap(({ recipients }) => recipients)
    }

    before(async () => {
      control = await testControl(engine)
      const accounts = await openAccounts(control.open(), key, () => now)
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
      webhooks = await openWebhooks(control.open(), key, {
        now: () => now,
        plain: false,
        tell: (event) => Promise.resolve(void alerts.push(event)),
      })
    })
    beforeEach(async () => {
      now = Date.now()
      spool = await memorySpool()
      reply = yes
      for (const organization of ['acme', 'globex'])
        for (const { id } of await webhooks.list(organization)) await webhooks.remove(organization, id)
    })
    after(async () => {
      await control[Symbol.asyncDispose]()
    })

    test('what happens is told in order, each event once, signed with the secret that was shown', async () => {
      const { secret } = await webhooks.add(NEW)
      const sender = await dispatcher(0, 2)
      await happened('a', 'b', 'c')
      assert.deepEqual(await round(sender), ['a', 'b', 'c'])
      assert.deepEqual(
        told.map(({ recipients }) => recipients.length),
        [2, 1],
      )
      for (const { request } of told)
        new Verifier(secret).verify(String(request.body), { ...request.headers })
      assert.deepEqual(await round(sender), [])
      await happened('d')
      assert.deepEqual(await round(sender), ['d'])
      assert.deepEqual(await round(await dispatcher()), [])
    })

    test('what was not taken is sent again later, the same under the same id, and all after it', async () => {
      const { webhook } = await webhooks.add(NEW)
      const sender = await dispatcher()
      await happened('a')
      reply = () => answer(500, 'down for\r\nmaintenance')
      assert.deepEqual(await round(sender), ['a'])
      const [first] = told
      await happened('b')
      assert.deepEqual(await round(sender), [])
      now += 4_999
      assert.deepEqual(await round(sender), [])
      now += 1
      // A process that died meanwhile has forgotten nothing.
      const next = await dispatcher()
      assert.deepEqual(await round(next), ['a'])
      assert.equal(told[0]?.id, first?.id)
      const state = (await webhooks.show('acme', webhook.id))?.state
      assert.deepEqual(state, { at: 'failing', since: now - 5_000, failures: 2, next: now + 10_000 })
      reply = () => answer(204)
      now += 10_000
      assert.deepEqual(await round(next), ['a', 'b'])
      assert.deepEqual((await webhooks.show('acme', webhook.id))?.state, { at: 'active' })
      const attempts = await webhooks.attempts({ organization: 'acme', id: webhook.id, limit: 10 })
      assert.deepEqual(attempts.map(({ status, ok, excerpt }) => `${status} ${ok} ${excerpt}`).toSorted(), [
        '204 true ',
        '204 true ',
        '500 false down for maintenance',
        '500 false down for maintenance',
      ])
    })

    test('a receiver that takes nothing for a day is paused, which is told, and goes on where it stood', async () => {
      const { webhook } = await webhooks.add(NEW)
      const sender = await dispatcher()
      await happened('a')
      reply = () => ({ ok: false, failure: 'connection', text: 'connection refused' })
      let tries = 0
      alerts.length = 0
      for (const end = now + 2 * DAY; now < end; now += 3_600_000) tries += (await round(sender)).length
      assert.ok(tries > 10 && tries < 30, `${tries} tries`)
      const state = (await webhooks.show('acme', webhook.id))?.state
      assert.equal(state?.at, 'paused')
      assert.deepEqual(
        alerts.map(({ kind, organization }) => [kind, organization]),
        [['alert-started', 'acme']],
      )
      reply = () => answer(200)
      assert.deepEqual(await round(sender), [])
      await webhooks.resume('acme', webhook.id)
      assert.equal(alerts.at(-1)?.kind, 'alert-ended')
      assert.deepEqual(await round(sender), ['a'])
    })

    test('410 ends it at once', async () => {
      const { webhook } = await webhooks.add(NEW)
      await happened('a')
      reply = () => answer(410)
      await round(await dispatcher())
      assert.equal((await webhooks.show('acme', webhook.id))?.state.at, 'paused')
    })

    test('a receiver that says when to come back is not asked before', async () => {
      const { webhook } = await webhooks.add(NEW)
      await happened('a')
      reply = () => answer(503, '', [['retry-after', '600']])
      await round(await dispatcher())
      const state = (await webhooks.show('acme', webhook.id))?.state
      assert.equal(state?.at === 'failing' && state.next, now + 600_000)
    })

    test('a receiver that hangs holds up no other', async () => {
      await webhooks.add(NEW)
      await webhooks.add({ ...NEW, url: 'https://other.example/' })
      const sender = await dispatcher()
      const hanging = Promise.withResolvers<HttpAnswer>()
      reply = ({ url }) => (url.includes('hook.example') ? hanging.promise : answer(200))
      await happened('a')
      told = []
      await sender.round()
      await happened('b')
      const taken = (): readonly string[] =>
        told.filter(({ request }) => request.url.includes('other')).flatMap(({ recipients }) => recipients)
      while (taken().length < 2) {
        await sender.round()
        await new Promise((resolve) => void setImmediate(resolve))
      }
      assert.equal(told.filter(({ request }) => request.url.includes('hook')).length, 1)
      hanging.resolve(answer(200))
      await sender.idle()
    })

    test('only the kinds and the stream that it wants', async () => {
      await webhooks.add({ ...NEW, kinds: ['clicked'], stream: 'news' })
      await happened('a')
      await spool.append({ kind: 'clicked', at: now, organization: 'acme', stream: 'news', to: 'b' })
      await spool.append({ kind: 'clicked', at: now, organization: 'acme', stream: 'other', to: 'c' })
      await spool.append({ kind: 'clicked', at: now, organization: 'globex', stream: 'news', to: 'd' })
      assert.deepEqual(await round(await dispatcher()), ['b'])
    })

    test('all since a time is sent again, also while something is on its way', async () => {
      const { webhook } = await webhooks.add(NEW)
      const sender = await dispatcher()
      await happened('a', 'b')
      reply = async () => {
        reply = () => answer(200)
        await webhooks.replay('acme', webhook.id, 0)
        return answer(200)
      }
      assert.deepEqual(await round(sender), ['a', 'b'])
      assert.deepEqual(await round(sender), ['a', 'b'])
      assert.deepEqual(await round(sender), [])
    })

    test('a new secret signs at once, the old one as well until its time is over', async () => {
      const { webhook, secret: old } = await webhooks.add(NEW)
      const issued = await webhooks.rotate('acme', webhook.id, 1_000)
      assert.ok(issued)
      const sender = await dispatcher()
      await happened('a')
      await round(sender)
      assert.deepEqual([allSignedWith(old, told), allSignedWith(issued.secret, told)], [true, true])
      now += 100_000
      await happened('b')
      await round(sender)
      assert.deepEqual([allSignedWith(old, told), allSignedWith(issued.secret, told)], [false, true])
    })

    test('a ping is sent to a paused one too, and the secret is nowhere to be read', async () => {
      const issued = await webhooks.add(NEW)
      const { webhook, secret } = issued
      await webhooks.pause('acme', webhook.id, 'for now')
      reply = () => answer(200, `thanks for ${secret}`)
      const attempt = await (await dispatcher()).ping(webhook)
      assert.deepEqual(
        [attempt?.ok, attempt?.what, attempt?.excerpt],
        [true, 'ping', 'thanks for [redacted]'],
      )
      assert.ok(!inspect(issued).includes(secret) && !JSON.stringify(issued).includes(secret))
      assert.equal(await (await dispatcher()).ping({ ...webhook, organization: 'globex' }), undefined)
    })

    test('of two nodes one sends, and the other when that is gone', async () => {
      await webhooks.add(NEW)
      const [one, two] = [await dispatcher(1), await dispatcher(2)]
      await happened('a')
      assert.deepEqual(await round(one), ['a'])
      await happened('b')
      assert.deepEqual(await round(two), [])
      assert.deepEqual(await round(one), ['b'])
      await happened('c')
      now += 61_000
      assert.deepEqual(await round(two), ['c'])
      await two.end()
      await happened('d')
      assert.deepEqual(await round(one), ['d'])
    })

    test('an organization has its own webhooks, and not too many', async () => {
      const { webhook } = await webhooks.add(NEW)
      assert.deepEqual(await webhooks.list('globex'), [])
      for (const act of [
        webhooks.show('globex', webhook.id),
        webhooks.change('globex', webhook.id, { note: 'x' }),
        webhooks.rotate('globex', webhook.id, 0),
        webhooks.pause('globex', webhook.id, 'x'),
        webhooks.resume('globex', webhook.id),
        webhooks.replay('globex', webhook.id, 0),
      ])
        assert.equal(await act, undefined)
      assert.equal(await webhooks.remove('globex', webhook.id), false)
      assert.deepEqual(await webhooks.attempts({ organization: 'globex', id: webhook.id, limit: 9 }), [])
      for (let i = 0; i < 19; i += 1) await webhooks.add(NEW)
      await assert.rejects(webhooks.add(NEW), { name: 'WebhookError', code: 'full' })
    })

    test('what cannot be one is not made', async () => {
      const wrong: readonly Partial<NewWebhook>[] = [
        { url: 'http://hook.example/' },
        { url: 'ftp://hook.example/' },
        { url: 'hook' },
        { url: 'https://u:p@hook.example/' },
        { organization: 'nobody' },
        { note: 'two\nlines' },
        { stream: 'A b' },
      ]
      for (const change of wrong)
        await assert.rejects(webhooks.add({ ...NEW, ...change }), { name: 'WebhookError' }, inspect(change))
    })
  })
}
