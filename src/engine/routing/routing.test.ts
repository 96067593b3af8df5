import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DnsServer, parseZone, Resolver } from '#platform/dns'
import type { DnsServerOptions, Question, Said } from '#platform/dns'

import type { Addressed, NoRoute, Route, Routed, Routing, RoutingNow } from './route.ts'
import { createRouting } from './routing.ts'
import type { RoutingOptions } from './routing.ts'

const config = {
  servers: [],
  timeout: 5_000,
  attempts: 1,
  cacheEntries: 100,
  minimumTtl: 30_000,
  maximumTtl: 86_400_000,
}
const defaults = { port: 25, tls: 'opportunistic', allowPrivate: false } as const
const fixed = {
  routes: [],
  defaults,
  ownNames: ['relay.example.net'],
  ownAddresses: [],
  cacheEntries: 100,
  random: () => 0,
}

type Bench = { routing: Routing & RoutingNow; asked: Question[]; clock: { now: number } }

/** `zone` is a zone as text, or what the server says. */
async function bench(
  zone: string | ((question: Question) => Said),
  body: (bench: Bench) => Promise<void>,
  options: Partial<RoutingOptions> & { timeout?: number } = {},
): Promise<void> {
  const asked: Question[] = []
  const clock = { now: 0 }
  const records = typeof zone === 'string' ? parseZone(zone) : []
  const answer: DnsServerOptions['answer'] = typeof zone === 'string' ? records : zone
  await using server = await DnsServer.on({ answer, heard: (question) => void asked.push(question) })
  const dnsConfig = { ...config, timeout: options.timeout ?? config.timeout, servers: [server.endpoint] }
  using dns = new Resolver({ config: dnsConfig, now: () => clock.now })
  const routing = createRouting({ ...fixed, dns, now: () => clock.now, ...options })
  await body({ routing, asked, clock })
}

function good(routed: Routed): Route {
  assert.ok(routed.ok, routed.ok ? '' : routed.text)
  return routed.route
}

function names(routed: Routed): string[] {
  return good(routed).hosts.map(({ name }) => name)
}

function addresses(found: Addressed): readonly string[] {
  assert.ok(found.ok, found.ok ? '' : found.text)
  return found.addresses
}

function bad(found: Routed | Addressed): string {
  assert.ok(!found.ok)
  const { kind, code, enhanced }: NoRoute = found
  return `${kind} ${code} ${enhanced}`
}

const at = (name: string) => ({ name, port: 25, implicitTls: false })

test('MX hosts come in the order of their preference, on the default port. RFC 5321 §5.1', async () => {
  const zone = `
    example.com MX 20 b.example.com
    example.com MX 5 z.example.com
    example.com MX 10 a.example.com`
  await bench(zone, async ({ routing }) => {
    const route = good(await routing.route('example.com', 'default'))
    assert.deepEqual(route.hosts, [at('z.example.com'), at('a.example.com'), at('b.example.com')])
    assert.equal(route.site, 'a.example.com,b.example.com,z.example.com')
    assert.deepEqual([route.via, route.tls, route.allowPrivate], ['mx', 'opportunistic', false])
    assert.equal(good(await routing.route('Example.COM', 'default')).site, route.site)
  })
})

test('equals are shuffled each time the hosts are read, and stay behind their betters', async () => {
  const equal = Array.from({ length: 8 }, (_, index) => `example.com MX 10 m${index}.example.com`).join('\n')
  let turn = 0
  const random = (): number => ((turn += 7) % 10) / 10
  await bench(
    `example.com MX 1 first.example.com\n${equal}`,
    async ({ routing }) => {
      const route = good(await routing.route('example.com', 'default'))
      const orders = Array.from({ length: 20 }, () => route.hosts.map(({ name }) => name))
      assert.ok(orders.every((order) => order.length === 5 && order[0] === 'first.example.com'))
      assert.ok(orders.every((order) => new Set(order).size === 5))
      assert.ok(new Set(orders.map(String)).size > 5)
      assert.equal(new Set(orders.flat()).size, 9, 'every host has its turn')
    },
    { random },
  )
})

const flood = ({ name, type }: Question): Said => ({
  kind: 'records',
  records: parseZone(
    type === 'MX'
      ? Array.from({ length: 500 }, (_, index) => `${name} MX 10 m${index}.example.com`).join('\n')
      : Array.from({ length: 50 }, (_, index) =>
          type === 'A' ? `${name} A 9.9.9.${index}` : `${name} AAAA 2620:fe::${index + 1}`,
        ).join('\n'),
  ),
})

