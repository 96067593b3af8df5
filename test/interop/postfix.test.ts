/** Postfix hands its mail to a node as to a smart host, and takes mail of a node as the MX of a domain. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { ensureSelfSigned } from '#platform/tls'

import type { Settings } from '../postfix.ts'
import { Client } from '../scenario/client.ts'
import { mailOf, reportOf } from '../scenario/mail.ts'
import { DOMAIN, NODE_NAME, Rig } from '../scenario/rig.ts'

import { arrivedAsSent } from './arrival.ts'
import { letter, withLf } from './letter.ts'
import { needPostfix, startPostfix } from './private-postfix.ts'
import type { PrivatePostfix } from './private-postfix.ts'

const FROM = `sender@${DOMAIN}`

suite('Postfix', { concurrency: true, ...needPostfix() }, () => {
  for (const [listener, settings] of [
    // `secure`: without a certificate for the name it knows, Postfix would send nothing.
    ['submission', { smtp_tls_security_level: 'secure' }],
    ['submissions', { smtp_tls_security_level: 'secure', smtp_tls_wrappermode: 'yes' }],
  ] as const) {
    suite(`as a client of ${listener}`, { concurrency: true }, () => clientTests(listener, settings))
  }
  suite('as the MX of a domain', { concurrency: true }, () => receiverTests())
})

function clientTests(listener: string, settings: Settings): void {
  let rig: Rig
  let postfix: PrivatePostfix

  before(async () => {
    rig = await Rig.start()
    const { login, password } = rig.credential
    postfix = await startPostfix(() => ({
      relayhost: `[127.0.0.1]:${rig.node.port(listener)}`,
      smtp_sasl_auth_enable: 'yes',
      smtp_sasl_password_maps: `static:${login}:${password}`,
      smtp_sasl_tls_security_options: 'noanonymous',
      smtp_tls_CAfile: join(rig.files.data, 'tls', 'self-signed.pem'),
      smtp_tls_secure_cert_match: NODE_NAME,
      smtp_tls_loglevel: '1',
      ...settings,
    }))
  })
  after(async () => {
    await postfix[Symbol.asyncDispose]()
    await rig[Symbol.asyncDispose]()
  })

  /** As a program on the machine hands its mail to the local Postfix. */
  const submit = async (submission: Parameters<Client['submit']>[0]): Promise<void> => {
    using client = await Client.ready(postfix.port)
    assert.match(await client.submit(submission), /^250 2\.0\.0 Ok: queued as /)
  }

  test('a message comes out as Postfix sent it, over TLS with a certificate it trusts', async () => {
    const to = `postfix-${listener}@clients.example.com`
    const content = letter({ from: FROM, to, eightBit: true })
    await submit({ from: FROM, to, content, mail: 'BODY=8BITMIME' })
    const { raw, envelope } = await rig.delivered(to)
    const [ours = '', postfixes = ''] = mailOf(raw).all('Received')
    assert.match(
      ours,
      new RegExp(`^from postfix\\.example\\.net .* by ${RegExp.escape(NODE_NAME)} with ESMTPSA `),
    )
    assert.match(postfixes, /^from client\.example\.net .*\sby postfix\.example\.net \(Postfix\)/)
    // What Postfix had for us: its own trace, then the message.
    const at = raw.indexOf('Received: from client.example.net')
    await arrivedAsSent(rig, to, raw.subarray(at))
    assert.ok(raw.subarray(at).toString('latin1').endsWith(content.toString('latin1')))
    assert.equal(envelope.body, '8bitmime')
    const log = await postfix.logged(
      new RegExp(`to=<${RegExp.escape(to)}>.* dsn=2\\.0\\.0, status=sent \\(250 2\\.0\\.0 Queued as `),
    )
    assert.match(log, /Verified TLS connection established to 127\.0\.0\.1\[127\.0\.0\.1\]:\d+: TLSv1\.3 /)
  })

  test('many messages share connections, each arrives once', async () => {
    const to = Array.from({ length: 30 }, (_, i) => `postfix-many-${listener}-${i}@clients.example.com`)
    await Promise.all(
      to.map((one) => submit({ from: FROM, to: one, content: letter({ from: FROM, to: one }) })),
    )
    for (const one of to) {
      await rig.delivered(one)
      assert.equal(rig.received(one).length, 1)
    }
  })

  test('DSN parameters and SMTPUTF8 pass through both', async () => {
    const to = '受信@xn--r8jz45g.jp'
    const content = letter({ from: FROM, to: 'x@example.com' })
    const rcpt = 'NOTIFY=SUCCESS,FAILURE ORCPT=utf-8;x@example.com'
    await submit({ from: FROM, to: '受信@例え.jp', content, mail: 'SMTPUTF8 RET=HDRS ENVID=order-7', rcpt })
    const { envelope } = await rig.delivered(to)
    assert.deepEqual([envelope.smtputf8, envelope.ret, envelope.envid], [true, 'headers', 'order-7'])
    assert.deepEqual(envelope.to[0]?.notify, ['success', 'failure'])
  })

  test('what the node refuses bounces at Postfix with the words of the node', async () => {
    const to = 'postfix-forged@clients.example.com'
    const from = 'ceo@elsewhere.example'
    await submit({ from, to, content: letter({ from, to }) })
    await postfix.logged(
      /to=<postfix-forged@clients\.example\.com>.* dsn=5\.7\.\d, status=bounced \(host 127\.0\.0\.1.* said: 550 5\.7\.\d /,
    )
    assert.deepEqual(rig.received(to), [])
  })
}

