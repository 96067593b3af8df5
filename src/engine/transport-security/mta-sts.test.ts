import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'

import type { Answer } from '#platform/dns'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { WebBench } from '../../../test/web.ts'

import { createMtaSts } from './mta-sts.ts'
import type { MtaSts, StsFound } from './mta-sts.ts'
import { memoryStsStore } from './sts-store.ts'

const DOMAIN = 'example.com'
const DAY = 86_400_000
const policy = (mode: string, age = 7 * 86_400): string =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: mx.example.com\r\nmax_age: ${age}\r\n`

/** A domain whose record and policy can be changed, and how often each was asked for. */
class Domain {
  record: readonly string[] | 'fails' = ['v=STSv1; id=1;']
  served: RequestListener = serving(policy('enforce'))
  asked = 0
  fetched = 0
  now = 0

  readonly listener: RequestListener = (request, response) => {
    this.fetched += 1
    assert.equal(request.url, '/.well-known/mta-sts.txt')
    this.served(request, response)
  }

  /** The resolver keeps nothing here, so that every question is seen. */
  readonly query = (name: string): Promise<Answer<'TXT'>> => {
    assert.equal(name, `_mta-sts.${DOMAIN}`)
    this.asked += 1
    const expires = this.now + 30_000
    if (this.record === 'fails')
      return Promise.resolve({ kind: 'failed', reason: 'servfail', text: '', expires })
    return Promise.resolve({ kind: 'records', name, authentic: false, records: this.record, expires })
  }
}

function serving(text: string, type = 'text/plain', status = 200): RequestListener {
  return (_, response) => void response.writeHead(status, { 'Content-Type': type }).end(text)
}

type Bench = {
  readonly domain: Domain
  readonly sts: MtaSts
  readonly open: () => MtaSts
  readonly later: (ms: number) => void
}

async function bench(body: (bench: Bench) => Promise<void>, domain = new Domain()): Promise<void> {
  await using web = await WebBench.on(`mta-sts.${DOMAIN}`, domain.listener)
  const store = memoryStsStore()
  const open = (): MtaSts =>
    createMtaSts({
      dns: { query: domain.query as never },
      http: web.client,
      store,
      log: memoryLog(),
      metrics: new MetricsRegistry(),
      now: () => domain.now,
      clock: () => domain.now,
      cacheEntries: 100,
    })
  await body({ domain, sts: open(), open, later: (ms) => void (domain.now += ms) })
}

function said(found: StsFound): string {
  if (found.kind === 'policy') return `${found.policy.mode} ${found.id}`
  return found.kind === 'failed' ? found.fault : 'none'
}

async function find(sts: MtaSts): Promise<string> {
  return said((await sts.find(DOMAIN)).found)
}

test('a policy is fetched once for its record, and known from then on', () =>
  bench(async ({ sts, domain, later }) => {
    assert.equal(sts.known(DOMAIN), undefined)
    assert.deepEqual(await Promise.all([find(sts), find(sts)]), ['enforce 1', 'enforce 1'])
    later(29_999)
    assert.equal(await find(sts), 'enforce 1')
    assert.deepEqual([domain.asked, domain.fetched], [1, 1])
    later(1)
    assert.equal(await find(sts), 'enforce 1')
    assert.deepEqual([domain.asked, domain.fetched], [2, 1])
    assert.equal(said(sts.known(DOMAIN) ?? assert.fail()), 'enforce 1')
  }))

test('a domain without a record is asked for no policy', () =>
  bench(async ({ sts, domain }) => {
    domain.record = []
    assert.equal(await find(sts), 'none')
    assert.equal(domain.fetched, 0)
  }))

test('a new id brings the new policy', () =>
  bench(async ({ sts, domain, later }) => {
    await find(sts)
    domain.record = ['v=STSv1; id=2;']
    domain.served = serving(policy('testing'))
    later(30_000)
    assert.equal(await find(sts), 'testing 2')
  }))

test('a policy outlives the process that fetched it, but not its own time', () =>
  bench(async ({ sts, domain, open, later }) => {
    await find(sts)
    domain.served = serving('', 'text/plain', 500)
    assert.equal(await find(open()), 'enforce 1')
    assert.equal(domain.fetched, 1)
    later(7 * DAY)
    assert.equal(await find(open()), 'sts-policy-fetch-error')
  }))

test('no record, a spoilt one and no answer take back nothing. RFC 8461 §3.1', () =>
  bench(async ({ sts, domain, later }) => {
    await find(sts)
    for (const record of [[], ['v=STSv1; id=1', 'v=STSv1; id=1'], 'fails'] as const) {
      domain.record = record
      later(30_000)
      assert.equal(await find(sts), 'enforce 1')
    }
    assert.equal(domain.fetched, 1)
  }))

test('a policy that cannot be had anew holds until it expires, and is not asked for at every turn', () =>
  bench(async ({ sts, domain, later }) => {
    await find(sts)
    domain.record = ['v=STSv1; id=2;']
    domain.served = serving('', 'text/plain', 503)
    later(30_000)
    assert.equal(await find(sts), 'enforce 1')
    later(30_000)
    assert.equal(await find(sts), 'enforce 1')
    assert.equal(domain.fetched, 2)
    later(5 * 60_000)
    assert.equal(await find(sts), 'enforce 1')
    assert.equal(domain.fetched, 3)
  }))

test('what is no policy is told apart as TLS reports do. RFC 8460 §4.3.2.2', async () => {
  const cases: readonly (readonly [RequestListener, string])[] = [
    [serving('', 'text/plain', 404), 'sts-policy-fetch-error'],
    [(_, response) => void response.writeHead(301, { Location: '/else' }).end(), 'sts-policy-fetch-error'],
    [serving(policy('enforce'), 'text/html'), 'sts-policy-fetch-error'],
    [serving('x'.repeat(64 * 1024 + 1)), 'sts-policy-fetch-error'],
    [(request) => void request.socket.destroy(), 'sts-policy-fetch-error'],
    [serving('<html>'), 'sts-policy-invalid'],
    [serving(policy('strict')), 'sts-policy-invalid'],
  ]
  for (const [served, expected] of cases) {
    await bench(async ({ sts, domain }) => {
      domain.served = served
      assert.equal(await find(sts), expected)
    })
  }
})

test('each day a policy in use is fetched anew, whoever hides its record. RFC 8461 §10.2', () =>
  bench(async ({ sts, domain, later }) => {
    await find(sts)
    domain.served = serving(policy('testing'))
    domain.record = 'fails'
    await sts.refresh(10)
    assert.equal(domain.fetched, 1, 'it is young')
    later(DAY + 1)
    await sts.refresh(10)
    assert.equal(domain.fetched, 2)
    assert.equal(await find(sts), 'testing 1')
  }))
