/** MTA-STS, DANE and REQUIRETLS from submission to a receiver with STARTTLS, over a resolver that validates. */

import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSecureContext } from 'node:tls'
import { after, before, suite, test } from 'node:test'

import { DnsServer, parseZone } from '#platform/dns'
import type { Question, Said, Zone } from '#platform/dns'
import { issue } from '#platform/tls'
import type { Issued } from '#platform/tls'
import type { MessageId } from '#engine/spool'

import { testDirectory } from '../directory.ts'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
const DAY = 86_400_000
const span = { from: Date.now() - DAY, until: Date.now() + DAY }
const authority = issue({ name: 'Authority', isAuthority: true, ...span })
/** Of the only receiver there is. */
const certificate = issue({ name: 'mx.good.test', by: authority, ...span })

const POLICIES: { readonly [domain: string]: string } = {
  'good.test': policy('enforce', 'mx.good.test'),
  'wrong.test': policy('enforce', '*.wrong.test'),
  'outside.test': policy('enforce', 'mail.outside.test'),
  'testing.test': policy('testing', 'mail.testing.test'),
}

function policy(mode: string, mx: string): string {
  return `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`
}

/** Serves each policy under its own name, which the authority vouches for. */
async function policyServer(asked: string[]): Promise<Server> {
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>()
  const server = createServer(
    {
      SNICallback(name, give) {
        const { pem } = issue({ name, by: authority, ...span })
        give(
          null,
          contexts.getOrInsertComputed(name, () => createSecureContext({ cert: pem, key: pem })),
        )
      },
    },
    (request, response) => {
      const domain = (request.headers.host ?? '').replace(/^mta-sts\./, '').replace(/:.*$/, '')
      asked.push(domain)
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(POLICIES[domain])
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function tlsa({ privateKey }: Issued): string {
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return `3 1 1 ${createHash('sha256').update(key).digest('hex')}`
}

function zone(smtpPort: number): Zone {
  return [
    ...parseZone(HOSTS),
    ...parseZone(`
      _${smtpPort}._tcp.mx.dane.test TLSA ${tlsa(certificate)}
      _${smtpPort}._tcp.mx.forged.test TLSA ${tlsa(authority)}
      _${smtpPort}._tcp.mx.reported.test TLSA ${tlsa(authority)}`),
    ...Object.keys(POLICIES).flatMap((domain): Zone => [
      // Written out: in a zone file a semicolon begins a comment.
      { name: `_mta-sts.${domain}`, ttl: 300, type: 'TXT', data: 'v=STSv1; id=1' },
      { name: `mta-sts.${domain}`, ttl: 300, type: 'A', data: '127.0.0.1' },
    ]),
    {
      name: '_smtp._tls.reported.test',
      ttl: 300,
      type: 'TXT',
      data: 'v=TLSRPTv1; rua=mailto:tls@reported.test',
    },
  ]
}

/** Every host is here. */
function lookedUp(answers: Zone, name: string, type: string): Said {
  const own = answers.filter((one) => one.name === name && one.type === type)
  if (own.length > 0) return { kind: 'records', records: own }
  if (type !== 'A' || !name.startsWith('mx.')) return { kind: 'nodata', ttl: 300 }
  return { kind: 'records', records: [{ name, ttl: 300, type: 'A', data: '127.0.0.1' }] }
}

const HOSTS = `
  good.test MX 10 mx.good.test
  good.test MX 5 mx.evil.test
  wrong.test MX 10 mx.wrong.test
  outside.test MX 10 mx.good.test
  testing.test MX 10 mx.good.test
  dane.test MX 10 mx.dane.test
  forged.test MX 10 mx.forged.test
  reported.test MX 10 mx.reported.test
  unsigned.test MX 10 mx.good.test`

/** Offers STARTTLS and then speaks none; takes mail in clear. */
class BrokenTlsServer {
  handshakes = 0
  readonly #server: TcpServer
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createTcpServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.write('220 broken.test\r\n')
      let isContent = false
      socket.on('data', (bytes) => {
        const said = bytes.toString('latin1')
        if (isContent) {
          isContent = !said.endsWith('\r\n.\r\n')
          if (!isContent) socket.write('250 OK\r\n')
        } else if (said.startsWith('EHLO')) socket.write('250-broken.test\r\n250 STARTTLS\r\n')
        else if (said.startsWith('STARTTLS')) socket.write('220 go\r\n')
        else if (said.startsWith('DATA')) {
          isContent = true
          socket.write('354 go\r\n')
        } else if (/^[A-Z]/.test(said)) socket.write('250 OK\r\n')
        else {
          this.handshakes += 1
          socket.end('this is no TLS at all')
        }
      })
    })
  }

  static async start(): Promise<BrokenTlsServer> {
    const started = new BrokenTlsServer()
    await once(started.#server.listen(0, '127.0.0.1'), 'listening')
    return started
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

suite('transport security', () => {
  let rig: Rig
  let dns: DnsServer
  let web: Server
  let broken: BrokenTlsServer
  const fetched: string[] = []
  before(async () => {
    let answers: Zone = []
    const answer = ({ name, type }: Question): Said => lookedUp(answers, name.toLowerCase(), type)
    dns = await DnsServer.on({
      answer,
      authentic: ({ name }) => !name.toLowerCase().endsWith('unsigned.test'),
    })
    web = await policyServer(fetched)
    const ca = join(testDirectory('hikyaku-authority-'), 'ca.pem')
    writeFileSync(ca, authority.certificatePem)
    const { pem } = certificate
    rig = await Rig.prepare({
      dns: dns.endpoint,
      env: { NODE_EXTRA_CA_CERTS: ca },
      sandbox: { tls: { cert: pem, key: pem } },
    })
    answers = zone(rig.sandbox.smtpPort)
    broken = await BrokenTlsServer.start()
    rig.configure({
      '': `[[routes]]\ndomain = "broken.test"\nto = ["127.0.0.1:${broken.port}"]\nallow_private = true`,
      queue: 'retry = ["10m"]\njitter = 0',
      tls_report: `from = "reports@${DOMAIN}"\nspread = "0s"`,
      transport_security: `mta_sts_port = ${(web.address() as AddressInfo).port}`,
    })
    await rig.run()
    await rig.seed()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await dns[Symbol.asyncDispose]()
    web.close()
    broken.close()
  })

  const submit = (to: string): Promise<MessageId> => rig.submit({ from: FROM, to, content: letter(to) })

  async function tlsOf(id: MessageId, to: string): Promise<string> {
    await rig.delivered(to)
    const view = await rig.operations.message({ id })
    const attempt = view?.deliveries[0]?.attempts.at(-1)
    return `${attempt?.host} ${attempt?.tls.split(' ').at(-1)}`
  }

  /** REQUIRETLS is said under TLS only. RFC 8689 §3 */
  async function submitRequireTls(to: string): Promise<MessageId> {
    using client = await Client.ready(rig.node.port('submissions'), {
      tls: 'implicit',
      credential: rig.credential,
    })
    const said = await client.submit({ from: FROM, to, content: letter(to), mail: 'REQUIRETLS' })
    return /Queued as (\w+)/.exec(said)?.[1] as MessageId
  }

  /** What a delivery that waits says of itself; its explanation says the same. */
  async function waits(id: MessageId, to: string): Promise<string> {
    const event = await rig.log.until('delivery.deferred', { to })
    const explained = await rig.operations.explain({ id })
    const said = String(event['reply'])
    assert.ok(JSON.stringify(explained).includes(said), JSON.stringify(explained))
    assert.deepEqual(rig.received(to), [])
    return said
  }

  test('an enforced policy leaves out the MX it does not name, however preferred', async () => {
    assert.equal(await tlsOf(await submit('a@good.test'), 'a@good.test'), 'mx.good.test verified')
    assert.equal(fetched.filter((domain) => domain === 'good.test').length, 1)
  })

  test('an enforced policy wants a certificate for the host', async () => {
    assert.match(
      await waits(await submit('a@wrong.test'), 'a@wrong.test'),
      /the certificate of mx\.wrong\.test does not verify/,
    )
  })

  test('mail to a domain whose policy names none of its MX waits, and says which policy and which host', async () => {
    const said = await waits(await submit('a@outside.test'), 'a@outside.test')
    assert.match(
      said,
      /MTA-STS policy of outside\.test \(mode enforce\) allows mail\.outside\.test, but its MX is mx\.good\.test/,
    )
  })

  test('a policy in testing mode keeps no mail back', async () => {
    assert.equal(await tlsOf(await submit('a@testing.test'), 'a@testing.test'), 'mx.good.test verified')
  })

  test('a host with TLSA records is believed for its key', async () => {
    assert.equal(await tlsOf(await submit('a@dane.test'), 'a@dane.test'), 'mx.dane.test dane')
  })

  test('a host with another key than its TLSA records say gets no mail', async () => {
    assert.match(
      await waits(await submit('a@forged.test'), 'a@forged.test'),
      /DANE forbids mx\.forged\.test: no TLSA record matches/,
    )
  })

  test('REQUIRETLS goes where DNSSEC vouches for the MX and DANE for the certificate. RFC 8689 §4.2.1', async () => {
    const to = 'required@dane.test'
    assert.equal(await tlsOf(await submitRequireTls(to), to), 'mx.dane.test dane')
    assert.equal(rig.received(to)[0]?.envelope.requireTls, true)
  })

  test('REQUIRETLS waits where the MX is anybody’s word', async () => {
    const to = 'required@unsigned.test'
    assert.match(await waits(await submitRequireTls(to), to), /4\.7\.30 REQUIRETLS needs an MX that DNSSEC/)
  })

  test('what came of TLS is reported the next day, by a mail that no policy holds back. RFC 8460 §5.3', async () => {
    await submit('counted@reported.test')
    await rig.log.until('delivery.deferred', { to: 'counted@reported.test' })
    await rig.node.stop()
    // The day goes by.
    const control = new DatabaseSync(join(rig.files.data, 'control.db'))
    control.exec("update tls_count set day = '2026-01-02'")
    control.close()
    await rig.run()
    const to = 'tls@reported.test'
    const { raw, tls } = await rig.delivered(to)
    assert.notEqual(tls, undefined, 'TLS, though not the one that DANE would have')
    const text = raw.toString('latin1')
    assert.match(text, /^DKIM-Signature: /m)
    assert.match(text, /^TLS-Report-Domain: reported\.test\r$/m)
    const mail = join(rig.directory, 'report.eml')
    writeFileSync(mail, raw)
    const told = await rig.cliRun('tls-report', 'read', '--lang', 'ja', mail)
    assert.equal(told.code, 0, told.err)
    assert.match(told.out, /mx\.reported\.test {2}\[DANE\] {2}成功 0 セッション/)
    assert.match(told.out, /TLSAレコードが証明書と一致しません/)
    const [report] = await rig.operations.tlsReports({ limit: 10 })
    assert.deepEqual([report?.domain, report?.day, report?.state], ['reported.test', '2026-01-02', 'sent'])
  })

  test('a host whose TLS is broken gets mail in clear, is shown, and is remembered over a restart', async () => {
    const to = 'a@broken.test'
    await submit(to)
    await rig.log.until('delivery.delivered', { to })
    const known = await rig.operations.brokenTls()
    assert.deepEqual(
      known.map(({ host }) => host),
      ['127.0.0.1'],
    )
    await rig.restart('stop')
    assert.deepEqual(await rig.operations.brokenTls(), known)
    const { out } = await rig.cliRun('tls-policy', 'broken')
    assert.match(out, /^127\.0\.0\.1 /m)
    const tries = broken.handshakes
    await submit('b@broken.test')
    await rig.log.until('delivery.delivered', { to: 'b@broken.test' })
    assert.equal(broken.handshakes, tries, 'TLS was not tried again')
  })

  test('a policy outlives a restart, though its server is gone', async () => {
    await submit('before@good.test')
    await rig.delivered('before@good.test')
    await rig.restart('stop')
    const to = 'after@good.test'
    assert.equal(await tlsOf(await submit(to), to), 'mx.good.test verified')
    assert.equal(fetched.filter((domain) => domain === 'good.test').length, 1)
  })
})

function letter(to: string): string {
  return `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`
}
