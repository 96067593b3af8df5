import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Config } from './config.ts'
import { loadConfig } from './load.ts'

type Files = Readonly<Record<string, string>>
type Env = Readonly<Record<string, string>>

function load(toml: string, env: Env = {}, files: Files = {}): ReturnType<typeof loadConfig> {
  const all: Files = { '/etc/hikyaku/hikyaku.toml': toml, ...files }
  const readFile = (path: string): string => {
    const text = all[path]
    if (text === undefined) throw new Error('ENOENT')
    return text
  }
  return loadConfig({ path: '/etc/hikyaku/hikyaku.toml', env, readFile, hostname: 'mx.example.com' })
}

function config(toml: string, env: Env = {}, files: Files = {}): Config {
  const loaded = load(toml, env, files)
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'))
  return loaded.config
}

function problems(toml: string, env: Env = {}, files: Files = {}): readonly string[] {
  const loaded = load(toml, env, files)
  assert.ok(!loaded.ok, 'was taken')
  return loaded.problems
}

function warnings(toml: string): readonly string[] {
  const loaded = load(toml)
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'))
  return loaded.warnings
}

test('without a file there are defaults, made from the name of the machine', () => {
  const loaded = loadConfig({
    env: {},
    readFile: () => assert.fail('read a file'),
    hostname: 'mx.example.com',
  })
  assert.ok(loaded.ok)
  assert.deepEqual(loaded.warnings, [])
  assert.deepEqual(
    loaded.config.listeners.map(({ name, port, tls, auth }) => ({ name, port, tls, auth })),
    [
      { name: 'submission', port: 587, tls: 'starttls', auth: 'required' },
      { name: 'submissions', port: 465, tls: 'implicit', auth: 'required' },
    ],
  )
  assert.deepEqual(loaded.config.egress.sources, [
    { name: 'default', ehlo: 'mx.example.com', relay: [], relayTls: 'required' },
  ])
  assert.equal(loaded.config.queue.postmaster, 'postmaster@mx.example.com')
  assert.equal(loaded.config.queue.expire, 5 * 24 * 3_600_000)
  assert.equal(loaded.config.node.data, 'data')
})

test('defaults that follow the name of the node follow the one in the file', () => {
  const { queue, egress } = config('[node]\nname = "out.example.net"')
  assert.equal(queue.postmaster, 'postmaster@out.example.net')
  assert.equal(egress.sources[0]?.ehlo, 'out.example.net')
})

test('declared listeners replace the default ones', () => {
  const { listeners } = config(
    '[listeners.internal]\nport = 2525\ntls = "none"\nauth = "optional"\ntrusted = ["10.0.0.0/8"]',
  )
  assert.deepEqual(
    listeners.map(({ name, port }) => [name, port]),
    [['internal', 2525]],
  )
})

test('sizes are octets, durations milliseconds', () => {
  const { limits, queue } = config('[limits]\nsize = "1MiB"\n[queue]\nretry = ["90s", "1h30m"]')
  assert.equal(limits.size, 1_048_576)
  assert.deepEqual(queue.retry, [90_000, 5_400_000])
})

test('every mistake is told at once, with its key, what was expected and what was found', () => {
  const found = problems(`
    [queue]
    exprie = "5d"
    expire = 5
    [listeners.a]
    port = 70000
    [[routes]]
    domain = "a..b"
    [egress.sources.tokyo]
    address = "300.1.1.1"`)
  assert.deepEqual(found, [
    'listeners.a.port: expected a whole number from 0 to 65535, found 70000',
    'routes[1].domain: expected a domain such as "example.com", "*.example.com" or "*", found "a..b"',
    'routes[1].to: is missing; there is no default',
    'egress.sources.tokyo.address: expected an IP address such as "192.0.2.1", found "300.1.1.1"',
    'queue.exprie: there is no such key; did you mean expire?',
    'queue.expire: expected a duration such as "30s", "5m", "2h" or "5d", found 5',
  ])
})

test('a key in the wrong table is told where it belongs', () => {
  assert.deepEqual(problems('expire = "5d"'), ['expire: there is no such key; did you mean queue.expire?'])
})

test('keys that JavaScript knows are unknown keys', () => {
  for (const key of ['__proto__', 'constructor', 'toString'])
    assert.deepEqual(problems(`[queue]\n${key} = 1`), [`queue.${key}: there is no such key`])
})

