import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { RouteConfig } from '#platform/config'
import type { Dns } from '#platform/dns'

import { createRouting } from './routing.ts'
import { findStatic, staticRoute } from './static-route.ts'

function to(domain: string, host: string, more: Partial<RouteConfig> = {}): RouteConfig {
  return {
    domain,
    to: [{ host, port: 25, implicitTls: false }],
    tls: 'required',
    allowPrivate: false,
    ...more,
  }
}

const routes = [
  to('example.com', 'exact'),
  to('*.example.com', 'below'),
  to('*.Example.NET', 'net', { stream: 'marketing' }),
  to('*', 'smart', { stream: 'transactional' }),
]

test('the first route that matches wins', () => {
  const cases = [
    ['example.com', 'any', 'exact'],
    ['a.example.com', 'any', 'below'],
    ['a.b.example.com', 'any', 'below'],
    ['badexample.com', 'any', undefined],
    ['.example.com', 'any', undefined],
    ['mail.example.net', 'marketing', 'net'],
    ['mail.example.net', 'any', undefined],
    ['example.net', 'marketing', undefined],
    ['other.example', 'transactional', 'smart'],
    ['other.example', 'marketing', undefined],
    ['[192.0.2.1]', 'transactional', 'smart'],
  ] as const
  for (const [domain, stream, host] of cases) {
    assert.equal(findStatic(routes, domain, stream)?.to[0]?.host, host, `${domain} ${stream}`)
  }
})

test('a smart host has its own order, TLS and credentials', () => {
  const route = staticRoute(
    to('*', '', {
      to: [
        { host: 'smtp.example.net', port: 465, implicitTls: true },
        { host: '2001:db8::25', port: 587, implicitTls: false },
      ],
      tls: 'verified',
      user: 'relay',
      password: 'secret',
      allowPrivate: true,
    }),
  )
  assert.deepEqual(route, {
    site: '[2001:db8::25]:587,smtp.example.net:465',
    hosts: [
      { name: 'smtp.example.net', port: 465, implicitTls: true },
      { name: '2001:db8::25', port: 587, implicitTls: false },
    ],
    names: ['smtp.example.net', '2001:db8::25'],
    via: 'static',
    vouchedBy: 'configured',
    tls: 'verified',
    auth: { user: 'relay', password: 'secret' },
    allowPrivate: true,
  })
  assert.equal('auth' in staticRoute(to('*', 'host')), false)
})

test('a static route asks no DNS, and each stream has its own', async () => {
  const dns: Dns = { query: () => assert.fail('asked'), cached: () => assert.fail('asked') }
  const routing = createRouting({
    dns,
    routes: [to('*', 'one', { stream: 'a' }), to('*', 'two', { stream: 'b' })],
    defaults: { port: 25, tls: 'none', allowPrivate: false },
    ownNames: [],
    ownAddresses: [],
    cacheEntries: 10,
    now: () => 0,
    random: () => 0,
  })
  for (let round = 0; round < 2; round++) {
    for (const [stream, host] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const) {
      const now = routing.routeNow('example.com', stream)
      const later = await routing.route('example.com', stream)
      assert.ok(now?.ok && later.ok)
      assert.equal(now.route.hosts[0]?.name, host)
      assert.equal(later.route, now.route)
    }
  }
})