test('five hundred MX of fifty addresses each are five hosts of ten addresses, and few questions', async () => {
  await bench(
    flood,
    async ({ routing, asked }) => {
      const { hosts, site } = good(await routing.route('example.com', 'default'))
      assert.equal(hosts.length, 5)
      assert.ok(site.length <= 128)
      assert.ok(asked.length <= 2 * 21, `${asked.length} questions`)
      assert.equal(addresses(await routing.addresses(at('m1.example.com'), false)).length, 10)
    },
    { ownAddresses: ['203.0.113.1'] },
  )
})

test('no MX means the domain itself, under the name its CNAME leads to', async () => {
  const zone = `
    plain.example A 9.9.9.9
    six.example AAAA 2620:fe::fe
    alias.example CNAME plain.example`
  await bench(zone, async ({ routing }) => {
    const route = good(await routing.route('plain.example', 'default'))
    assert.deepEqual(
      [route.via, route.site, route.hosts],
      ['implicit', 'plain.example', [at('plain.example')]],
    )
    assert.deepEqual(names(await routing.route('six.example', 'default')), ['six.example'])
    assert.deepEqual(names(await routing.route('alias.example', 'default')), ['plain.example'])
  })
})

test('a CNAME at the domain and at the MX host is followed', async () => {
  const zone = `
    brand.example CNAME company.example
    company.example MX 10 mx.company.example
    mx.company.example CNAME host.example
    host.example A 9.9.9.9`
  await bench(zone, async ({ routing }) => {
    const route = good(await routing.route('brand.example', 'default'))
    assert.deepEqual([route.site, route.hosts], ['mx.company.example', [at('mx.company.example')]])
    assert.deepEqual(addresses(await routing.addresses(at('mx.company.example'), false)), ['9.9.9.9'])
  })
})

test('a null MX is refused at once; a dot beside others is ignored. RFC 7505 §3', async () => {
  const zone = `
    null.example MX 0 .
    both.example MX 0 .
    both.example MX 10 mx.both.example`
  await bench(zone, async ({ routing }) => {
    assert.equal(bad(await routing.route('null.example', 'default')), 'bounced 556 5.1.10')
    assert.deepEqual(names(await routing.route('both.example', 'default')), ['mx.both.example'])
  })
})

const byLabel = ({ name, type }: Question): Said => {
  const label = name.toLowerCase().split('.')[0]
  if (label === 'servfail') return { kind: 'servfail' }
  if (label === 'halfway') return type === 'A' ? { kind: 'servfail' } : { kind: 'nodata', ttl: 60 }
  if (label === 'empty') return { kind: 'nodata', ttl: 60 }
  return { kind: 'nxdomain', ttl: 60 }
}

test('what does not exist bounces, what cannot be asked waits', async () => {
  await bench(byLabel, async ({ routing }) => {
    assert.equal(bad(await routing.route('gone.example', 'default')), 'bounced 550 5.1.2')
    assert.equal(bad(await routing.route('empty.example', 'default')), 'bounced 550 5.4.4')
    assert.equal(bad(await routing.route('servfail.example', 'default')), 'deferred 451 4.4.3')
    assert.equal(bad(await routing.route('halfway.example', 'default')), 'deferred 451 4.4.3')
    assert.equal(bad(await routing.route('bücher.example', 'default')), 'bounced 550 5.1.2')
    assert.equal(bad(await routing.route(`${'a'.repeat(64)}.example`, 'default')), 'bounced 550 5.1.2')
    assert.equal(bad(await routing.addresses(at('gone.example'), false)), 'bounced 550 5.4.4')
    assert.equal(bad(await routing.addresses(at('servfail.example'), false)), 'deferred 451 4.4.3')
    assert.equal(bad(await routing.addresses(at('halfway.example'), false)), 'deferred 451 4.4.3')
  })
})

test('silence defers, and so does a CNAME loop', async () => {
  await bench(
    () => ({ kind: 'drop' }),
    async ({ routing }) =>
      assert.equal(bad(await routing.route('example.com', 'default')), 'deferred 451 4.4.3'),
    { timeout: 20 },
  )
  await bench('a.example CNAME b.example\nb.example CNAME a.example', async ({ routing }) =>
    assert.equal(bad(await routing.route('a.example', 'default')), 'deferred 451 4.4.3'))
})

const mxOf =
  (exchanges: string[]): ((question: Question) => Said) =>
  ({ name, type }) =>
    type === 'MX'
      ? {
          kind: 'records',
          records: exchanges.map((exchange) => ({
            name,
            ttl: 60,
            type: 'MX',
            data: { preference: 10, exchange },
          })),
        }
      : { kind: 'nodata', ttl: 60 }