test('TOML that cannot be parsed is told with line and column', () => {
  assert.match(problems('[queue]\nexpire = = 5')[0] ?? '', /^\/etc\/hikyaku\/hikyaku\.toml:2:\d+: /)
})

test('a file that is not there is a mistake', () => {
  const loaded = loadConfig({
    path: '/nowhere',
    env: {},
    hostname: 'mx.example.com',
    readFile: () => {
      throw new Error('ENOENT')
    },
  })
  assert.deepEqual(loaded, { ok: false, problems: ['/nowhere: cannot be read: ENOENT'] })
})

test('a table where a value belongs, and a value where a table belongs', () => {
  assert.deepEqual(problems('queue = 5\nlisteners = []\nroutes = {}\n[log.level]\na = 1'), [
    'listeners: expected tables with a name each, such as [listeners.main], found []',
    'routes: expected tables in order, each under [[routes]], found {}',
    'queue: expected a table, found 5',
    'log.level: expected one of "debug", "info", "warn", "error", found {"a":1}',
  ])
})

test('names of listeners and sources can be written in a variable', () => {
  assert.match(problems('[egress.sources."a b"]')[0] ?? '', /^egress\.sources\.a b: a name is made of/)
})

test('variables stand above the file', () => {
  const toml = '[queue]\nexpire = "4d"\n[listeners.in-side]\nport = 25'
  const { queue, listeners, dns, limits, log } = config(toml, {
    HIKYAKU_QUEUE_EXPIRE: '3d',
    HIKYAKU_LISTENERS_IN_SIDE_PORT: '2525',
    HIKYAKU_DNS_SERVERS: '127.0.0.1:5353, ::1',
    HIKYAKU_LIMITS_DISK_FREE: '0.25',
    HIKYAKU_LOG_LEVEL: 'debug',
    HIKYAKU_CONFIG: '/etc/hikyaku/hikyaku.toml',
    PATH: '/bin',
  })
  assert.equal(queue.expire, 3 * 86_400_000)
  assert.equal(listeners[0]?.port, 2525)
  assert.deepEqual(dns.servers, ['127.0.0.1:5353', '::1'])
  assert.equal(limits.diskFree, 0.25)
  assert.equal(log.level, 'debug')
})

test('variables reach the listeners that are there by default', () => {
  assert.equal(config('', { HIKYAKU_LISTENERS_SUBMISSION_PORT: '2587' }).listeners[0]?.port, 2587)
})

test('mistakes in variables are told by the name of the variable', () => {
  const env = { HIKYAKU_QUEUE_EXPIRES: '3d', HIKYAKU_DNS_TIMEOUT: 'soon', HIKYAKU_SANDBOX_ENABLED: 'yes' }
  assert.deepEqual(problems('', env), [
    'HIKYAKU_QUEUE_EXPIRES: there is no such key; did you mean HIKYAKU_QUEUE_EXPIRE?',
    'HIKYAKU_DNS_TIMEOUT: expected a duration such as "30s", "5m", "2h" or "5d", found "soon"',
    'HIKYAKU_SANDBOX_ENABLED: expected true or false, found "yes"',
  ])
})

test('a secret can be in a file: beside the configuration, or among the credentials of systemd', () => {
  const toml = '[store]\nurl_file = "store-url"'
  const beside = { '/etc/hikyaku/store-url': 'postgres://a:b@c/d\n' }
  assert.equal(config(toml, {}, beside).store.url, 'postgres://a:b@c/d')
  const env = { CREDENTIALS_DIRECTORY: '/run/credentials/hikyaku' }
  const both = { ...beside, '/run/credentials/hikyaku/store-url': 'postgres://x:y@c/d\n' }
  assert.equal(config(toml, env, both).store.url, 'postgres://x:y@c/d')
  assert.equal(config(toml, env, beside).store.url, 'postgres://a:b@c/d')
  assert.equal(config('', { HIKYAKU_STORE_URL_FILE: '/s' }, { '/s': 'sqlite:x' }).store.url, 'sqlite:x')
})

test('a secret given twice, or in a file that is not there, is a mistake that does not show it', () => {
  assert.deepEqual(problems('[store]\nurl = "postgres://u:p@h/d"\nurl_file = "a"'), [
    'store.url_file: give either url or url_file',
  ])
  assert.deepEqual(problems('[store]\nurl_file = "a"'), ['store.url_file: cannot be read: ENOENT'])
  assert.doesNotMatch(problems('[store]\nurl = ["hunter2"]').join('\n'), /hunter2/)
})

