/** What MTA-STS, DNSSEC and the operator make of a route. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { TLS_REPORT_STREAM } from '#engine/transport-security'
import type { StsFound } from '#engine/transport-security'
import type { StsMode } from '#grammar/mta-sts'
import { DnsServer, parseZone, Resolver } from '#platform/dns'

import { DNS_CONFIG } from '../../../test/web.ts'

import type { Route, Routed } from './route.ts'
import { createRouting } from './routing.ts'
import type { RoutingOptions } from './routing.ts'

const ZONE = parseZone(`
  example.com MX 10 mx1.example.com
  example.com MX 20 mx2.example.com
  example.com MX 30 mx.elsewhere.example
  host.example A 9.9.9.9`)

function policy(mode: StsMode, ...mx: readonly string[]): StsFound {
  const stored = { domain: 'example.com', id: '1', text: '', fetchedAt: 0, expiresAt: 1 }
  return { kind: 'policy', id: '1', stored, policy: { mode, mx, maxAge: 1, lines: [] } }
}

type Asked = { readonly domain?: string; readonly stream?: string; readonly authentic?: boolean }

async function routed(
  found: StsFound,
  { domain = 'example.com', stream = 'transactional', authentic = false }: Asked = {},
  options: Partial<RoutingOptions> = {},
): Promise<Routed> {
  await using server = await DnsServer.on({ answer: ZONE, authentic })
  using dns = new Resolver({ config: { ...DNS_CONFIG, servers: [server.endpoint] }, now: () => 0 })
  const routing = createRouting({
    dns,
    routes: [],
    defaults: { port: 25, tls: 'opportunistic', allowPrivate: false },
    mtaSts: { find: () => Promise.resolve({ found, expires: Infinity }) },
    dane: true,
    ownNames: [],
    ownAddresses: [],
    cacheEntries: 10,
    now: () => 0,
    random: () => 0,
    ...options,
  })
  return await routing.route(domain, stream)
}

function good(one: Routed): Route {
  assert.ok(one.ok, one.ok ? '' : one.text)
  return one.route
}

function hosts(one: Routed): readonly string[] {
  return good(one).hosts.map(({ name }) => name)
}

test('under enforce only the hosts of the policy are left, and must be verified. RFC 8461 §5', async () => {
  const one = await routed(policy('enforce', '*.example.com'))
  assert.deepEqual(hosts(one), ['mx1.example.com', 'mx2.example.com'])
  assert.deepEqual(
    [good(one).tls, good(one).vouchedBy, good(one).site],
    ['verified', 'mta-sts', 'mx1.example.com,mx2.example.com'],
  )
})

test('under testing, under none and without a policy nothing changes', async () => {
  for (const found of [policy('testing', 'other.example'), policy('none'), { kind: 'none' } as const]) {
    const one = await routed(found)
    assert.equal(hosts(one).length, 3)
    assert.deepEqual([good(one).tls, good(one).vouchedBy], ['opportunistic', undefined])
  }
})

test('when the policy allows no host, mail waits and says so', async () => {
  const told: unknown[] = []
  const one = await routed(
    policy('enforce', 'mx.other.example'),
    {},
    { outsidePolicy: (...words) => void told.push(words) },
  )
  assert.ok(!one.ok)
  assert.deepEqual([one.kind, one.enhanced], ['deferred', '4.7.0'])
  assert.match(
    one.text,
    /MTA-STS policy of example\.com \(mode enforce\) allows mx\.other\.example, but its MX is mx1\.example\.com, mx2/,
  )
  assert.deepEqual(told, [['example.com', ['mx1.example.com', 'mx2.example.com', 'mx.elsewhere.example']]])
})

/** What holds when the operator demands `demand` of the domain, and `none` of others. */
async function tls(found: StsFound, demand: RoutingOptions['defaults']['tls']): Promise<string> {
  const tlsPolicies = [
    { domain: '*.com', tls: demand, obey: true },
    { domain: '*', tls: 'none', obey: true },
  ] as const
  return good(await routed(found, { authentic: true }, { tlsPolicies })).tls
}

test('the strictest of operator and domain holds', async () => {
  assert.equal(await tls({ kind: 'none' }, 'required'), 'required')
  assert.equal(await tls(policy('enforce', '*.example.com'), 'required'), 'verified')
  assert.equal(await tls(policy('enforce', '*.example.com'), 'dane'), 'dane')
  assert.equal(await tls(policy('testing', '*.example.com'), 'none'), 'none')
})

test('where DANE is required, an MX that DNSSEC does not vouch for keeps mail waiting. RFC 7672 §6', async () => {
  const one = await routed({ kind: 'none' }, {}, { tlsPolicies: [{ domain: '*', tls: 'dane', obey: true }] })
  assert.ok(!one.ok)
  assert.match(`${one.kind} ${one.text}`, /^deferred DANE is required for example\.com/)
})

test('a domain whose policies are broken can be had without them', async () => {
  const options = {
    mtaSts: { find: () => assert.fail('asked') },
    tlsPolicies: [{ domain: 'example.com', tls: 'required', obey: false }],
  } as const
  const one = good(await routed({ kind: 'none' }, { authentic: true }, options))
  assert.deepEqual([one.tls, one.dane, one.hosts.length], ['required', undefined, 3])
})

test('DNSSEC vouches for MX hosts, and for a domain that is its own', async () => {
  const authentic = { authentic: true }
  assert.equal(good(await routed({ kind: 'none' }, authentic)).vouchedBy, 'dnssec')
  assert.equal(
    good(await routed({ kind: 'none' }, { ...authentic, domain: 'host.example' })).vouchedBy,
    'dnssec',
  )
  assert.equal(good(await routed({ kind: 'none' }, { domain: 'host.example' })).vouchedBy, undefined)
  assert.equal(good(await routed({ kind: 'none' }, { domain: '[9.9.9.9]' })).vouchedBy, 'configured')
})

test('DANE is asked for where TLS is wanted', async () => {
  assert.equal(good(await routed({ kind: 'none' })).dane, true)
  assert.equal(good(await routed({ kind: 'none' }, {}, { dane: false })).dane, undefined)
  assert.equal(
    good(await routed({ kind: 'none' }, {}, { tlsPolicies: [{ domain: '*', tls: 'none', obey: true }] }))
      .dane,
    undefined,
  )
})

test('reports about TLS go by no policy. RFC 8460 §5.3.1', async () => {
  const asked = { stream: TLS_REPORT_STREAM, authentic: true }
  const one = good(
    await routed(policy('enforce', 'mx.other.example'), asked, {
      mtaSts: { find: () => assert.fail('asked') },
      tlsPolicies: [{ domain: '*', tls: 'dane', obey: true }],
    }),
  )
  assert.deepEqual([one.tls, one.dane, one.exempt], ['opportunistic', undefined, true])
})
