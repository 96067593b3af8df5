/** Python's smtplib, nodemailer and PHPMailer against a running node: what applications send with. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { createTransport } from 'nodemailer'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'

import { mailOf } from '../scenario/mail.ts'
import { runProgram } from '../scenario/program.ts'
import { DOMAIN, NODE_NAME, Rig } from '../scenario/rig.ts'

import { arrivedAsSent, arrivedSigned } from './arrival.ts'
import { letter } from './letter.ts'
import { need, needAll, needFile } from './need.ts'

const FROM = `sender@${DOMAIN}`
const PHPMAILER = '/usr/share/php/libphp-phpmailer/autoload.php'

let rig: Rig

function certificate(): string {
  return join(rig.files.data, 'tls', 'self-signed.pem')
}

const WAYS = [
  ['submission', 'starttls'],
  ['submissions', 'implicit'],
] as const

suite('library clients', { concurrency: true }, () => {
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  suite('smtplib', { concurrency: true, ...need('python3', '--version') }, () => {
    smtplibTests()
  })
  suite('nodemailer', { concurrency: true }, () => {
    nodemailerTests()
  })
  suite(
    'PHPMailer',
    { concurrency: true, ...needAll(need('php', '--version'), needFile('PHPMailer', PHPMAILER)) },
    () => {
      phpmailerTests()
    },
  )
})

type Told = { readonly listener: string; readonly tls: string; readonly [name: string]: unknown }

async function script<T>(command: string, args: readonly string[], { listener, ...told }: Told): Promise<T> {
  const { login, password } = rig.credential
  const parameters = {
    login,
    password,
    port: rig.node.port(listener),
    certificate: certificate(),
    name: NODE_NAME,
    ...told,
  }
  const { code, out, err } = await runProgram(command, args, { input: JSON.stringify(parameters) })
  assert.equal(code, 0, `${err}${out}`)
  return JSON.parse(out) as T
}

function smtplib<T>(told: Told): Promise<T> {
  return script<T>('python3', [join(import.meta.dirname, 'smtplib-client.py')], { from: FROM, ...told })
}

type Sent = { readonly refused: readonly string[]; readonly content: string }

function smtplibTests(): void {
  for (const [listener, tls] of WAYS) {
    test(`send_message with 8-bit text and an attachment, ${tls}`, async () => {
      const to = `smtplib-${tls}@clients.example.com`
      const bcc = `smtplib-bcc-${tls}@clients.example.com`
      const { content, refused } = await smtplib<Sent>({ listener, tls, kind: 'message', to: [to], bcc })
      assert.deepEqual(refused, [])
      const sent = Buffer.from(content, 'base64')
      assert.ok(sent.includes('Grüße 🎉'), 'in 8 bits')
      const { envelope } = await arrivedAsSent(rig, to, sent)
      assert.equal(envelope.body, '8bitmime')
      assert.equal(mailOf((await rig.delivered(bcc)).raw).all('Bcc').length, 0)
    })
  }

  test('send_message with addresses beyond ASCII goes by SMTPUTF8', async () => {
    const to = '受信@xn--r8jz45g.jp'
    const bcc = 'smtplib-utf8-bcc@clients.example.com'
    const told = { listener: 'submission', tls: 'starttls', kind: 'smtputf8', from: `送信@${DOMAIN}` }
    const { content } = await smtplib<Sent>({ ...told, to: ['受信@例え.jp'], bcc })
    const sent = Buffer.from(content, 'base64')
    assert.ok(sent.includes(`From: 送信@${DOMAIN}\r\n`), 'header section in UTF-8')
    const { envelope } = await arrivedAsSent(rig, to, sent, 'UTF8SMTPSA')
    assert.ok(envelope.smtputf8)
    assert.deepEqual(envelope.from, { local: '送信', domain: DOMAIN })
  })

  test('sendmail with a recipient that is refused delivers to the others, and names it', async () => {
    const to = [
      'smtplib-good@clients.example.com',
      'bad@-bad-.example.com',
      'smtplib-fine@clients.example.com',
    ]
    const sent = letter({ from: FROM, to: 'x@example.com', eightBit: true })
    const told = {
      listener: 'submission',
      tls: 'starttls',
      kind: 'sendmail',
      to,
      content: sent.toString('base64'),
    }
    const { refused } = await smtplib<Sent>({
      ...told,
      options: ['BODY=8BITMIME', 'RET=HDRS', 'ENVID=a+2Bb'],
    })
    assert.deepEqual(refused, ['bad@-bad-.example.com'])
    for (const one of [to[0], to[2]]) {
      const { envelope } = await arrivedAsSent(rig, one ?? '', sent)
      assert.deepEqual([envelope.ret, envelope.envid], ['headers', 'a+b'])
    }
  })
}

type Nodemailer = Disposable & { readonly transport: ReturnType<typeof createTransport> }

/** A transport that trusts the certificate of the node and nothing else. */
function nodemailer(listener: string, more: object = {}): Nodemailer {
  const transport = createTransport({
    host: '127.0.0.1',
    port: rig.node.port(listener),
    secure: listener === 'submissions',
    requireTLS: true,
    auth: { user: rig.credential.login, pass: rig.credential.password },
    tls: { ca: readFileSync(certificate()), servername: NODE_NAME },
    ...more,
  })
  return { transport, [Symbol.dispose]: () => transport.close() }
}

