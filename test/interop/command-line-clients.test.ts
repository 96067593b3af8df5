/** swaks, msmtp, curl, s-nail and openssl s_client against a running node: what people type and scripts run. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { mailOf } from '../scenario/mail.ts'
import { runProgram } from '../scenario/program.ts'
import { DOMAIN, NODE_NAME, Rig } from '../scenario/rig.ts'

import { arrivedAsSent, arrivedSigned } from './arrival.ts'
import { letter, withLf } from './letter.ts'
import { need } from './need.ts'

const FROM = `sender@${DOMAIN}`

const LISTENERS = {
  'listeners.proxied': 'address = "127.0.0.1"\nport = 0\nproxy_from = ["127.0.0.0/8"]',
  'listeners.fronted': 'address = "127.0.0.1"\nport = 0\nxclient_from = ["127.0.0.0/8"]',
}

let rig: Rig

/** The self-signed certificate of the node, as a client that was told to trust it has it. */
function certificate(): string {
  return join(rig.files.data, 'tls', 'self-signed.pem')
}

suite('command line clients', { concurrency: true }, () => {
  before(async () => {
    rig = await Rig.start({ sections: LISTENERS })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  suite('swaks', { concurrency: true, ...need('swaks', '--version') }, () => {
    swaksTests()
  })
  suite('msmtp', { concurrency: true, ...need('msmtp', '--version') }, () => {
    msmtpTests()
  })
  suite('curl', { concurrency: true, ...need('curl', '--version') }, () => {
    curlTests()
  })
  suite('s-nail', { concurrency: true, ...need('s-nail', '--version') }, () => {
    nailTests()
  })
  suite('openssl s_client', { concurrency: true, ...need('openssl', 'version') }, () => {
    opensslTests()
  })
})

function swaks(listener: string, to: string, ...args: readonly string[]): ReturnType<typeof runProgram> {
  const { login, password } = rig.credential
  const who = ['--auth-user', login, '--auth-password', password, '--from', FROM, '--to', to]
  return runProgram('swaks', ['--server', `127.0.0.1:${rig.node.port(listener)}`, ...who, ...args])
}

function swaksTests(): void {
  const ways: readonly (readonly [listener: string, ...args: string[]])[] = [
    ['submission', '-tls', '--auth', 'PLAIN'],
    ['submission', '-tls', '--auth', 'LOGIN'],
    ['submission', '-tls', '--auth'],
    ['submission', '-tls', '--auth', 'PLAIN', '--pipeline'],
    ['submission', '-tls', '--auth', 'PLAIN', '--tls-protocol', 'tlsv1_2'],
    ['submissions', '-tlsc', '--auth', 'PLAIN'],
    ['submissions', '-tlsc', '--auth', 'LOGIN', '--pipeline'],
  ]
  for (const [number, [listener, ...args]] of ways.entries()) {
    test(`${listener} ${args.join(' ')}`, async () => {
      const to = `swaks-${number}@clients.example.com`
      const sent = letter({ from: FROM, to })
      const file = join(rig.directory, `swaks-${number}.eml`)
      // swaks ends the last line itself.
      writeFileSync(file, withLf(sent).subarray(0, -1))
      const { code, out, err } = await swaks(listener, to, ...args, '--data', `@${file}`)
      assert.equal(code, 0, out + err)
      await arrivedAsSent(rig, to, sent)
    })
  }

  test('its own message with an attachment gets what a submission lacks', async () => {
    const to = 'swaks-own@clients.example.com'
    const { code, out } = await swaks('submission', to, '-tls', '--auth', 'PLAIN', '--attach', '@/etc/hosts')
    assert.equal(code, 0, out)
    const mail = mailOf((await arrivedSigned(rig, to)).raw)
    assert.match(mail.one('X-Mailer'), /^swaks/)
    assert.equal(mail.all('Message-ID').length, 1)
  })

  test('a wrong password, and AUTH that was not told to use TLS, are refused', async () => {
    const wrong = await swaks(
      'submission',
      'x@example.com',
      '-tls',
      '--auth',
      'PLAIN',
      '--auth-password',
      'wrong',
    )
    assert.match(wrong.out, /^<~\* 535 5\.7\.8 /m)
    const clear = await swaks('submission', 'x@example.com', '--auth', 'PLAIN')
    // 28: no mechanism was offered that could be used.
    assert.equal(clear.code, 28, clear.out)
    assert.deepEqual(rig.received('x@example.com'), [])
  })

  test('a PROXY header, version 1 and 2, names the client', async () => {
    for (const version of ['1', '2']) {
      const to = `swaks-proxy${version}@clients.example.com`
      const source = ['--proxy-source', '203.0.113.7', '--proxy-source-port', '4711']
      const target = ['--proxy-dest', '192.0.2.1', '--proxy-dest-port', '587']
      const family = ['--proxy-version', version, '--proxy-family', version === '1' ? 'TCP4' : 'AF_INET']
      const protocol = version === '1' ? [] : ['--proxy-protocol', 'STREAM']
      const proxy = [...family, ...protocol, ...source, ...target]
      const { code, out, err } = await swaks('proxied', to, '-tls', '--auth', 'PLAIN', ...proxy)
      assert.equal(code, 0, out + err)
      const [trace = ''] = mailOf((await arrivedSigned(rig, to)).raw).all('Received')
      assert.match(trace, /\(\[203\.0\.113\.7\]\)/)
    }
  })

  test('XCLIENT names the client', async () => {
    const to = 'swaks-xclient@clients.example.com'
    const address = [
      '--xclient-addr',
      '203.0.113.8',
      '--xclient-port',
      '4711',
      '--xclient-name',
      'host.example.net',
    ]
    const target = ['--xclient-destaddr', '192.0.2.1', '--xclient-destport', '587']
    const spoken = ['--xclient-helo', 'front.example.net', '--xclient-proto', 'ESMTP']
    const named = [...address, ...target, ...spoken]
    const { code, out, err } = await swaks('fronted', to, '-tls', '--auth', 'PLAIN', ...named)
    assert.equal(code, 0, out + err)
    const [trace = ''] = mailOf((await arrivedSigned(rig, to)).raw).all('Received')
    assert.match(
      trace,
      /^from front\.example\.net \(host\.example\.net \[203\.0\.113\.8\]\) .* with ESMTPSA /,
    )
    const { port, name, destination, destinationPort } = await rig.log.until('message.accepted', {
      client: '203.0.113.8',
    })
    assert.deepEqual([port, name, destination, destinationPort], [4711, 'host.example.net', '192.0.2.1', 587])
  })

  test('XCLIENT with a login of its own needs no AUTH, and a name may be unavailable', async () => {
    const to = 'swaks-vouched@clients.example.com'
    const { login } = rig.credential
    const said = `NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::8 PROTO=SMTP LOGIN=${login}`
    const server = ['--server', `127.0.0.1:${rig.node.port('fronted')}`, '--from', FROM, '--to', to]
    const { code, out, err } = await runProgram('swaks', [
      ...server,
      '--xclient',
      said,
      '--helo',
      'inner.example.net',
    ])
    assert.equal(code, 0, out + err)
    const [trace = ''] = mailOf((await rig.delivered(to)).raw).all('Received')
    // PROTO holds until the EHLO of swaks.
    assert.match(trace, /^from inner\.example\.net \(unknown \[IPv6:2001:db8::8\]\) .* with ESMTPA /)
    await rig.log.until('message.accepted', { credential: login, client: '2001:db8::8', name: 'unknown' })
  })
}

function msmtp(
  listener: string,
  to: readonly string[],
  input: Buffer,
  ...args: readonly string[]
): ReturnType<typeof runProgram> {
  const { login, password } = rig.credential
  const server = ['--host=127.0.0.1', `--port=${rig.node.port(listener)}`, '--tls=on', '--tls-trust-file=']
  const start = `--tls-starttls=${listener === 'submission' ? 'on' : 'off'}`
  // No file of the machine's or the user's has a say.
  const who = [
    '--file=/dev/null',
    '--auth=on',
    `--user=${login}`,
    '--passwordeval=printenv SECRET',
    `--from=${FROM}`,
  ]
  return runProgram('msmtp', [...server, start, '--tls-certcheck=off', ...who, ...args, '--', ...to], {
    input,
    env: { SECRET: password },
  })
}

function msmtpTests(): void {
  for (const mechanism of ['plain', 'login', 'scram-sha-256', 'on']) {
    for (const listener of ['submission', 'submissions']) {
      test(`${listener} with --auth=${mechanism}`, async () => {
        const to = `msmtp-${listener}-${mechanism}@clients.example.com`
        const sent = letter({ from: FROM, to, eightBit: true })
        const { code, err } = await msmtp(listener, [to], withLf(sent), `--auth=${mechanism}`)
        assert.equal(code, 0, err)
        await arrivedAsSent(rig, to, sent)
      })
    }
  }

  test('DSN options reach the receiver', async () => {
    const to = 'msmtp-dsn@clients.example.com'
    const dsn = ['--dsn-notify=success,failure', '--dsn-return=headers']
    const { code, err } = await msmtp('submission', [to], withLf(letter({ from: FROM, to })), ...dsn)
    assert.equal(code, 0, err)
    const { envelope } = await arrivedSigned(rig, to)
    assert.equal(envelope.ret, 'headers')
    assert.deepEqual(envelope.to[0]?.notify, ['success', 'failure'])
  })

  test('a recipient that is no address fails the message with the reason, and nobody gets it', async () => {
    const to = ['msmtp-fine@clients.example.com', 'msmtp-bad@-bad-.example.com']
    const { code, err } = await msmtp('submission', to, withLf(letter({ from: FROM, to: 'x@example.com' })))
    assert.equal(code, 65, err)
    assert.match(err, /server message: 5\d\d 5\.1\.\d/)
    assert.deepEqual(rig.received('msmtp-fine@clients.example.com'), [])
  })
}

function curl(
  url: string,
  to: readonly string[],
  input: Buffer,
  ...args: readonly string[]
): ReturnType<typeof runProgram> {
  const { login, password } = rig.credential
  const recipients = to.flatMap((one) => ['--mail-rcpt', one])
  // --crlf only where the input has bare LF; here it is as it goes over the wire.
  const mail = ['--user', `${login}:${password}`, '--mail-from', FROM, ...recipients, '-T', '-']
  return runProgram('curl', ['-q', '-sS', '--url', url, ...mail, ...args], { input })
}

function curlTests(): void {
  test('STARTTLS that must verify: the self-signed certificate is good for the name of the node', async () => {
    const to = 'curl-verify@clients.example.com'
    const port = rig.node.port('submission')
    const sent = letter({ from: FROM, to })
    const verify = ['--ssl-reqd', '--cacert', certificate(), '--resolve', `${NODE_NAME}:${port}:127.0.0.1`]
    const { code, err } = await curl(`smtp://${NODE_NAME}:${port}/client.example.net`, [to], sent, ...verify)
    assert.equal(code, 0, err)
    const { raw } = await arrivedAsSent(rig, to, sent)
    assert.match(mailOf(raw).all('Received')[0] ?? '', /^from client\.example\.net \(/)
  })

  test('TLS from the start, several recipients', async () => {
    const to = ['curl-a@clients.example.com', 'curl-b@clients.example.com', 'curl-c@other.example.com']
    const sent = letter({ from: FROM, to: 'list@clients.example.com', eightBit: true })
    const { code, err } = await curl(`smtps://127.0.0.1:${rig.node.port('submissions')}`, to, sent, '-k')
    assert.equal(code, 0, err)
    for (const one of to) await arrivedAsSent(rig, one, sent)
  })

  for (const mechanism of ['PLAIN', 'LOGIN']) {
    test(`AUTH ${mechanism}, TLS 1.2`, async () => {
      const to = `curl-${mechanism.toLowerCase()}@clients.example.com`
      const sent = letter({ from: FROM, to })
      const how = ['-k', '--ssl-reqd', '--tls-max', '1.2', '--login-options', `AUTH=${mechanism}`]
      const { code, err } = await curl(`smtp://127.0.0.1:${rig.node.port('submission')}`, [to], sent, ...how)
      assert.equal(code, 0, err)
      await arrivedAsSent(rig, to, sent)
    })
  }

  test('a wrong password is exit code 67, and a domain of somebody else 55', async () => {
    const url = `smtp://127.0.0.1:${rig.node.port('submission')}`
    const { login, password } = rig.credential
    const rest = ['-k', '--ssl-reqd', '--mail-rcpt', 'curl-x@example.com', '-T', '-']
    const args = (user: string, from: string) => [
      '-q',
      '-sS',
      '--url',
      url,
      '--user',
      user,
      '--mail-from',
      from,
      ...rest,
    ]
    const input = letter({ from: FROM, to: 'curl-x@example.com' })
    assert.equal((await runProgram('curl', args(`${login}:wrong`, FROM), { input })).code, 67)
    const forged = await runProgram('curl', args(`${login}:${password}`, 'ceo@elsewhere.example'), { input })
    assert.equal(forged.code, 55, forged.err)
    assert.deepEqual(rig.received('curl-x@example.com'), [])
  })
}

function nailTests(): void {
  test('a message with an attachment and a subject in Japanese, over STARTTLS', async () => {
    const to = 'nail@clients.example.com'
    const { login, password } = rig.credential
    const file = join(rig.directory, 'photo.bin')
    const octets = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256))
    writeFileSync(file, octets)
    const user = encodeURIComponent(login)
    const mta = `submission://${user}:${encodeURIComponent(password)}@127.0.0.1:${rig.node.port('submission')}`
    const set = [
      'v15-compat',
      `mta=${mta}`,
      `from=${FROM}`,
      'tls-verify=ignore',
      'smtp-auth=plain',
      'ttycharset=utf-8',
    ]
    const options = set.flatMap((one) => ['-S', one])
    const { code, err } = await runProgram(
      's-nail',
      ['-:/', ...options, '-S', 'smtp-use-starttls', '-s', '通知', '-a', file, to],
      { input: '本文\n', env: { LC_ALL: 'C.UTF-8' } },
    )
    assert.equal(code, 0, err)
    const mail = mailOf((await arrivedSigned(rig, to)).raw)
    assert.match(mail.one('Subject'), /^=\?utf-8\?/i)
    assert.ok(mail.body.replaceAll('\r\n', '').includes(octets.toString('base64')))
  })
}

function opensslTests(): void {
  for (const listener of ['submission', 'submissions']) {
    for (const version of ['tls1_2', 'tls1_3']) {
      test(`${listener} speaks ${version} with a certificate that verifies`, async () => {
        const { code, out } = await secureSession(listener, `-${version}`)
        assert.equal(code, 0, out)
        assert.match(out, /Verify return code: 0 \(ok\)/)
        assert.match(out, new RegExp(`New, TLSv1\\.${version.at(-1)}`))
        assert.match(out, /^250[ -]AUTH .*PLAIN/m)
        assert.match(out, /^221 2\.0\.0 /m)
      })
    }

    test(`${listener} refuses TLS 1.1 and 1.0`, async () => {
      for (const version of ['tls1', 'tls1_1']) {
        // Level 0, so that it is the server who says no.
        const { code, out } = await secureSession(listener, `-${version}`, '-cipher', 'DEFAULT@SECLEVEL=0')
        assert.notEqual(code, 0, out)
        assert.match(out, /alert protocol version|unsupported protocol/)
        assert.doesNotMatch(out, /^250[ -]AUTH/m)
      }
    })
  }
}

/** What openssl said on both streams, and the session inside. Nothing is said before the greeting is heard. */
async function secureSession(
  listener: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const isUpgraded = listener === 'submission'
  const connect = [
    '-connect',
    `127.0.0.1:${rig.node.port(listener)}`,
    ...(isUpgraded ? ['-starttls', 'smtp'] : []),
  ]
  const verify = ['-CAfile', certificate(), '-verify_return_error', '-verify_hostname', NODE_NAME]
  // Without -ign_eof a line that begins with Q or R would be a command to s_client itself.
  const child = spawn('openssl', ['s_client', ...connect, ...verify, '-ign_eof', '-crlf', ...args], {
    timeout: 20_000,
  })
  const ended = once(child, 'close') as Promise<[code: number | null]>
  let out = ''
  let isSaid = false
  const hear = (chunk: Buffer): void => {
    out += chunk.toString('latin1')
    if (isSaid || !(isUpgraded ? out.includes('Verify return code') : /^220 /m.test(out))) return
    isSaid = true
    child.stdin.write('EHLO client.example.net\nQUIT\n')
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.stdin.on('error', () => {})
  const [code] = await ended
  return { code, out }
}
