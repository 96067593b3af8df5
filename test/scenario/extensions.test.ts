/** Every extension of the submission listeners, from the client's command to what the receiver got. */

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'

import type { MessageId } from '#engine/spool'

import { Client } from './client.ts'
import { dkimVerdicts, mailOf, reportOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
const SIGNED = ['ed25519-sha256 pass', 'rsa-sha256 pass']

function letter(to: string, body: string, ...more: readonly string[]): string {
  return [`From: <${FROM}>`, `To: <${to}>`, 'Subject: a test', ...more, '', body].join('\r\n')
}

type Envelope = { readonly from: string; readonly mail?: string; readonly rcpt?: string }

const sha256 = (octets: Buffer | string): string => createHash('sha256').update(octets).digest('hex')

suite('extensions', { concurrency: 50 }, () => {
  let rig: Rig
  before(async () => {
    // One connection a path: the order in which mail leaves is the order in which it arrives.
    rig = await Rig.start({
      sections: { queue: 'retry = ["1s"]\njitter = 0', egress: 'connections_per_path = 1' },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** What the content is, is of no matter. */
  async function submitShort(envelope: Envelope & { readonly to: string }): Promise<MessageId> {
    return rig.submit({ ...envelope, content: letter(envelope.to, 'Soon, please.') })
  }

  test('every extension is offered, on one line each', async () => {
    using client = await rig.client()
    const offered = (await client.say('EHLO client.example.net')).split(' | ').map((line) => line.slice(4))
    for (const keyword of [
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'CHUNKING',
      'BINARYMIME',
      'DSN',
    ])
      assert.ok(offered.includes(keyword), keyword)
    for (const pattern of [
      /^SIZE \d+$/,
      /^DELIVERBY/,
      /^FUTURERELEASE \d+ /,
      /^MT-PRIORITY/,
      /^LIMITS .*RCPTMAX=/,
    ])
      assert.ok(
        offered.some((line) => pattern.test(line)),
        String(pattern),
      )
  })

  test('FUTURERELEASE: the message is held until its time, and then it is sent', async () => {
    const to = 'later@future.example.com'
    const began = Date.now()
    const id = await rig.submit({ from: FROM, to, content: letter(to, 'x\r\n'), mail: 'HOLDFOR=3' })
    const view = await rig.operations.message({ id })
    assert.equal(view?.deliveries[0]?.delivery.state, 'waiting')
    await rig.delivered(to)
    assert.ok(Date.now() - began >= 3_000)
  })

  test('MT-PRIORITY: what is urgent overtakes what is ordinary, and that what is not urgent', async () => {
    // All of them are due at the same moment, and one connection takes them.
    const until = new Date(Date.now() + 2_500).toISOString().replace(/\.\d+Z$/, 'Z')
    const domain = 'priority.example.com'
    const priorities = [0, -6, 9, -3, 0, 6, -9, 4]
    await Promise.all(
      priorities.map((priority, i) => {
        const to = `p${i}@${domain}`
        return rig.submit({
          from: FROM,
          to,
          content: letter(to, 'x\r\n'),
          mail: `MT-PRIORITY=${priority} HOLDUNTIL=${until}`,
        })
      }),
    )
    for (const i of priorities.keys()) await rig.delivered(`p${i}@${domain}`)
    const arrived = rig.sandbox
      .received()
      .filter(({ envelope }) => envelope.to[0]?.to.domain === domain)
      .map(({ envelope }) => envelope.priority)
    assert.deepEqual(arrived.map(band), [
      ...Array<string>(3).fill('urgent'),
      ...Array<string>(2).fill('ordinary'),
      ...Array<string>(3).fill('bulk'),
    ])
    assert.deepEqual(
      arrived.toSorted((a, b) => a - b),
      priorities.toSorted((a, b) => a - b),
    )
  })

  test('REQUIRETLS: a peer without TLS gets nothing, and the sender a report with 5.7.30', async () => {
    const sender = `private@${DOMAIN}`
    const to = 'user@no-tls.example.com'
    // RFC 8689 §3: the parameter exists inside TLS only.
    using client = await Client.ready(rig.node.port('submission'), {
      tls: 'starttls',
      credential: rig.credential,
    })
    const content = `From: <${sender}>\r\n\r\nA secret.\r\n`
    assert.match(await client.submit({ from: sender, to, content, mail: 'REQUIRETLS' }), /^250 /)
    await rig.log.until('delivery.bounced', { to })
    assert.deepEqual(rig.received(to), [])
    const report = await rig.log.until('notice.sent', { to: `<${sender}>` })
    const view = await rig.operations.message({ id: String(report['message']) as MessageId })
    assert.ok(view)
    // RFC 8689 §5: the report does not carry the content in clear either.
    assert.equal(view.message.from, null)
    assert.equal(
      rig.received(sender).some(({ raw }) => raw.includes('A secret')),
      false,
    )
  })

  test('REQUIRETLS waits for a certificate that can be verified, and is never sent to one that cannot', async () => {
    const to = 'user@unverified.example.com'
    using client = await Client.ready(rig.node.port('submissions'), {
      tls: 'implicit',
      credential: rig.credential,
    })
    assert.match(
      await client.submit({ from: FROM, to, content: letter(to, 'x\r\n'), mail: 'REQUIRETLS' }),
      /^250 /,
    )
    const deferred = await rig.log.until('delivery.deferred', { to })
    assert.match(String(deferred['reply']), /4\.7\.30/)
    assert.deepEqual(rig.received(to), [])
  })

  test('DELIVERBY: the time is passed on with its mode, also one that is over, and a trace is told of', async () => {
    const sender = `traced@${DOMAIN}`
    const id = await submitShort({ from: sender, to: 'traced@by.example.com', mail: 'BY=3600;RT' })
    const { envelope } = await rig.delivered('traced@by.example.com')
    assert.equal(envelope.deliverBy?.mode, 'return')
    assert.equal(envelope.deliverBy.trace, true)
    const left = envelope.deliverBy.at - Date.now()
    assert.ok(left > 0 && left <= 3_600_000, `${left} ms left`)
    const report = reportOf((await rig.delivered(sender)).raw)
    assert.equal(report.recipients[0]?.get('action'), 'relayed')
    assert.match(report.recipients[0].get('status') ?? '', /^2\./)
    assert.ok(report.message.has('deliver-by-date'))
    assert.equal(rig.log.count('notice.sent', { about: id, kind: 'deadline-passed-on' }), 1)

    const overdue = `overdue@${DOMAIN}`
    const late = await submitShort({ from: overdue, to: 'late@by.example.com', mail: 'BY=-60;N' })
    const arrived = await rig.delivered('late@by.example.com')
    assert.ok((arrived.envelope.deliverBy?.at ?? Infinity) <= Date.now() - 60_000)
    assert.equal(arrived.envelope.deliverBy?.overdue, true)
    assert.equal(rig.log.count('notice.sent', { about: late }), 0)
  })

  test('DELIVERBY: a host that does not know it gets mode N without it, and the sender hears so, unless NOTIFY=NEVER', async () => {
    const sender = `hurried@${DOMAIN}`
    const quiet = await submitShort({
      from: sender,
      to: 'quiet@no-ehlo.example.com',
      mail: 'BY=3600;N',
      rcpt: 'NOTIFY=NEVER',
    })
    await rig.delivered('quiet@no-ehlo.example.com')
    await submitShort({ from: sender, to: 'user@no-ehlo.example.com', mail: 'BY=3600;N' })
    const { envelope } = await rig.delivered('user@no-ehlo.example.com')
    assert.equal(envelope.deliverBy, undefined)
    const { raw } = await rig.delivered(sender)
    const report = reportOf(raw)
    assert.equal(report.recipients[0]?.get('action'), 'relayed')
    assert.match(report.recipients[0].get('final-recipient') ?? '', /user@no-ehlo/)
    assert.equal(rig.log.count('notice.sent', { about: quiet }), 0)
  })

  test('DELIVERBY: mode R does not go to a host that does not know it, and below the minimum is refused at MAIL', async () => {
    const sender = `strict@${DOMAIN}`
    const to = 'strict@no-ehlo.example.com'
    await submitShort({ from: sender, to, mail: 'BY=3600;R' })
    const report = reportOf((await rig.delivered(sender)).raw)
    assert.equal(report.recipients[0]?.get('action'), 'failed')
    assert.equal(report.recipients[0].get('status'), '5.4.7')
    assert.deepEqual(rig.received(to), [])
    using client = await rig.client()
    const ehlo = await client.say('EHLO client.example.net')
    assert.match(ehlo, /DELIVERBY 60/)
    for (const by of ['59;R', '0;R', '-1;R']) {
      assert.match(await client.say(`MAIL FROM:<${sender}> BY=${by}`), /^501 5\.5\.4 /)
    }
  })

  test('SMTPUTF8: an address beyond ASCII arrives whole, and bounces with 5.6.7 from a peer that cannot take it', async () => {
    const utf8 = '飛脚@配達.example.com'
    const content = Buffer.from(letter(utf8, '本文\r\n', 'X-Name: 飛脚'))
    await rig.submit({ from: FROM, to: utf8, content, mail: 'SMTPUTF8 BODY=8BITMIME' })
    await rig.log.until('delivery.delivered', { to: (to: unknown) => String(to).startsWith('飛脚@') })
    const got = rig.sandbox.received().find(({ envelope }) => envelope.to[0]?.to.local === '飛脚')
    assert.ok(got)
    assert.equal(got.envelope.smtputf8, true)
    assert.ok(got.raw.includes(Buffer.from('X-Name: 飛脚')))
    assert.deepEqual(await dkimVerdicts(got.raw, rig.domain), SIGNED)

    const sender = `utf8@${DOMAIN}`
    const to = '飛脚@no-smtputf8.example.com'
    await rig.submit({
      from: sender,
      to,
      content: Buffer.from(`From: <${sender}>\r\n\r\nx\r\n`),
      mail: 'SMTPUTF8',
    })
    const { raw } = await rig.delivered(sender)
    const report = reportOf(raw)
    assert.equal(report.recipients[0]?.get('status'), '5.6.7')
    assert.equal(report.recipients[0]?.get('action'), 'failed')
  })

  test('8BITMIME: octets beyond ASCII arrive as they are, and converted and signed at a peer of seven bits', async () => {
    const body = 'Grüße aus Köln.\r\nこんにちは。\r\n'
    const mime = [
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
    ]
    const eight = 'user@eight.example.com'
    const seven = 'user@no-8bit.example.com'
    for (const to of [eight, seven])
      await rig.submit({
        from: FROM,
        to,
        content: Buffer.from(letter(to, body, ...mime)),
        mail: 'BODY=8BITMIME',
      })
    const as8 = await rig.delivered(eight)
    assert.equal(as8.envelope.body, '8bitmime')
    assert.equal(Buffer.from(mailOf(as8.raw).body, 'latin1').toString(), body)
    const as7 = await rig.delivered(seven)
    const mail = mailOf(as7.raw)
    assert.ok(as7.raw.every((octet) => octet < 128))
    const encoding = mail.one('Content-Transfer-Encoding').toLowerCase()
    const decoded = encoding === 'base64' ? Buffer.from(mail.body, 'base64') : fromQuotedPrintable(mail.body)
    assert.equal(decoded.toString(), body)
    for (const { raw } of [as8, as7]) assert.deepEqual(await dkimVerdicts(raw, rig.domain), SIGNED)
  })

  test('BINARYMIME by BDAT: every octet arrives, and a peer without it gets base64', async () => {
    const octets = Buffer.concat([
      Buffer.from([0, 10, 13, 46, 13, 10, 0, 255]),
      randomBytes(3_000),
      Buffer.from([13]),
    ])
    const mime = [
      'MIME-Version: 1.0',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: binary',
    ]
    const whole = 'user@binary.example.com'
    const encoded = 'binary@no-8bit.example.com'
    for (const to of [whole, encoded]) {
      const content = Buffer.concat([Buffer.from(letter(to, '', ...mime)), octets])
      await rig.submit({ from: FROM, to, content, mail: 'BODY=BINARYMIME', chunk: 1_000 })
    }
    const binary = await rig.delivered(whole)
    assert.equal(binary.envelope.body, 'binarymime')
    assert.equal(sha256(Buffer.from(mailOf(binary.raw).body, 'latin1')), sha256(octets))
    const base64 = await rig.delivered(encoded)
    const mail = mailOf(base64.raw)
    assert.equal(mail.one('Content-Transfer-Encoding').toLowerCase(), 'base64')
    assert.equal(sha256(Buffer.from(mail.body, 'base64')), sha256(octets))
    assert.deepEqual(await dkimVerdicts(base64.raw, rig.domain), SIGNED)
  })

  test('CHUNKING: chunks of one octet make the message that one chunk makes', async () => {
    const to = 'user@chunks.example.com'
    await rig.submit({ from: FROM, to, content: letter(to, '.\r\n..\r\nlast\r\n'), chunk: 1 })
    const { raw } = await rig.delivered(to)
    assert.equal(mailOf(raw).body, '.\r\n..\r\nlast\r\n')
    assert.deepEqual(await dkimVerdicts(raw, rig.domain), SIGNED)
  })

  test('a message of 5 MB arrives octet for octet, and is signed', async () => {
    const to = 'user@large.example.com'
    const lines = randomBytes(3_800_000)
      .toString('base64')
      .replaceAll(/.{1,76}/g, '$&\r\n')
    const body = `${lines}.\r\n.. two dots\r\n`
    await rig.submit({ from: FROM, to, content: letter(to, body) })
    const { raw } = await rig.delivered(to)
    assert.equal(sha256(mailOf(raw).body), sha256(body))
    assert.deepEqual(await dkimVerdicts(raw, rig.domain), SIGNED)
  })

  test('a message said to be larger than SIZE is refused at MAIL', async () => {
    using client = await rig.client()
    assert.match(await client.say(`MAIL FROM:<${FROM}> SIZE=99999999999`), /^552 /)
  })

  test('PIPELINING: a whole session in one segment gets a reply to each command, in order', async () => {
    const to = 'user@pipelined.example.com'
    using client = await rig.client()
    client.write(
      `MAIL FROM:<${FROM}>\r\nRCPT TO:<not an address>\r\nRCPT TO:<${to}>\r\nDATA\r\n${letter(to, 'x\r\n')}.\r\nQUIT\r\n`,
    )
    const replies: string[] = []
    for (let n = 0; n < 6; n += 1) replies.push((await client.reply()).slice(0, 3))
    assert.deepEqual(replies, ['250', '501', '250', '354', '250', '221'])
    await rig.delivered(to)
  })
})

/** RFC 6710 §5: the levels that are told apart. */
function band(priority: number): string {
  if (priority >= 4) return 'urgent'
  return priority >= 0 ? 'ordinary' : 'bulk'
}

/** RFC 2045 §6.7 */
function fromQuotedPrintable(text: string): Buffer {
  const joined = text.replaceAll(/=\r\n/g, '')
  return Buffer.from(
    joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}
