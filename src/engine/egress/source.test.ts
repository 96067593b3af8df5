import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Route } from '#engine/routing'
import type { SourceConfig } from '#platform/config'

import { proxyOf, routeFrom } from './source.ts'

const plain: SourceConfig = { name: 'a', ehlo: 'a.example.org', relay: [], relayTls: 'required' }
const route: Route = {
  site: 'mx.example.com',
  names: ['mx.example.com'],
  hosts: [{ name: 'mx.example.com', port: 25, implicitTls: false }],
  via: 'mx',
  tls: 'opportunistic',
  allowPrivate: false,
}

test('a source with a relay sends everything there, under the name of the site', () => {
  const relay = [{ host: 'smtp.example.net', port: 587, implicitTls: false }]
  const through = routeFrom({ ...plain, relay, relayUser: 'u', relayPassword: 'p' }, route)
  assert.deepEqual(through, {
    site: 'mx.example.com',
    names: ['mx.example.com'],
    hosts: [{ name: 'smtp.example.net', port: 587, implicitTls: false }],
    via: 'static',
    tls: 'required',
    vouchedBy: 'configured',
    auth: { user: 'u', password: 'p' },
    allowPrivate: true,
  })
  assert.equal(routeFrom(plain, route), route)
})

test('a proxy is told what it needs to know', () => {
  assert.equal(proxyOf(plain), undefined)
  const socks = { kind: 'socks5', host: 'p.example', port: 1080 } as const
  assert.deepEqual(proxyOf({ ...plain, proxy: socks }), socks)
  assert.deepEqual(proxyOf({ ...plain, proxy: socks, proxyUser: 'u', proxyPassword: 'p' }), {
    ...socks,
    login: { user: 'u', password: 'p' },
  })
  const haproxy = { kind: 'haproxy', host: '10.0.0.5', port: 2525 } as const
  assert.deepEqual(proxyOf({ ...plain, address: '192.0.2.7', proxy: haproxy }), {
    ...haproxy,
    from: '192.0.2.7',
  })
})