/** The largest message that Postfix takes here. */
const SIZE_LIMIT = 200_000

function receiverTests(): void {
  let rig: Rig
  let postfix: PrivatePostfix

  before(async () => {
    rig = await Rig.prepare()
    const pem = await ensureSelfSigned(join(rig.directory, 'postfix'), 'postfix.example.net', Date.now)
    const users = ['user', 'eight', 'second', 'large', 'two', 'three', 'told', '受信']
    const boxes = users
      .map((user) => `{ ${user}@box.example = ${user === '受信' ? 'utf8' : user}/ }`)
      .join(', ')
    postfix = await startPostfix((directory) => ({
      virtual_mailbox_domains: 'box.example',
      virtual_mailbox_maps: `inline:{ ${boxes} }`,
      virtual_mailbox_base: join(directory, 'mail'),
      virtual_uid_maps: 'static:1',
      virtual_gid_maps: 'static:1',
      virtual_minimum_uid: '1',
      smtpd_tls_security_level: 'encrypt',
      smtpd_tls_cert_file: pem,
      smtpd_tls_key_file: pem,
      smtpd_tls_loglevel: '1',
      smtpd_relay_restrictions: 'reject_unauth_destination',
      message_size_limit: String(SIZE_LIMIT),
      mailbox_size_limit: '0',
      virtual_mailbox_limit: '0',
    }))
    const route = `[[routes]]\ndomain = "box.example"\nto = ["127.0.0.1:${postfix.port}"]\ntls = "required"\nallow_private = true`
    rig.configure({ '': route })
    await rig.run()
    await rig.seed()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await postfix[Symbol.asyncDispose]()
  })

  /** The one message in a mailbox, as Postfix wrote it: lines end with LF. */
  const mailbox = async (name: string, address: string): Promise<Buffer> => {
    await rig.log.until('delivery.delivered', { to: address })
    await postfix.logged(new RegExp(`to=<${RegExp.escape(address)}>.*status=sent \\(delivered to maildir\\)`))
    const folder = join(postfix.directory, 'mail', name, 'new')
    const files = readdirSync(folder)
    assert.equal(files.length, 1, `${files.length} messages in ${name}`)
    return readFileSync(join(folder, files[0] ?? ''))
  }

  test('a message lies in the mailbox octet by octet, and came by TLS 1.3', async () => {
    const to = 'user@box.example'
    const content = letter({ from: FROM, to })
    await rig.submit({ from: FROM, to, content })
    const kept = await mailbox('user', to)
    assert.ok(kept.toString('latin1').endsWith(withLf(content).toString('latin1')))
    assert.match(kept.toString('latin1'), /^Return-Path: <sender@example\.org>\n/)
    assert.match(kept.toString('latin1'), /^\tby postfix\.example\.net \(Postfix\) with ESMTPS id /m)
    assert.match(postfix.log, /TLS connection established from localhost\[127\.0\.0\.1\]: TLSv1\.3 /)
  })

  test('8-bit text stays 8-bit text', async () => {
    const to = 'eight@box.example'
    const content = letter({ from: FROM, to, eightBit: true })
    await rig.submit({ from: FROM, to, content, mail: 'BODY=8BITMIME' })
    assert.ok((await mailbox('eight', to)).toString('latin1').endsWith(withLf(content).toString('latin1')))
  })

  test('an address beyond ASCII is reached by SMTPUTF8', async () => {
    const to = '受信@box.example'
    await rig.submit({
      from: FROM,
      to,
      content: letter({ from: FROM, to: 'x@example.com' }),
      mail: 'SMTPUTF8',
    })
    assert.match((await mailbox('utf8', to)).toString(), /with UTF8SMTPS id /)
  })

  test('two recipients of one message, and another message on the same connection', async () => {
    const to = ['two@box.example', 'three@box.example']
    await rig.submit({ from: FROM, to, content: letter({ from: FROM, to: 'both@box.example' }) })
    for (const one of to) await mailbox(one.split('@')[0] ?? '', one)
    await rig.submit({
      from: FROM,
      to: 'second@box.example',
      content: letter({ from: FROM, to: 'second@box.example' }),
    })
    await mailbox('second', 'second@box.example')
  })

  test('a message of 150 KB arrives; one beyond the limit that SIZE told bounces without being sent', async () => {
    const small = Buffer.concat([
      letter({ from: FROM, to: 'large@box.example' }),
      Buffer.from(`${'y'.repeat(76)}\r\n`.repeat(1_900)),
    ])
    await rig.submit({ from: FROM, to: 'large@box.example', content: small })
    assert.ok(
      (await mailbox('large', 'large@box.example'))
        .toString('latin1')
        .endsWith(withLf(small).toString('latin1')),
    )
    const big = Buffer.concat([small, small])
    const id = await rig.submit({ from: FROM, to: 'user@box.example', content: big })
    const { reply } = await rig.log.until('delivery.bounced', { message: id })
    assert.match(String(reply), /5\.3\.4/)
  })

  test('a user who is not there comes back to the sender as a notification with the words of Postfix', async () => {
    const from = `told@${DOMAIN}`
    const id = await rig.submit({
      from,
      to: 'nobody@box.example',
      content: letter({ from, to: 'nobody@box.example' }),
    })
    await rig.log.until('delivery.bounced', { message: id })
    const { raw, envelope } = await rig.delivered(from)
    assert.equal(envelope.from, null)
    const { recipients } = reportOf(raw)
    assert.equal(recipients[0]?.get('final-recipient'), 'rfc822; nobody@box.example')
    assert.equal(recipients[0]?.get('status'), '5.1.1')
    assert.match(
      recipients[0]?.get('diagnostic-code') ?? '',
      /^smtp; ?550 5\.1\.1 <nobody@box\.example>: Recipient address rejected/,
    )
  })

  test('NOTIFY=SUCCESS is passed on, and the success is told by Postfix', async () => {
    const to = 'told@box.example'
    const content = letter({ from: FROM, to })
    const id = await rig.submit({ from: FROM, to, content, rcpt: 'NOTIFY=SUCCESS', mail: 'ENVID=seven' })
    await rig.log.until('delivery.delivered', { message: id })
    await postfix.logged(/sender delivery status notification/)
    // It told Postfix's own side; we must not tell it again.
    assert.equal(rig.log.count('notice.sent', { about: id }), 0)
  })
}
