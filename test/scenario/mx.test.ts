/** What comes back by the MX door after mail was delivered, over real sockets, until suppressions and records say so. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ownAddress } from '#engine/queue'
import type { Purpose } from '#engine/queue'
import type { MessageId, Report } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import { openServerKey } from '#platform/secret'

import { Client } from './client.ts'
import { DOMAIN, NODE_NAME, Rig } from './rig.ts'

const FROM = `shop@${DOMAIN}`
const BOUNCES = `bounce.${DOMAIN}`

/** As another host would report it. */
function dsn(to: string, fields: string): string {
  return [
    'From: MAILER-DAEMON@mx.example.net',
    'Subject: Undelivered Mail Returned to Sender',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    '',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.net',
    '',
    `Final-Recipient: rfc822; ${to}`,
    'Action: failed',
    fields,
    '--b--',
    '',
  ].join('\r\n')
}

const UNKNOWN = 'Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user here'
const FULL = 'Status: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full'

function arf(original: string): string {
  return [
    'From: fbl@example.net',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary=b',
    '',
    '--b',
    'Content-Type: message/feedback-report',
    '',
    'Feedback-Type: abuse',
    'User-Agent: ExampleFBL/1',
    'Version: 1',
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    original,
    '--b--',
    '',
  ].join('\r\n')
}

const AWAY = `From: aki@example.net\r\nTo: ${FROM}\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack soon.\r\n`

type Suppressed = {
  readonly address: string
  readonly reason: string
  readonly class?: string
  readonly stream: string
}