test('a secret in a variable replaces the file of the configuration', () => {
  assert.equal(config('[store]\nurl_file = "a"', { HIKYAKU_STORE_URL: 'sqlite:b' }).store.url, 'sqlite:b')
})

test('the state directory of systemd is the data directory', () => {
  assert.equal(
    config('', { STATE_DIRECTORY: '/var/lib/hikyaku:/var/lib/other' }).node.data,
    '/var/lib/hikyaku',
  )
})

test('hosts of a route have ports of their own', () => {
  const { routes } = config(
    '[[routes]]\ndomain = "*.Example.com"\nto = ["a.example", "b.example:26", "smtps://c.example", "smtps://[2001:db8::1]:466"]',
  )
  assert.equal(routes[0]?.domain, '*.example.com')
  assert.deepEqual(routes[0]?.to, [
    { host: 'a.example', port: 25, implicitTls: false },
    { host: 'b.example', port: 26, implicitTls: false },
    { host: 'c.example', port: 465, implicitTls: true },
    { host: '2001:db8::1', port: 466, implicitTls: true },
  ])
})

const MISTAKES: readonly (readonly [toml: string, said: RegExp])[] = [
  ['[listeners.a]\ntls = "none"', /^listeners\.a: nobody could send: auth is "required"/],
  ['[listeners.a]\nauth = "none"', /^listeners\.a: nobody could send: auth is "none"/],
  [
    '[egress]\ntls = "dane"\n[transport_security]\ndane = false',
    /^egress\.tls: is "dane", but transport_security\.dane is false/,
  ],
  [
    '[[tls_policies]]\ndomain = "*"\ntls = "dane"\nobey = false',
    /^tls_policies\[1\]\.obey: false, but tls is "dane"/,
  ],
  [
    '[[tls_policies]]\ndomain = "*"\ntls = "dane"\n[transport_security]\ntrust_ad = "none"',
    /^tls_policies\[1\]\.tls: is "dane", but transport_security\.trust_ad/,
  ],
  ['[listeners.a]\nauth = "optional"\ntrusted = ["0.0.0.0/0"]', /open relay$/],
  ['[listeners.a]\nauth = "optional"\ntrusted = ["::/0"]', /open relay$/],
  ['[listeners.a]\ntls = "none"\nauth_without_tls = true\nrequire_tls = true', /^listeners\.a\.require_tls/],
  ['[listeners.mx]\nkind = "mx"\nauth = "optional"', /^listeners\.mx\.auth: has no meaning/],
  ['[listeners.mx]\nkind = "mx"\nauth_without_tls = true', /^listeners\.mx\.auth_without_tls: has no/],
  ['[listeners.mx]\nkind = "mx"\ntrusted = ["10.0.0.0/8"]', /^listeners\.mx\.trusted: has no meaning/],
  ['[listeners.mx]\nkind = "mx"\nbare_newline = "normalize"', /^listeners\.mx\.bare_newline: has no/],
  ['[listeners.mx]\nkind = "mx"\nrequire_tls = true', /^listeners\.mx\.require_tls: those who bring/],
  ['[listeners.mx]\nkind = "mx"\ntls = "implicit"', /^listeners\.mx\.tls: mail comes to an MX in clear/],
  [
    '[listeners.a]\nport = 25\n[listeners.b]\nport = 25',
    /^listeners\.b: listens on \[::\]:25, and so does listeners\.a/,
  ],
  ['[listeners.a]\naddress = "0.0.0.0"\nport = 8080', /^http: listens on 127\.0\.0\.1:8080/],
  ['[tls]\nkey = "k.pem"', /^tls\.certificate: is missing/],
  ['[tls]\ncertificate = "c.pem"', /^tls\.key: is missing/],
  ['[queue]\nretry = []', /^queue\.retry: needs/],
  ['[queue]\nretry = ["6d"]', /^queue\.retry: nothing would be tried twice/],
  ['[queue]\ndelay_warning = "6d"', /^queue\.delay_warning/],
  ['[queue]\nwindow = 100000', /^queue\.window/],
  ['[reputation.rates]\nbounced_warn = 0.2', /^reputation\.rates\.bounced_warn: must not be above/],
  ['[reputation.rates]\nminimum = 1', /^reputation\.rates\.minimum: expected a whole number from 2/],
  ['[dns]\nminimum_ttl = "2d"', /^dns\.minimum_ttl/],
  ['[limits]\nheader_bytes = "64MiB"', /^limits\.header_bytes/],
  ['[limits]\nidle = "2h"', /^limits\.idle/],
  ['[limits]\nrecipients = 99', /^limits\.recipients: expected a whole number from 100/],
  ['[limits]\nsize = "63KiB"', /^limits\.size: expected a size from "64KiB" on/],
  ['[[routes]]\ndomain = "*"\nto = []', /^routes\[1\]\.to: needs/],
  ['[[routes]]\ndomain = "*"\nto = ["a.b"]\nuser = "u"', /^routes\[1\]: user and password/],
  ['[[routes]]\ndomain = "*"\nto = ["a.b"]\nuser = "u"\npassword = "p"', /^routes\[1\]\.tls/],
  ['[[routes]]\ndomain = "*"\nto = ["a.b:0"]', /^routes\[1\]\.to: expected a list of hosts/],
  ['[[routes]]\ndomain = "*"\nto = ["[a.b]:25"]', /^routes\[1\]\.to: expected a list of hosts/],
  ['[api]\nurl = "https://mail.example.org/console"', /^api\.url: expected such as "https:/],
  ['[listeners.a]\nproxy_from = ["10.0.0.0/33"]', /^listeners\.a\.proxy_from: expected a list of networks/],
  ['[node]\nname = "-a.example.com"', /^node\.name: expected a host name/],
  ['[queue]\npostmaster = "a@b@c"', /^queue\.postmaster: expected an address/],
  ['[tls]\ncertificate = "a\\nb"', /^tls\.certificate: expected a text/],
]

for (const [toml, said] of MISTAKES) {
  test(`refused: ${toml.replaceAll('\n', ' ')}`, () => {
    const [first = '', ...others] = problems(toml)
    assert.match(first, said)
    assert.deepEqual(others, [])
  })
}

const WARNINGS: readonly (readonly [toml: string, said: RegExp])[] = [
  ['[node]\nname = "relay"', /^node\.name: relay is not fully qualified/],
  ['[listeners.a]\ntls = "none"\nauth_without_tls = true', /^listeners\.a\.auth_without_tls: passwords/],
  ['[listeners.a]\ntrusted = ["10.0.0.0/8"]', /^listeners\.a\.trusted: has no effect/],
  [
    '[listeners.a]\ntls = "none"\nauth = "optional"\ntrusted = ["10.0.0.0/8"]',
    /^listeners\.a\.auth: will not be offered/,
  ],
  [
    '[[routes]]\ndomain = "*"\nto = ["a.b"]\n[[routes]]\ndomain = "c.d"\nto = ["a.b"]',
    /^routes\[2\]: is never used/,
  ],
  ['[http]\naddress = "0.0.0.0"', /^http\.address: 0\.0\.0\.0 lets everyone/],
  ['[listeners.mx]\nkind = "mx"', /^listeners\.mx: no bounces come here while/],
]

for (const [toml, said] of WARNINGS) {
  test(`taken with a warning: ${toml.replaceAll('\n', ' ')}`, () => {
    const [first = '', ...others] = warnings(toml)
    assert.match(first, said)
    assert.deepEqual(others, [])
  })
}

function mxPort(more: string): unknown {
  const toml = `[queue]\nreturn_path_domain = "b.example.com"\n[listeners.a]\nkind = "mx"\n${more}`
  return config(toml).listeners[0]?.port
}

test('an MX listens on port 25, unless another is written', () => {
  assert.deepEqual([mxPort(''), mxPort('port = 2525')], [25, 2525])
})

test('passwords in clear on loopback are nobody else’s business', () => {
  assert.deepEqual(
    warnings('[listeners.a]\naddress = "127.0.0.1"\ntls = "none"\nauth_without_tls = true'),
    [],
  )
})

test('a password may go in clear to this machine', () => {
  const { routes } = config(
    '[[routes]]\ndomain = "*"\nto = ["127.0.0.1:1025"]\nuser = "u"\npassword_file = "/p"',
    {},
    { '/p': 'x' },
  )
  assert.equal(routes[0]?.password, 'x')
})

test('a stream that asks for a List-Unsubscribe which would lead nowhere is warned of, and no default is', () => {
  const asking = '[streams.news]\nlist_unsubscribe = "mail"\n'
  assert.deepEqual(warnings(asking), [
    'streams.news.list_unsubscribe: has no effect without queue.return_path_domain and a listener with kind = "mx"',
  ])
  const MX = '[listeners.mx]\nkind = "mx"\n[queue]\nreturn_path_domain = "bounce.example.com"\n'
  assert.deepEqual(warnings(`${asking}${MX}`), [])
  assert.deepEqual(warnings(''), [])
})

test('mail for the postmaster cannot be sent to where it comes from', () => {
  const own = '[incoming]\npostmaster = ["ops@example.net", "root@bounce.example.com"]\n'
  const names = '[queue]\nreturn_path_domain = "bounce.example.com"\n'
  assert.deepEqual(problems(`${own}${names}`), [
    'incoming.postmaster: root@bounce.example.com is at a name of this node; it must be read elsewhere',
  ])
  assert.deepEqual(config(own).incoming.postmaster, ['ops@example.net', 'root@bounce.example.com'])
  assert.deepEqual(warnings(own), ['incoming.postmaster: has no effect without a listener with kind = "mx"'])
})

test('an API that strangers can reach in clear is warned of', () => {
  const open = '[api]\naddress = "0.0.0.0"\n'
  assert.deepEqual(warnings(open), ['api.tls: API keys will travel in clear to 0.0.0.0'])
  for (const more of ['tls = true', 'enabled = false', 'trusted_proxies = ["192.0.2.1"]'])
    assert.deepEqual(warnings(open + more), [], more)
})

const PROVIDER = '[sign_in.providers.corp]\nissuer = "https://id.example.net/t"\nclient_id = "x"\n'

test('a provider of sign-ins has its secret from a file or the environment, and is told when it gives nothing', () => {
  const { signIn } = config(
    `${PROVIDER}client_secret_file = "corp.secret"`,
    {},
    {
      '/etc/hikyaku/corp.secret': 'from the file\n',
    },
  )
  const [provider] = signIn.providers
  assert.deepEqual(
    [provider?.name, provider?.clientSecret, provider?.link],
    ['corp', 'from the file', 'none'],
  )
  const variable = { HIKYAKU_SIGN_IN_PROVIDERS_CORP_CLIENT_SECRET: 'from there' }
  assert.equal(config(PROVIDER, variable).signIn.providers[0]?.clientSecret, 'from there')
  assert.equal(config(PROVIDER).signIn.providers[0]?.clientSecret, undefined)
  const members = '[[sign_in.providers.corp.members]]\nvalue = "staff"\nrole = "admin"\n'
  const given = config(`${PROVIDER}provision = true\nclaim = "groups"\n${members}`).signIn.providers[0]
  assert.deepEqual(given?.members, [{ value: 'staff', organization: 'default', role: 'admin' }])
  assert.deepEqual(warnings(PROVIDER), [
    'sign_in.providers: without api.url they send people back to the address that the API listens on',
  ])
})

test('what is said of a provider and means nothing, or opens it to others, is refused', () => {
  const path = 'sign_in.providers.corp'
  const url = '[api]\nurl = "https://mail.example.org"\n'
  const members = '[[sign_in.providers.corp.members]]\nvalue = "staff"\n'
  for (const [toml, problem] of [
    [`${PROVIDER}${members}`, `${path}.members: has no meaning without ${path}.claim`],
    [
      `${PROVIDER}provision = true\nclaim = "g"`,
      `${path}.claim: gives nothing to anybody without [[${path}.members]]`,
    ],
    [`${PROVIDER}scopes = ["email"]`, `${path}.scopes: openid must be among them`],
    [
      PROVIDER.replace('https:', 'http:'),
      `${path}.issuer: http: is for networks that sign_in.allow names; there are none`,
    ],
  ] as const)
    assert.deepEqual(problems(toml), [problem])
  assert.deepEqual(warnings(`${url}${PROVIDER}claim = "g"\n${members}`), [
    `${path}.claim: gives nothing while provision is false`,
  ])
  assert.match(String(problems(PROVIDER.replace('/t', '/t?x=y'))), /issuer: expected such as/)
})