test('names that are no host names are passed over; underscores and addresses as text are not', async () => {
  const odd = ['mx.example.com:25', 'mx example.com', 'mx.1', 'bücher.example', '::1', 'a/b.example']
  await bench(mxOf([...odd, 'mail_1.example.com', '9.9.9.9']), async ({ routing }) => {
    assert.deepEqual(names(await routing.route('example.com', 'default')).toSorted(), [
      '9.9.9.9',
      'mail_1.example.com',
    ])
    assert.deepEqual(addresses(await routing.addresses(at('9.9.9.9'), false)), ['9.9.9.9'])
    assert.equal(bad(await routing.addresses(at('127.0.0.1'), false)), 'bounced 550 5.4.4')
  })
  await bench(mxOf(odd), async ({ routing }) =>
    assert.equal(bad(await routing.route('example.com', 'default')), 'bounced 550 5.4.4'),
  )
})

test('private and special addresses are refused, however they are wrapped, unless allowed', async () => {
  const zone = `
    v4.example A 127.0.0.1
    any.example A 0.0.0.0
    cloud.example A 169.254.169.254
    lan.example A 10.1.2.3
    nat.example A 100.64.0.1
    loop6.example AAAA ::1
    mapped.example AAAA ::ffff:127.0.0.1
    nat64.example AAAA 64:ff9b::7f00:1
    sixtofour.example AAAA 2002:7f00:1::
    teredo.example AAAA 2001:0:4136:e378:8000:63bf:3fff:fdd2
    multicast.example A 224.0.0.1
    documentation.example AAAA 2001:db8::1
    alias.example CNAME v4.example`
  await bench(zone, async ({ routing }) => {
    const hosts = parseZone(zone).map(({ name }) => name)
    for (const name of hosts) {
      const refused = await routing.addresses(at(name), false)
      assert.equal(bad(refused), 'bounced 550 5.4.4', name)
      assert.equal(addresses(await routing.addresses(at(name), true)).length, 1, name)
    }
  })
})

test('a public address beside private ones is used alone', async () => {
  await bench('mx.example A 10.0.0.1\nmx.example A 9.9.9.9\nmx.example AAAA ::1', async ({ routing }) => {
    assert.deepEqual(addresses(await routing.addresses(at('mx.example'), false)), ['9.9.9.9'])
  })
})

const privateV4 = ({ name, type }: Question): Said =>
  type === 'A' ? { kind: 'records', records: parseZone(`${name} A 10.0.0.1`) } : { kind: 'servfail' }

test('a private address beside a family that cannot be asked waits', async () => {
  await bench(privateV4, async ({ routing }) =>
    assert.equal(bad(await routing.addresses(at('mx.example'), false)), 'deferred 451 4.4.3'),
  )
})

test('IPv6 and IPv4 take turns, IPv6 first, ten at most. RFC 8305 §4', async () => {
  const zone = [
    ...Array.from({ length: 9 }, (_, index) => `mx.example A 9.9.9.${index}`),
    'mx.example AAAA 2620:fe::fe',
    'mx.example AAAA 2620:fe::9',
  ].join('\n')
  await bench(zone, async ({ routing }) => {
    const found = addresses(await routing.addresses(at('mx.example'), false))
    assert.deepEqual(
      found.map((address) => (address.includes(':') ? 6 : 4)),
      [6, 4, 6, 4, 4, 4, 4, 4, 4, 4],
    )
  })
})

test('our own name in the MX set ends it: better hosts stay, none left is a loop. RFC 5321 §5.1', async () => {
  const zone = `
    backup.example MX 10 primary.example
    backup.example MX 20 RELAY.example.net
    backup.example MX 20 equal.example
    backup.example MX 30 worse.example
    loop.example MX 10 relay.example.net
    loop.example MX 20 worse.example
    relay.example.net A 9.9.9.9`
  await bench(zone, async ({ routing }) => {
    const route = good(await routing.route('backup.example', 'default'))
    assert.deepEqual([names({ ok: true, route }), route.site], [['primary.example'], 'primary.example'])
    assert.equal(bad(await routing.route('loop.example', 'default')), 'bounced 554 5.4.6')
    assert.equal(bad(await routing.route('relay.example.net', 'default')), 'bounced 554 5.4.6')
  })
})

test('our own address behind any name does the same', async () => {
  const zone = `
    backup.example MX 10 primary.example
    backup.example MX 20 customer-name.example
    backup.example MX 30 worse.example
    primary.example A 9.9.9.9
    customer-name.example AAAA 2620:FE:0:0::53
    worse.example A 9.9.9.10
    plain.example AAAA 2620:fe::53`
  await bench(
    zone,
    async ({ routing }) => {
      assert.deepEqual(names(await routing.route('backup.example', 'default')), ['primary.example'])
      assert.equal(bad(await routing.route('plain.example', 'default')), 'bounced 554 5.4.6')
      assert.equal(bad(await routing.route('[IPv6:2620:fe:0::53]', 'default')), 'bounced 554 5.4.6')
      assert.equal(bad(await routing.addresses(at('plain.example'), false)), 'bounced 554 5.4.6')
    },
    { ownAddresses: ['2620:fe::0:53', '203.0.113.1'] },
  )
})

