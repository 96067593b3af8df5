/** Mail goes in over TLS with a login, and comes out signed, with the trace and the fields that a submission gets. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { Client } from './client.ts'
import { dkimVerdicts, mailOf } from './mail.ts'
import { hasProgram, runProgram } from './program.ts'
import { DOMAIN, NODE_NAME, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

function letter(to: string, ...more: readonly string[]): string {
  return [
    `From: Alice <${FROM}>`,
    `To: <${to}>`,
    'Subject: hello',
    ...more,
    '',
    'A line,',
    '.a line with a dot before it,',
    '',
    'and the last one.',
    '',
  ].join('\r\n')
}

suite('submission', { concurrency: true }, () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  for (const [listener, tls] of [
    ['submission', 'starttls'],
    ['submissions', 'implicit'],
  ] as const) {
    for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256'] as const) {
      test(`AUTH ${mechanism} over ${tls} TLS: the message arrives, signed twice and otherwise as it was`, async () => {
        const to = `${mechanism.toLowerCase()}@${tls}.example.com`
        using client = await Client.ready(rig.node.port(listener), { tls })
        assert.match(await client.login(mechanism, rig.credential), /^235 /)
        assert.match(await client.submit({ from: FROM, to, content: letter(to) }), /^250 2\.0\.0 /)
        const { raw, tls: hop, client: sender } = await rig.delivered(to)
        assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
        assert.equal(mailOf(raw).body, letter(to).slice(letter(to).indexOf('\r\n\r\n') + 4))
        assert.match(hop?.protocol ?? '', /^TLSv1\.3$/)
        assert.equal(sender.helo, NODE_NAME)
      })
    }
  }

  test('a submission gets a Received field with its protocol and id, a Date and a Message-ID, and loses its Bcc', async () => {
    const to = 'fields@trace.example.com'
    using client = await Client.ready(rig.node.port('submission'), {
      tls: 'starttls',
      credential: rig.credential,
    })
    const said = await client.submit({
      from: FROM,
      to,
      content: letter(to, 'Bcc: secret@hidden.example.com'),
    })
    const id = /Queued as (\w+)/.exec(said)?.[1] ?? 'none'
    const mail = mailOf((await rig.delivered(to)).raw)
    assert.match(
      mail.one('Received'),
      new RegExp(
        `^from client\\.example\\.net \\(\\[127\\.0\\.0\\.1\\]\\) by ${NODE_NAME} with ESMTPSA \\(TLSv1\\.3 \\S+\\) id ${id} for <${to}>; `,
      ),
    )
    assert.equal(mail.one('Message-ID'), `<${id}@${NODE_NAME}>`)
    assert.ok(Math.abs(Date.parse(mail.one('Date')) - Date.now()) < 60_000)
    assert.deepEqual(mail.all('Bcc'), [])
    assert.ok(!mail.raw.includes('secret@hidden'))
    assert.equal(mail.all('Return-Path').length, 0)
  })

  test('a Date and a Message-ID that are there stay as they are', async () => {
    const to = 'dated@trace.example.com'
    const date = 'Sun, 22 Nov 2026 10:21:49 +0900'
    await rig.submit({
      from: FROM,
      to,
      content: letter(to, `Date: ${date}`, 'Message-ID: <a.b@example.org>'),
    })
    const mail = mailOf((await rig.delivered(to)).raw)
    assert.equal(mail.one('Date'), date)
    assert.equal(mail.one('Message-ID'), '<a.b@example.org>')
  })

  test('one message to recipients of three domains reaches each of them once', async () => {
    const to = ['one@a.example.net', 'two@a.example.net', 'three@b.example.net', 'four@c.example.net']
    const id = await rig.submit({ from: FROM, to, content: letter('undisclosed@example.net') })
    for (const one of to) await rig.log.until('delivery.delivered', { message: id, to: one })
    assert.deepEqual(
      to.map((one) => rig.received(one).length),
      [1, 1, 1, 1],
    )
    // Two recipients of one site share a transaction.
    assert.equal(rig.received('one@a.example.net')[0]?.id, rig.received('two@a.example.net')[0]?.id)
  })

  test('nothing is taken before TLS and AUTH, and no domain but those of the organization', async () => {
    using clear = await Client.ready(rig.node.port('submission'))
    assert.match(await clear.say(`MAIL FROM:<${FROM}>`), /^530 /)
    assert.match(await clear.login('PLAIN', rig.credential), /^5(30|38) /)
    using secure = await Client.ready(rig.node.port('submission'), { tls: 'starttls' })
    assert.match(await secure.say(`MAIL FROM:<${FROM}>`), /^530 /)
    assert.match(await secure.login('PLAIN', { ...rig.credential, password: 'not it' }), /^535 /)
    assert.match(await secure.login('PLAIN', rig.credential), /^235 /)
    assert.match(await secure.say('MAIL FROM:<alice@elsewhere.example>'), /^550 /)
    const to = 'forged@trace.example.com'
    const forged = letter(to).replace(`<${FROM}>`, '<ceo@elsewhere.example>')
    assert.match(await secure.submit({ from: FROM, to, content: forged }), /^550 /)
    assert.deepEqual(rig.received(to), [])
  })

  const hasSwaks = hasProgram('swaks', '--version')
  test('swaks delivers over STARTTLS', { skip: hasSwaks ? false : 'swaks is not installed' }, async () => {
    const to = 'swaks@clients.example.com'
    const { login, password } = rig.credential
    const server = `127.0.0.1:${rig.node.port('submission')}`
    const args = [
      '--server',
      server,
      '--tls',
      '--auth',
      'PLAIN',
      '--auth-user',
      login,
      '--auth-password',
      password,
    ]
    const { code, out } = await runProgram('swaks', [...args, '--from', FROM, '--to', to])
    assert.equal(code, 0, out)
    const { raw } = await rig.delivered(to)
    assert.match(mailOf(raw).one('X-Mailer'), /^swaks/)
    assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
  })

  test(
    'curl delivers over implicit TLS',
    { skip: hasProgram('curl', '--version') ? false : 'curl is not installed' },
    async () => {
      const to = 'curl@clients.example.com'
      const { login, password } = rig.credential
      const url = `smtps://127.0.0.1:${rig.node.port('submissions')}`
      const args = [
        '-sSk',
        '--url',
        url,
        '--user',
        `${login}:${password}`,
        '--mail-from',
        FROM,
        '--mail-rcpt',
        to,
        '-T',
        '-',
      ]
      const { code, err } = await runProgram('curl', args, { input: letter(to) })
      assert.equal(code, 0, err)
      assert.deepEqual(await dkimVerdicts((await rig.delivered(to)).raw, rig.domain), [
        'ed25519-sha256 pass',
        'rsa-sha256 pass',
      ])
    },
  )
})