suite('the MX door', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({
      sections: {
        queue: `return_path_domain = "${BOUNCES}"`,
        'listeners.mx': 'address = "127.0.0.1"\nport = 0\nkind = "mx"',
        suppression: 'soft_count = 2',
      },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** A message that the sandbox took, and the return path it had. */
  async function delivered(
    to: string,
    rcpt = '',
  ): Promise<{ readonly id: MessageId; readonly path: string }> {
    const content = `From: <${FROM}>\r\nTo: <${to}>\r\nSubject: Spring\r\n\r\nx\r\n`
    const id = await rig.submit({ from: FROM, to, content, ...(rcpt === '' ? {} : { rcpt }) })
    await rig.log.until('delivery.delivered', { message: id })
    const { envelope } = await rig.delivered(to)
    assert(envelope.from !== null)
    const path = formatMailbox(envelope.from)
    assert.equal(envelope.from.domain, BOUNCES)
    return { id, path }
  }

  /** The reply to mail from a stranger. */
  async function comes(to: string, content: string, from = ''): Promise<string> {
    using client = await Client.ready(rig.node.port('mx'))
    return await client.submit({ from, to, content })
  }

  function address(purpose: Purpose, message: MessageId): string {
    const secret = openServerKey(rig.files.data).mac('return-path', NODE_NAME)
    return formatMailbox(ownAddress({ purpose, key: { message, n: 0 } }, BOUNCES, secret))
  }

  async function reports(id: MessageId): Promise<readonly Report[]> {
    return (await rig.operations.message({ id }))?.deliveries[0]?.reports ?? []
  }

  function suppressed(match: string): Promise<readonly Suppressed[]> {
    return rig.cli<readonly Suppressed[]>('suppression', 'list', '--match', match)
  }

  test('a hard bounce suppresses its recipient, is seen in the record, and reaches the sender', async () => {
    const to = 'newly-gone@later.example.com'
    const { id, path } = await delivered(to)
    assert.match(await comes(path, dsn(to, UNKNOWN)), /^250 2\.0\.0/)
    const event = await rig.log.until('bounce.received', { message: id })
    assert.deepEqual([event['class'], event['type'], event['to']], ['user-unknown', 'hard', to])
    const [one] = await suppressed(to)
    assert.deepEqual([one?.reason, one?.class, one?.stream], ['bounce', 'user-unknown', '*'])
    const shown = await rig.cliRun('message', 'show', id)
    assert.match(
      shown.out,
      /delivered {2}\[[\s\S]*came back\n.*550 5\.1\.1 No such user here\n.*user-unknown \(hard\)/,
    )
    assert.match(shown.out, /its sender was told by/)
    const explained = await rig.cliRun('message', 'explain', id)
    assert.match(explained.out, /It came back at/)
    const notice = await rig.log.until('notice.sent', { about: id })
    await rig.log.until('delivery.delivered', { message: notice['message'] })
    const told = rig.received(FROM).find(({ raw }) => raw.includes(to))
    assert.equal(told?.envelope.from, null)
    assert.match(told.raw.toString(), /Final-Recipient: rfc822; ?newly-gone@later\.example\.com/)
  })

  test('what strangers make up is refused, and nothing is relayed', async () => {
    const to = 'forged@later.example.com'
    const { id, path } = await delivered(to)
    const forged = path.replace(/.@/, (last) => (last === '0@' ? '1@' : '0@'))
    const refused = await comes(forged, dsn(to, UNKNOWN))
    assert.match(refused, /^550 5\.1\.1/)
    assert.equal(await comes(`shop@${BOUNCES}`, dsn(to, UNKNOWN)), refused)
    assert.match(await comes('victim@example.net', dsn(to, UNKNOWN)), /^550 5\.7\.1/)
    // Not even to where its own trusted networks may send.
    assert.match(await comes(to, dsn(to, UNKNOWN)), /^550 5\.7\.1/)
    assert.deepEqual([await suppressed(to), await reports(id)], [[], []])
  })

  test('the same soft bounce twice is one', async () => {
    const to = 'fuller@later.example.com'
    const first = await delivered(to)
    assert.match(await comes(first.path, dsn(to, FULL)), /^250/)
    assert.match(await comes(first.path, dsn(to, FULL)), /^250/)
    await rig.log.until('feedback.repeated', { message: first.id })
    assert.deepEqual(await suppressed(to), [])
    const second = await rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\n\r\nx\r\n` })
    await rig.log.until('delivery.delivered', { message: second })
    assert.match(await comes(address('return-path', second), dsn(to, FULL)), /^250/)
    const [one] = await suppressed(to)
    assert.deepEqual([one?.reason, one?.class], ['soft-bounces', 'mailbox-full'])
  })

  test('a complaint suppresses the stream, known by its address or by what it quotes', async () => {
    for (const how of ['address', 'quoted'] as const) {
      const to = `angry-${how}@later.example.com`
      const { id, path } = await delivered(to)
      const quoted = `Return-Path: <${path}>\r\nSubject: Spring`
      const [where, what] =
        how === 'address' ? [address('complaint', id), 'Subject: Spring'] : [`complaints@${BOUNCES}`, quoted]
      assert.match(await comes(where, arf(what), 'fbl@example.net'), /^250/)
      await rig.log.until('complaint.received', { message: id })
      const [one] = await suppressed(to)
      assert.deepEqual([one?.reason, one?.stream], ['complaint', 'transactional'])
    }
  })

  test('who is away is not a bounce', async () => {
    const to = 'away@later.example.com'
    const { id, path } = await delivered(to)
    assert.match(await comes(path, AWAY, 'aki@example.net'), /^250/)
    await rig.log.until('autoreply.received', { message: id })
    assert.deepEqual([await suppressed(to), await reports(id)], [[], []])
  })

  test('who writes to unsubscribe is suppressed in that stream', async () => {
    const to = 'tired@later.example.com'
    const { id } = await delivered(to)
    const content = `From: ${to}\r\nSubject: unsubscribe\r\n\r\n`
    assert.match(await comes(address('unsubscribe', id), content, to), /^250/)
    await rig.log.until('unsubscribe.received', { message: id })
    const [one] = await suppressed(to)
    assert.deepEqual([one?.reason, one?.stream], ['unsubscribe', 'transactional'])
  })

  test('the postmaster is there out of the box, and what is written to them can be read', async () => {
    const content = `From: eve@example.net\r\nSubject: Your mail\r\n\r\nPlease stop.\r\n`
    for (const to of ['postmaster', `postmaster@${NODE_NAME}`, `ABUSE@${BOUNCES}`])
      assert.match(await comes(to, content, 'eve@example.net'), /^250 2\.0\.0/)
    const rows = await rig.cli<readonly { id: string; recipient: string }[]>('postmaster', 'list')
    assert.deepEqual(
      rows.map(({ recipient }) => recipient),
      [`ABUSE@${BOUNCES}`, `postmaster@${NODE_NAME}`, `postmaster@${NODE_NAME}`],
    )
    const shown = await rig.cliRun('postmaster', 'show', rows[0]?.id ?? '')
    assert.match(shown.out, /^Received: from [\s\S]*\nSubject: Your mail\n\nPlease stop\.\n$/)
    const doctor = await rig.cliRun('doctor')
    assert.match(
      doctor.out,
      /^warning {2}postmaster .*is kept here, and nobody is told of it; the newest came at/m,
    )
    await rig.cli('postmaster', 'remove', ...rows.map(({ id }) => id))
    assert.deepEqual(await rig.cli('postmaster', 'list'), [])
  })

  test('strangers get TLS and no login, and none of it made mail but the notifications to the sender', async () => {
    using client = await Client.ready(rig.node.port('mx'), { tls: 'starttls' })
    const offers = await client.say('EHLO mx.example.net')
    assert.doesNotMatch(offers, /AUTH|DSN|STARTTLS/)
    const made = rig.log.named('notice.sent')
    assert(made.every(({ to }) => to === `<${FROM}>`))
  })
})
