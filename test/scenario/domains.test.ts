/** Domains over the API: claimed, shown by the DNS to be an organization's own, used, watched, taken over, removed. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { DnsServer } from '#platform/dns'

import { Browser } from './browser.ts'
import { owner } from './people.ts'
import type { Person } from './people.ts'
import { NODE_NAME, Rig } from './rig.ts'

type Shown = {
  readonly domain: string
  readonly status: string
  readonly dns: string
  readonly keys: readonly { readonly selector: string; readonly state: string }[]
  readonly records: readonly {
    readonly name: string
    readonly type: string
    readonly value: string
    readonly purpose: string
    readonly status: string
    readonly found?: readonly string[]
  }[]
}

async function claim(person: Person, domain: string): Promise<Shown> {
  const { status, body } = await person.post('/v1/domains', { domain })
  assert.equal(status, 201, JSON.stringify(body))
  return body as unknown as Shown
}

async function verify(person: Person, domain: string): Promise<Shown & { readonly code?: string }> {
  const { body } = await person.post(`/v1/domains/${domain}/verify`, {})
  return body as unknown as Shown
}

/** The doors know within a second. */
async function sends(person: Person, domain: string, expected: number): Promise<void> {
  const message = { from: `shop@${domain}`, to: 'a@example.com', subject: 'x', text: 'x' }
  let last = 0
  for (let tries = 0; tries < 40 && last !== expected; tries += 1) {
    last = (await person.post('/v1/messages', message)).status
    if (last !== expected) await new Promise((resolve) => void setTimeout(resolve, 50))
  }
  assert.equal(last, expected)
}