test('a loopback address of ours is no sign of a loop', async () => {
  await bench(
    'example.com MX 10 mx.example.com\nmx.example.com A 127.0.0.1',
    async ({ routing }) => {
      assert.deepEqual(names(await routing.route('example.com', 'default')), ['mx.example.com'])
      assert.deepEqual(addresses(await routing.addresses(at('mx.example.com'), true)), ['127.0.0.1'])
    },
    { ownAddresses: ['127.0.0.1', '::1'] },
  )
})

test('an address literal is its own host. RFC 5321 §4.1.3', async () => {
  await bench('example.com A 9.9.9.9', async ({ routing, asked }) => {
    const v4 = good(await routing.route('[9.9.9.9]', 'default'))
    assert.deepEqual([v4.via, v4.site, v4.hosts], ['literal', '[9.9.9.9]', [at('9.9.9.9')]])
    const v6 = good(await routing.route('[IPv6:2620:FE::FE]', 'default'))
    assert.deepEqual([v6.site, v6.hosts], ['[2620:fe::fe]', [at('2620:fe::fe')]])
    assert.deepEqual(addresses(await routing.addresses(at('2620:fe::fe'), false)), ['2620:fe::fe'])
    for (const odd of [
      '[2620:fe::fe]',
      '[IPv6:9.9.9.9]',
      '[x400:abc]',
      '[]',
      '[',
      '[9.9.9]',
      '[IPv6:fe80::1%lo]',
    ]) {
      assert.equal(bad(await routing.route(odd, 'default')), 'bounced 550 5.1.2', odd)
    }
    assert.equal(asked.length, 0)
  })
})

test('a known route costs no waiting, until its records expire', async () => {
  const zone = `
    example.com 60 MX 10 mx.example.com
    mx.example.com 40 A 9.9.9.9`
  await bench(zone, async ({ routing, asked, clock }) => {
    assert.equal(routing.routeNow('example.com', 'default'), undefined)
    const route = good(await routing.route('example.com', 'default'))
    assert.equal(good(routing.routeNow('example.com', 'other') ?? assert.fail()), route)
    assert.equal(routing.addressesNow(at('mx.example.com'), false), undefined)
    await routing.addresses(at('mx.example.com'), false)
    assert.deepEqual(addresses(routing.addressesNow(at('mx.example.com'), false) ?? assert.fail()), [
      '9.9.9.9',
    ])
    assert.equal(asked.length, 3)
    clock.now = 40_000
    assert.equal(routing.addressesNow(at('mx.example.com'), false), undefined)
    assert.ok(routing.routeNow('example.com', 'default'))
    clock.now = 60_000
    assert.equal(routing.routeNow('example.com', 'default'), undefined)
  })
})

test('a bounce is known too, and a failure for five seconds only', async () => {
  await bench(
    ({ name }) =>
      name.toLowerCase() === 'gone.example' ? { kind: 'nxdomain', ttl: 60 } : { kind: 'servfail' },
    async ({ routing, clock }) => {
      await routing.route('gone.example', 'default')
      await routing.route('broken.example', 'default')
      assert.equal(bad(routing.routeNow('gone.example', 'default') ?? assert.fail()), 'bounced 550 5.1.2')
      assert.equal(bad(routing.routeNow('broken.example', 'default') ?? assert.fail()), 'deferred 451 4.4.3')
      clock.now = 5_000
      assert.equal(routing.routeNow('broken.example', 'default'), undefined)
      assert.ok(routing.routeNow('gone.example', 'default'))
    },
  )
})

test('other routes and defaults hold for domains that were routed before', async () => {
  const live: Pick<RoutingOptions, 'routes' | 'defaults'> = { routes: [], defaults }
  const to = [{ host: 'smart.example.net', port: 587, implicitTls: false }]
  const smart = { domain: '*', to, tls: 'required', allowPrivate: false } as const
  await using server = await DnsServer.on({ answer: parseZone('example.com MX 10 mx.example.com') })
  using dns = new Resolver({ config: { ...config, servers: [server.endpoint] }, now: () => 0 })
  const routing = createRouting({
    ...fixed,
    dns,
    now: () => 0,
    get routes() {
      return live.routes
    },
    get defaults() {
      return live.defaults
    },
  })
  const hosts = async (): Promise<string[]> =>
    good(await routing.route('example.com', 'transactional')).hosts.map(({ name, port }) => `${name}:${port}`)
  assert.deepEqual(await hosts(), ['mx.example.com:25'])
  Object.assign(live, { routes: [smart] })
  assert.deepEqual(await hosts(), ['smart.example.net:587'])
  Object.assign(live, { routes: [], defaults: { ...defaults, port: 2525 } })
  assert.deepEqual(await hosts(), ['mx.example.com:2525'])
})