function nodemailerTests(): void {
  for (const [listener, tls] of WAYS) {
    for (const authMethod of ['PLAIN', 'LOGIN']) {
      test(`AUTH ${authMethod}, ${tls}, a raw message octet by octet`, async () => {
        const to = `nodemailer-${tls}-${authMethod.toLowerCase()}@clients.example.com`
        const raw = letter({ from: FROM, to, eightBit: true })
        using client = nodemailer(listener, { authMethod })
        const { response } = await client.transport.sendMail({
          envelope: { from: FROM, to, use8BitMime: true },
          raw,
        })
        assert.match(response, /^250 2\.0\.0 Queued as /)
        await arrivedAsSent(rig, to, raw)
      })
    }
  }

  test('a pool of connections carries many messages, each with attachments, none twice', async () => {
    using client = nodemailer('submission', { pool: true, maxConnections: 4, maxMessages: 6 })
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    const sent = await Promise.all(
      numbers.map(async (i) => {
        const to = `pool-${i}@clients.example.com`
        const attachments = [{ filename: '絵.bin', content: Buffer.alloc(40_000, i) }]
        const mail = {
          from: `差出人 <${FROM}>`,
          to,
          subject: `通知 ${i}`,
          text: '本文\n.\n',
          html: '<p>本文</p>',
          attachments,
        }
        const raw = await new MailComposer({ ...mail, newline: 'windows' }).compile().build()
        await client.transport.sendMail({ envelope: { from: FROM, to }, raw })
        return { to, raw }
      }),
    )
    for (const { to, raw } of sent) await arrivedAsSent(rig, to, raw)
  })

  test('DSN options reach the receiver', async () => {
    const to = 'nodemailer-dsn@clients.example.com'
    using client = nodemailer('submission')
    const dsn = {
      id: 'order 7',
      return: 'headers' as const,
      notify: ['success', 'delay'] as const,
      recipient: FROM,
    }
    await client.transport.sendMail({
      from: FROM,
      to,
      subject: 'x',
      text: 'y',
      dsn: { ...dsn, notify: [...dsn.notify] },
    })
    const { envelope } = await arrivedSigned(rig, to)
    assert.deepEqual([envelope.ret, envelope.envid], ['headers', 'order 7'])
    assert.deepEqual(envelope.to[0]?.notify, ['success', 'delay'])
    assert.equal(envelope.to[0]?.orcpt, `rfc822;${FROM}`)
  })

  test('verify logs in and sends nothing; a wrong password is EAUTH', async () => {
    using good = nodemailer('submissions')
    assert.equal(await good.transport.verify(), true)
    using bad = nodemailer('submissions', { auth: { user: rig.credential.login, pass: 'wrong' } })
    await assert.rejects(bad.transport.verify(), { code: 'EAUTH', responseCode: 535 })
  })
}

function phpmailerTests(): void {
  for (const [listener, tls] of WAYS) {
    for (const [authType, encoding] of [
      ['', '8bit'],
      ['LOGIN', 'base64'],
      ['PLAIN', 'quoted-printable'],
    ] as const) {
      test(`${tls}, AUTH ${authType || 'of its own choice'}, ${encoding}: three messages on one connection`, async () => {
        const to = [1, 2, 3].map((i) => `php-${tls}-${encoding}-${i}@clients.example.com`)
        const told = { listener, tls, authType, encoding, from: FROM, to }
        const { sent } = await script<{ readonly sent: readonly string[] }>(
          'php',
          [join(import.meta.dirname, 'phpmailer-client.php'), PHPMAILER],
          told,
        )
        for (const [i, one] of to.entries()) {
          const content = Buffer.from(sent[i] ?? '', 'base64')
          await arrivedAsSent(rig, one, content)
          await arrivedAsSent(rig, `bcc-${one}`, content)
        }
      })
    }
  }
}