suite('domains over the API', () => {
  /** What is in the DNS, by name: texts alone. */
  const zone = new Map<string, string[]>()
  let dns: DnsServer
  let rig: Rig
  let acme: Person
  let globex: Person
  before(async () => {
    dns = await DnsServer.on({
      answer: ({ name, type }) => {
        const texts = zone.get(name.toLowerCase())
        if (name.toLowerCase().endsWith('silent.example')) return { kind: 'servfail' }
        if (texts === undefined) return { kind: 'nxdomain' }
        if (type !== 'TXT') return { kind: 'nodata' }
        return {
          kind: 'records',
          records: texts.map((data) => ({ name: name.toLowerCase(), ttl: 60, type: 'TXT', data }) as const),
        }
      },
    })
    rig = await Rig.start({ dns: dns.endpoint })
    acme = await owner(rig, 'acme')
    globex = await owner(rig, 'globex')
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await dns[Symbol.asyncDispose]()
  })

  function publish({ records }: Shown, purposes?: readonly string[]): void {
    for (const { name, type, value, purpose } of records)
      if (type === 'TXT' && (purposes === undefined || purposes.includes(purpose)))
        zone.set(name, [...(zone.get(name) ?? []), value])
  }

  test('a claim sends nothing until the DNS shows the token, then it does, and each record has its state', async () => {
    const view = await claim(acme, '飛脚.example')
    const name = view.domain
    assert.equal(name, 'xn--w40al00c.example')
    assert.equal(view.status, 'unverified')
    assert.ok(view.records.every(({ status }) => status === 'unchecked'))
    await sends(acme, name, 403)
    publish(view, ['ownership'])
    zone.set(`_dmarc.${name}`, ['v=DMARC1; p=sometimes'])
    const seen = await verify(acme, name)
    assert.deepEqual([seen.status, seen.dns], ['verified', 'incomplete'])
    const states = new Map(seen.records.map(({ purpose, status }) => [purpose, status]))
    assert.deepEqual(Object.fromEntries(states), {
      ownership: 'ok',
      dkim: 'missing',
      spf: 'missing',
      dmarc: 'wrong',
    })
    const dmarc = seen.records.find(({ purpose }) => purpose === 'dmarc')
    assert.deepEqual(dmarc?.found, ['"v=DMARC1; p=sometimes"'])
    await sends(acme, name, 202)
    await rig.log.until('domain.verified', { domain: name })
    const events = (await acme.get('/v1/events?kind=domain-status')).body['data'] as { reason?: string }[]
    assert.match(JSON.stringify(events), new RegExp(`${name}.*verified`))
    const table = (await acme.get(`/v1/domains/${name}/zone`)).body['text'] as string
    assert.match(table, new RegExp(`^_hikyaku\\.${name}\\. 3600 IN TXT "hikyaku-ownership=`))
    assert.match(table, new RegExp(`TXT "v=spf1 a:${NODE_NAME} ~all"`))
  })

  test('another organization sees and changes nothing of it, and may claim it, which says nothing', async () => {
    const mine = await claim(acme, 'private.example')
    for (const path of ['', '/zone']) {
      const { status } = await globex.get(`/v1/domains/private.example${path}`)
      assert.equal(status, 404)
    }
    for (const path of ['verify', 'dkim/rotate', 'dkim/activate'])
      assert.equal((await globex.post(`/v1/domains/private.example/${path}`, {})).status, 404)
    assert.equal((await globex.delete('/v1/domains/private.example')).status, 404)
    publish(mine, ['ownership'])
    assert.equal((await verify(acme, 'private.example')).status, 'verified')
    const theirs = await claim(globex, 'private.example')
    assert.equal(theirs.status, 'unverified')
    assert.doesNotMatch(JSON.stringify(theirs), new RegExp(mine.records[0]!.value))
    publish(theirs, ['ownership'])
    assert.equal((await verify(globex, 'private.example')).code, 'domain-taken')
    await rig.log.until('domain.refused', { domain: 'private.example', organization: 'globex' })
  })

  test('who alone shows the token takes the domain over, and who lost it is told', async () => {
    const first = await claim(acme, 'sold.example')
    publish(first, ['ownership'])
    assert.equal((await verify(acme, 'sold.example')).status, 'verified')
    const second = await claim(globex, 'sold.example')
    zone.set('_hikyaku.sold.example', [])
    publish(second, ['ownership'])
    assert.equal((await verify(globex, 'sold.example')).status, 'verified')
    await rig.log.until('domain.lost', { domain: 'sold.example', organization: 'acme' })
    assert.equal((await acme.get('/v1/domains/sold.example')).body['status'], 'unverified')
    await sends(acme, 'sold.example', 403)
  })

  test('new keys sign only when the DNS shows them', async () => {
    const view = await claim(acme, 'keys.example')
    assert.equal((await acme.post('/v1/domains/keys.example/dkim/activate', {})).status, 409)
    const rotated = (await acme.post('/v1/domains/keys.example/dkim/rotate', {})).body as unknown as Shown
    const waiting = rotated.keys.filter(({ state }) => state === 'published')
    assert.equal(waiting.length, 2)
    const early = await acme.post('/v1/domains/keys.example/dkim/activate', {})
    assert.equal(early.status, 409)
    assert.match(String(early.body['detail']), /not in the DNS/)
    publish(rotated, ['dkim'])
    const active = (await acme.post('/v1/domains/keys.example/dkim/activate', {})).body as unknown as Shown
    const selectors = active.keys.filter(({ state }) => state === 'active').map(({ selector }) => selector)
    assert.deepEqual(new Set(selectors), new Set(waiting.map(({ selector }) => selector)))
    assert.notEqual(view.keys[0]?.selector, selectors[0])
  })

  test('a DNS that does not answer is unknown, and no domain is no domain', async () => {
    await claim(acme, 'silent.example')
    const states = new Set((await verify(acme, 'silent.example')).records.map(({ status }) => status))
    assert.ok(states.has('unknown'))
    for (const domain of ['com', 'a b.example', 'x'.repeat(300)])
      assert.equal((await acme.post('/v1/domains', { domain })).status, 422, domain)
    await claim(acme, 'twice.example')
    assert.equal((await acme.post('/v1/domains', { domain: 'twice.example' })).status, 409)
    assert.equal((await acme.delete('/v1/domains/twice.example')).status, 200)
    assert.equal((await acme.get('/v1/domains/twice.example')).status, 404)
  })

  test('an operator says whose a domain is, in another organization too; nobody else can', async () => {
    const body = { domain: 'vouched.example', vouched: true }
    assert.equal((await acme.post('/v1/domains', body)).status, 403)
    const headers = { 'hikyaku-organization': 'globex' }
    assert.equal((await acme.ask('GET', '/v1/domains', { headers })).status, 403)
    const operator = await owner(rig)
    const added = await operator.ask('POST', '/v1/domains', { headers, body })
    assert.deepEqual([added.status, added.body['status']], [201, 'verified'])
    await sends(globex, 'vouched.example', 202)
    const [entry] = (await globex.get('/v1/audit?action=domain.add&limit=1')).body['data'] as {
      actor: string
    }[]
    assert.equal(entry?.actor, `${operator.email} (operator)`)
    const nowhere = { 'hikyaku-organization': 'nobody' }
    assert.equal((await operator.ask('GET', '/v1/domains', { headers: nowhere })).status, 404)
    const key = await operator.post('/v1/api-keys', { scopes: ['domains:read'] })
    const authorization = `Bearer ${String(key.body['token'])}`
    const asked = await new Browser(rig.node.api).ask('GET', '/v1/domains', {
      headers: { ...headers, authorization },
    })
    assert.equal(asked.status, 403, 'a key of the operator without an operator’s scope is an ordinary key')
    const wrong = await globex.post('/v1/api-keys', { scopes: ['operator:read'] })
    assert.equal(wrong.status, 403)
  })
})
