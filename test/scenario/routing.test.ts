/** Where mail goes: by MX, by a route of the operator's, or back; and that no receiver can hold up another. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { reportOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

function letter(from: string, to: string): string {
  return `From: <${from}>\r\nTo: <${to}>\r\n\r\nx\r\n`
}

function route(domain: string, ...lines: readonly string[]): string {
  return ['[[routes]]', `domain = "${domain}"`, ...lines].join('\n')
}

function routes(port: number): string {
  const here = `to = ["127.0.0.1:${port}"]\nallow_private = true`
  return [
    route('static.example.net', here),
    route('*.below.example.net', here),
    route('smart.example.net', here, 'tls = "required"', 'user = "hikyaku"', 'password = "secret"'),
    route('wrong.example.net', here, 'tls = "required"', 'user = "wrong-one"', 'password = "secret"'),
    route('verify.example.net', here, 'tls = "verified"'),
    route('clear.example.net', here, 'tls = "none"'),
    route('next.example.net', `to = ["127.0.0.11:${port}", "127.0.0.1:${port}"]`, 'allow_private = true'),
    route('private.example.net', `to = ["127.0.0.1:${port}"]`),
    route('bare.example.net', `to = ["127.0.0.6:${port}"]`, 'allow_private = true', 'tls = "required"'),
  ].join('\n\n')
}

suite('routing', { concurrency: 50 }, () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.prepare()
    const timeouts = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'end'].map((stage) => `${stage} = "60s"`)
    rig.configure({
      queue: 'retry = ["1s"]\njitter = 0\nexpire = "1m"\ndelay_warning = "30s"',
      dns: 'timeout = "500ms"\nattempts = 1',
      egress: `connections_per_path = 3\n[egress.timeouts]\nconnect = "2s"\n${timeouts.join('\n')}`,
      '': routes(rig.sandbox.smtpPort),
    })
    await rig.run()
    await rig.seed()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  const submit = (to: string, from = FROM): Promise<string> =>
    rig.submit({ from, to, content: letter(from, to) })

  test('a route of the operator goes before MX, for the domain and for those below it', async () => {
    for (const to of ['a@static.example.net', 'b@deep.below.example.net']) {
      await submit(to)
      const { host } = await rig.delivered(to)
      assert.equal(host, 'mx')
    }
  })

  test('a smart host gets the mail over TLS after AUTH', async () => {
    await submit('a@smart.example.net')
    const { login, tls } = await rig.delivered('a@smart.example.net')
    assert.equal(login, 'hikyaku')
    assert.ok(tls)
  })

  test('a smart host that refuses the password, has no TLS or no valid certificate gets nothing, and the mail waits', async () => {
    for (const [to, words] of [
      ['a@wrong.example.net', /535/],
      ['a@bare.example.net', /TLS/],
      ['a@verify.example.net', /certificate/],
    ] as const) {
      await submit(to)
      const { reply } = await rig.log.until('delivery.deferred', { to })
      assert.match(String(reply), words)
      assert.deepEqual(rig.received(to), [])
    }
  })

  test('a route without TLS sends in clear', async () => {
    await submit('a@clear.example.net')
    assert.equal((await rig.delivered('a@clear.example.net')).tls, undefined)
  })

  test('the next host of a route, and the next MX, is tried when the first is closed', async () => {
    for (const to of ['a@next.example.net', 'a@backup-mx.example.com']) {
      await submit(to)
      await rig.delivered(to)
      assert.equal(rig.log.count('delivery.deferred', { to }), 0)
    }
  })

  test('a domain without MX is its own host, and TLS that fails is done without', async () => {
    for (const to of ['a@no-mx.example.com', 'a@broken-tls.example.com']) {
      await submit(to)
      await rig.delivered(to)
    }
    assert.equal(rig.received('a@broken-tls.example.com')[0]?.tls, undefined)
  })

  for (const [label, status] of [
    ['nullmx', '5.1.10'],
    ['nxdomain', '5.1.2'],
  ] as const) {
    test(`${label}: the mail bounces at once, and the report says ${status}`, async () => {
      const sender = `${label}@${DOMAIN}`
      await submit(`a@${label}.example.com`, sender)
      const report = reportOf((await rig.delivered(sender)).raw)
      assert.equal(report.recipients[0]?.get('status'), status)
      assert.equal(report.recipients[0]?.has('remote-mta'), false)
    })
  }

  for (const label of ['servfail', 'dns-timeout', 'busy-at-connect', 'drop-at-connect', 'closed']) {
    test(`${label}: the mail is put off, and nobody is told`, async () => {
      const to = `a@${label}.example.com`
      const id = await submit(to)
      const { reply } = await rig.log.until('delivery.deferred', { to })
      assert.match(String(reply), /4\.\d\.\d/)
      assert.equal(rig.log.count('notice.sent', { about: id }), 0)
    })
  }

  test('a private address is refused: the mail bounces, and nobody is connected to', async () => {
    const sender = `private@${DOMAIN}`
    await submit('a@private.example.net', sender)
    const report = reportOf((await rig.delivered(sender)).raw)
    assert.match(report.recipients[0]?.get('status') ?? '', /^5\.4\.\d$/)
    assert.deepEqual(rig.received('a@private.example.net'), [])
  })

  test('sites that are dead, silent or slow as tar do not delay a healthy one', async () => {
    // Hosts of their own: a site's connections are shared by all domains whose MX it is.
    const hostile = ['a@silent.example.com', 'a@closed.example.net', 'tarpit-20@no-smtputf8.example.com']
    const all = hostile.flatMap((to) => Array.from({ length: 10 }, (_, i) => to.replace('@', `+${i}@`)))
    await Promise.all(all.map((to) => submit(to)))
    const healthy = Array.from({ length: 20 }, (_, i) => `a${i}@healthy${i}.example.com`)
    await Promise.all(healthy.map((to) => submit(to)))
    for (const to of healthy) {
      const delivered = await rig.log.until('delivery.delivered', { to })
      assert.equal(delivered['attempts'], 1)
      assert.ok(Number(delivered['delay']) < 5_000, `${to} took ${String(delivered['delay'])} ms`)
    }
    assert.equal(rig.log.count('delivery.delivered', { to: 'tarpit-20+0@no-smtputf8.example.com' }), 0)
  })
})
