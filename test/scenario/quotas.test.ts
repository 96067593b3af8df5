/** What organizations may send: kept at both doors, over restarts, and told when it comes to its end. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { QuotaStanding } from '#product/quota'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const HOUR = 3_600_000
const LATER = fileURLToPath(new URL('../later.ts', import.meta.url))

const DAY = 24 * HOUR

/** The node's clock begins at 01:01 of the next day: no hour and no day ends while something is tried. */
const OFFSET = DAY - (Date.now() % DAY) + HOUR + 60_000

type Told = {
  readonly kind: string
  readonly stream?: string
  readonly data: Readonly<Record<string, unknown>>
}

suite('quotas', () => {
  let rig: Rig
  const tokens = new Map<string, string>()
  /** Milliseconds that the node is later than everybody else. */
  let later = OFFSET

  async function run(): Promise<void> {
    await rig.run({ env: { NODE_OPTIONS: `--import=${LATER}`, TEST_LATER: String(later) } })
  }

  async function killed(): Promise<void> {
    await rig.node.kill()
    await run()
  }

  before(async () => {
    rig = await Rig.prepare()
    await run()
    await rig.seed()
    await rig.cli('domain', 'add', 'globex.example', '--organization', 'globex')
    for (const organization of ['default', 'globex']) {
      const scopes = ['messages:send', 'events:read', 'accounts:read'].flatMap((one) => ['--scope', one])
      const args = ['api-key', 'add', '--organization', organization, ...scopes]
      tokens.set(organization, (await rig.cli<{ token: string }>(...args)).token)
    }
  })
  after(() => rig[Symbol.asyncDispose]())

  function ask(organization: string, path: string, body?: object): Promise<Response> {
    const headers = {
      authorization: `Bearer ${tokens.get(organization)}`,
      ...(body && { 'content-type': 'application/json' }),
    }
    const options = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    return fetch(`${rig.node.api}${path}`, options)
  }

  function byHttp(organization: string, ...to: readonly string[]): Promise<Response> {
    const from = organization === 'globex' ? 'shop@globex.example' : `shop@${DOMAIN}`
    return ask(organization, '/v1/messages', { from, to, subject: 'x', text: 'x' })
  }

  /** Recipients of a message, by SMTP; gives what was said to its end. */
  async function bySmtp(...to: readonly string[]): Promise<string> {
    using client = await rig.client()
    const said = await client.submit({
      from: `shop@${DOMAIN}`,
      to,
      content: `From: <shop@${DOMAIN}>\r\n\r\nx\r\n`,
    })
    return said
  }

  async function told(organization: string): Promise<readonly unknown[]> {
    const response = await ask(organization, '/v1/events?kind=quota-near,quota-reached')
    const { data } = (await response.json()) as { data: readonly Told[] }
    return data.map((event) => [event.kind, event.data['quota'], event.data['used'], event.data['limit']])
  }

  /** When the door knows what was set: it says so at the recipient that is one too many. */
  async function untilKnown(recipients: number): Promise<void> {
    for (let looks = 0; looks < 200; looks += 1) {
      using client = await rig.client()
      await client.say(`MAIL FROM:<shop@${DOMAIN}>`)
      for (let n = 0; n < recipients; n += 1) await client.say(`RCPT TO:<user${n}@quota.example.com>`)
      if ((await client.say('RCPT TO:<more@quota.example.com>')).startsWith('452 4.5.3')) return
      await sleep(50)
    }
    throw new Error('the door does not know its quotas')
  }

  test('an hour that SMTP has used up is refused at both doors until it ends, over a crash, and others go on', async () => {
    later += HOUR
    await killed()
    await rig.cli('quota', 'set', 'default', '--hour', '10', '--recipients', '4')
    await rig.cli('quota', 'set', 'globex', '--day', '1000')
    await untilKnown(4)
    const earlier = (await told('default')).length
    for (let n = 0; n < 4; n += 1)
      assert.match(await bySmtp(`a${n}@quota.example.com`, `b${n}@quota.example.com`), /^250 /)
    const ninth = await byHttp('default', 'c@quota.example.com')
    assert.equal(ninth.status, 202)
    assert.match(ninth.headers.get('ratelimit-policy') ?? '', /, "hour";q=10;w=3600$/)
    assert.match(ninth.headers.get('ratelimit') ?? '', /, "hour";r=1;t=3\d\d\d$/)
    assert.equal((await byHttp('default', 'd@quota.example.com', 'e@quota.example.com')).status, 429)
    assert.match(await bySmtp('d@quota.example.com'), /^250 /)

    const isUsedUp = async (): Promise<void> => {
      assert.match(
        await bySmtp('late@quota.example.com'),
        /^452 4\.7\.1 The quota of your organization is 10 recipients an hour: it is used up until 20\d\d-/,
      )
      const refused = await byHttp('default', 'late@quota.example.com')
      assert.equal(refused.status, 429)
      const wait = Number(refused.headers.get('retry-after'))
      assert.ok(wait > 3_000 && wait < 3_600, `${wait} s`)
      const { code, quota } = (await refused.json()) as { code: string; quota: Record<string, unknown> }
      assert.equal(code, 'quota-used-up')
      assert.deepEqual([quota['name'], quota['limit'], quota['used']], ['hour', 10, 10])
      assert.equal((await byHttp('globex', 'late@quota.example.com')).status, 202)
    }
    await isUsedUp()
    const said = [
      ['quota-near', 'hour', 8, 10],
      ['quota-reached', 'hour', 10, 10],
    ]
    assert.deepEqual((await told('default')).slice(earlier), said)
    for (const event of ['quota.near', 'quota.reached'])
      await rig.log.until(event, { organization: 'default', quota: 'hour' })

    await killed()
    await isUsedUp()
    assert.deepEqual((await told('default')).slice(earlier), said)
    assert.deepEqual(await told('globex'), [])
    const own = (await (await ask('default', '/v1/quotas')).json()) as { data: readonly object[] }
    const until = new Date(Math.ceil((Date.now() + later) / HOUR) * HOUR).toISOString()
    assert.deepEqual(own.data, [
      { windows: [{ name: 'hour', limit: 10, used: 10, left: 0, resets_at: until }], recipients: 4 },
    ])
    const all = await rig.cli<readonly QuotaStanding[]>('quota', 'list')
    assert.deepEqual(
      all.map(({ organization, windows }) => [organization, windows[0]?.span, windows[0]?.used]),
      [
        ['default', 'hour', 10],
        ['globex', 'day', 2],
      ],
    )

    later += HOUR
    await killed()
    assert.match(await bySmtp('next@quota.example.com'), /^250 /)
    const { headers } = await byHttp('default', 'next@quota.example.com')
    assert.match(headers.get('ratelimit') ?? '', /, "hour";r=8;t=3\d\d\d$/)
    const [{ windows } = { windows: [] }] = await rig.cli<readonly QuotaStanding[]>('quota', 'list', 'globex')
    assert.equal(windows[0]?.used, 2, 'the day goes on')
  })

  test('operators see and set those of all over the API, and nobody else does', async () => {
    const added = await rig.cli<{ token: string }>(
      'api-key',
      'add',
      ...['operator:read', 'operator:write'].flatMap((one) => ['--scope', one]),
    )
    tokens.set('operator', added.token)
    const put = async (who: string, limits: object): Promise<readonly [number, unknown]> => {
      const authorization = `Bearer ${tokens.get(who)}`
      const headers = { authorization, 'content-type': 'application/json' }
      const options = { method: 'PUT', headers, body: JSON.stringify(limits) }
      const path = '/v1/operator/organizations/globex/quota'
      const response = await fetch(`${rig.node.api}${path}`, options)
      return [response.status, await response.json()]
    }
    const [status, set] = await put('operator', { stream: 'marketing', month: 7 })
    assert.equal(status, 200, JSON.stringify(set))
    assert.equal((await put('globex', { month: 1_000_000 }))[0], 403)
    assert.equal((await ask('globex', '/v1/operator/quotas')).status, 403)
    const all = (await (await ask('operator', '/v1/operator/quotas?organization=globex')).json()) as {
      data: readonly { stream?: string; windows: readonly { name: string; limit: number }[] }[]
    }
    const ofGlobex = all.data.map(({ stream, windows }) => [stream, windows[0]?.name, windows[0]?.limit])
    assert.deepEqual(ofGlobex.at(-1), ['marketing', 'month', 7])
    const audited = await rig.cli<readonly { action: string; organization: string }[]>('audit')
    assert.ok(
      audited.some(({ action }) => action === 'operator-set-quota'),
      JSON.stringify(audited),
    )
    assert.equal((await put('operator', { stream: 'marketing' }))[0], 200)
  })

  test('however much comes at both doors at once, no more is taken than the quota has', async () => {
    later += HOUR
    await rig.node.kill()
    await rig.cli('quota', 'set', 'default', '--hour', '60', '--recipients', 'none')
    await run()
    const smtp = Array.from({ length: 20 }, async (_, n) => {
      using client = await Client.ready(rig.node.port('trusted'))
      let kept = 0
      for (let m = 0; m < 4; m += 1) {
        const to = `s${n}-${m}@busy.example.com`
        const content = `From: <shop@${DOMAIN}>\r\n\r\nx\r\n`
        const said = await client.submit({ from: `shop@${DOMAIN}`, to, content })
        if (said.startsWith('250')) kept += 1
      }
      return kept
    })
    const http = Array.from({ length: 60 }, async (_, n) => {
      const { status } = await byHttp('default', `h${n}@busy.example.com`)
      assert.ok([202, 429].includes(status), String(status))
      return status === 202 ? 1 : 0
    })
    const kept = await Promise.all([...smtp, ...http])
    assert.equal(
      kept.reduce((sum: number, one) => sum + one, 0),
      60,
    )
    const [standing] = await rig.cli<readonly QuotaStanding[]>('quota', 'list', 'default')
    assert.equal(standing?.windows[0]?.used, 60)
    assert.deepEqual((await told('default')).slice(-2), [
      ['quota-near', 'hour', 48, 60],
      ['quota-reached', 'hour', 60, 60],
    ])
  })

  test('a node that is killed amid its load counts each message that it has kept, and no more is taken after it', async () => {
    later += HOUR
    await rig.cli('quota', 'set', 'default', '--hour', '60', '--recipients', 'none')
    await killed()
    let acknowledged = 0
    const enough = Promise.withResolvers<void>()
    const load = Array.from({ length: 50 }, async (_, n) => {
      // Whoever is not answered does not know.
      const response = await byHttp('default', `k${n}@killed.example.com`).catch(() => undefined)
      if (response?.status === 202) acknowledged += 1
      if (acknowledged === 15) enough.resolve()
    })
    await enough.promise
    await rig.node.kill()
    await Promise.all(load)
    await run()
    const used = async (): Promise<number> => {
      const [standing] = await rig.cli<readonly QuotaStanding[]>('quota', 'list', 'default')
      return standing?.windows[0]?.used ?? 0
    }
    const kept = await used()
    assert.ok(kept >= acknowledged && kept <= 50, `${kept} of ${acknowledged}`)
    let taken = 0
    for (let n = 0; n < 61; n += 1)
      if ((await byHttp('default', `after${n}@killed.example.com`)).status === 202) taken += 1
    assert.equal(kept + taken, 60)
    assert.equal(await used(), 60)
  })
})
