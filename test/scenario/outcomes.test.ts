/** What becomes of mail that is put off, refused or late, and what its sender hears of it. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { MessageId } from '#engine/spool'

import type { Report } from './mail.ts'
import { mailOf, reportOf } from './mail.ts'
import { DOMAIN, NODE_NAME, Rig } from './rig.ts'

/** Tried again after 1 s, given up after 6; the sender who asks is told of a delay after 2. */
const QUEUE = 'retry = ["1s"]\njitter = 0\nexpire = "8s"\ndelay_warning = "2s"'

/** Every test has a sender of its own, so that its notifications are its own too. */
const from = (name: string): string => `from-${name}@${DOMAIN}`

function letter(sender: string, to: string): string {
  return `From: <${sender}>\r\nTo: <${to}>\r\nSubject: a test\r\n\r\nOnly these words.\r\n`
}

suite('outcomes', { concurrency: 50 }, () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.prepare({
      sections: { queue: QUEUE, limits: 'deliver_by_minimum = "1s"' },
      sandbox: { greylisting: 1_500 },
    })
    // All these domains are one site, whose hosts reset more than any honest receiver's.
    mkdirSync(join(rig.directory, 'shaping'))
    writeFileSync(join(rig.directory, 'shaping', 'own.toml'), '[default.reactions.resets]\nenabled = false\n')
    await rig.run()
    await rig.seed()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function submit(
    name: string,
    to: string,
    parameters: { mail?: string; rcpt?: string } = {},
  ): Promise<MessageId> {
    return rig.submit({ from: from(name), to, content: letter(from(name), to), ...parameters })
  }

  /** The notification that came back to a sender; it must be the only one. */
  async function notification(name: string): Promise<{ report: Report; raw: Buffer }> {
    const { envelope, raw } = await rig.delivered(from(name))
    assert.equal(envelope.from, null)
    assert.equal(rig.received(from(name)).length, 1)
    return { report: reportOf(raw), raw }
  }

  test('a greylisted message is deferred with the words of the peer, and delivered by a later try', async () => {
    const to = 'greylist@later.example.com'
    const id = await submit('patient', to)
    const deferred = await rig.log.until('delivery.deferred', { message: id })
    assert.equal(deferred['reply'], `450 4.2.0 <${to}>: Recipient address rejected: Greylisted`)
    await rig.delivered(to)
    const { deliveries, hasBody } = (await rig.operations.message({ id })) ?? assert.fail()
    const [{ delivery, attempts } = assert.fail()] = deliveries
    assert.equal(delivery.state, 'delivered')
    assert.equal(attempts.length, delivery.attempts)
    assert.deepEqual([attempts[0]?.outcome, attempts.at(-1)?.outcome], ['deferred', 'delivered'])
    assert.equal(hasBody, false)
    assert.equal(rig.log.count('notice.sent', { about: id }), 0)
  })

  test('a message that is put off twice goes out at the third try, once', async () => {
    const to = 'defer-2@later.example.com'
    const id = await submit('thrice', to)
    await rig.delivered(to)
    assert.equal(rig.log.count('delivery.deferred', { message: id }), 2)
    assert.equal(rig.received(to).length, 1)
  })

  test('an unknown user bounces: the sender gets a report with the address, the status, the reply and the message', async () => {
    const to = 'bounce-me@nowhere.example.com'
    await submit('sender', to, { mail: 'ENVID=QQ314159', rcpt: 'ORCPT=rfc822;original@example.net' })
    const { report, raw } = await notification('sender')
    const mail = mailOf(raw)
    assert.match(report.type, /^multipart\/report;.*report-type="?delivery-status"?/i)
    assert.equal(report.message.get('reporting-mta'), `dns; ${NODE_NAME}`)
    assert.equal(report.message.get('original-envelope-id'), 'QQ314159')
    const [recipient, ...others] = report.recipients
    assert.equal(others.length, 0)
    assert.equal(recipient?.get('final-recipient'), `rfc822; ${to}`)
    assert.equal(recipient?.get('original-recipient'), 'rfc822;original@example.net')
    assert.equal(recipient?.get('action'), 'failed')
    assert.equal(recipient?.get('status'), '5.1.1')
    assert.equal(
      recipient?.get('diagnostic-code'),
      `smtp; 550 5.1.1 <${to}>: Recipient address rejected: User unknown`,
    )
    assert.equal(report.returned.type, 'message/rfc822')
    assert.match(report.returned.text, /Only these words/)
    assert.match(mail.one('Auto-Submitted'), /^auto-replied/)
    assert.match(mail.one('From'), /postmaster@mx\.hikyaku\.test/)
    assert.match(mail.one('To'), /<?from-sender@example\.org>?/)
  })

  test('RET=HDRS returns the header section and nothing of the body', async () => {
    await submit('headers', 'bounce-me@headers.example.com', { mail: 'RET=HDRS' })
    const { report } = await notification('headers')
    assert.equal(report.returned.type, 'text/rfc822-headers')
    assert.match(report.returned.text, /Subject: a test/)
    assert.doesNotMatch(report.returned.text, /Only these words/)
  })

  test('NOTIFY=NEVER hears nothing of a bounce, and neither does the null reverse-path', async () => {
    const quiet = await submit('quiet', 'bounce-me@quiet.example.com', { rcpt: 'NOTIFY=NEVER' })
    const to = 'bounce-me@null.example.com'
    const nobody = await rig.submit({ from: '', to, content: letter(from('nobody'), to) })
    for (const message of [quiet, nobody]) await rig.log.until('delivery.bounced', { message })
    // A bounce that is told of after these two: then so would they have been.
    await submit('after', 'bounce-me@after.example.com')
    await notification('after')
    for (const about of [quiet, nobody]) assert.equal(rig.log.count('notice.sent', { about }), 0)
    assert.deepEqual(rig.received(from('quiet')), [])
  })

  test('NOTIFY=SUCCESS is passed on to a peer with DSN, and answered with "relayed" for one without', async () => {
    const passed = 'user@with-dsn.example.com'
    const about = await submit('passed', passed, { mail: 'ENVID=abc RET=HDRS', rcpt: 'NOTIFY=SUCCESS' })
    const { envelope } = await rig.delivered(passed)
    assert.deepEqual(envelope.to[0]?.notify, ['success'])
    assert.equal(envelope.envid, 'abc')
    assert.equal(envelope.ret, 'headers')
    await submit('relayed', 'user@no-ehlo.example.com', { rcpt: 'NOTIFY=SUCCESS' })
    const { report } = await notification('relayed')
    assert.equal(report.recipients[0]?.get('action'), 'relayed')
    assert.match(report.recipients[0]?.get('status') ?? '', /^2\./)
    assert.equal(report.returned.type, 'text/rfc822-headers')
    assert.equal(rig.log.count('notice.sent', { about }), 0)
  })

  test('NOTIFY=DELAY is told once, and the message expires with a report to who asked for failures too', async () => {
    const to = 'defer-me@slow.example.com'
    const id = await submit('late', to, { rcpt: 'NOTIFY=DELAY,FAILURE' })
    await rig.log.until('notice.sent', { about: id, kind: 'delayed' })
    await rig.log.until('delivery.expired', { message: id })
    await rig.log.until('delivery.delivered', { to: from('late') }, 2)
    const reports = rig.received(from('late')).map(({ raw }) => reportOf(raw))
    assert.deepEqual(
      reports.map(({ recipients: [one] }) => [one?.get('action'), one?.get('status')]),
      [
        ['delayed', '4.3.0'],
        ['failed', '5.4.7'],
      ],
    )
    assert.ok(reports[0]?.recipients[0]?.has('will-retry-until'))
    const { deliveries } = (await rig.operations.message({ id })) ?? assert.fail()
    assert.equal(deliveries[0]?.delivery.state, 'expired')
    assert.equal(rig.log.count('notice.sent', { about: id, kind: 'delayed' }), 1)
  })

  test('who did not ask for it is not told of a delay', async () => {
    const id = await submit('calm', 'defer-3@slow.example.com')
    await rig.delivered('defer-3@slow.example.com')
    assert.equal(rig.log.count('notice.sent', { about: id }), 0)
  })

  test('DELIVERBY with R returns what is not delivered by its time', async () => {
    const id = await submit('urgent', 'defer-me@by.example.com', { mail: 'BY=2;R' })
    const { report } = await notification('urgent')
    assert.equal(report.recipients[0]?.get('action'), 'failed')
    assert.equal(report.recipients[0]?.get('status'), '5.4.7')
    assert.equal(rig.log.count('delivery.delivered', { message: id }), 0)
  })

  test('DELIVERBY with N tells the sender when its time has passed, and goes on trying', async () => {
    const to = 'defer-3@by.example.com'
    await submit('notified', to, { mail: 'BY=2;N' })
    const { report } = await notification('notified')
    assert.equal(report.recipients[0]?.get('action'), 'delayed')
    await rig.delivered(to)
  })

  test('DELIVERBY is passed on with the time that is left', async () => {
    const to = 'user@by.example.com'
    await submit('handed-on', to, { mail: 'BY=120;R' })
    const { envelope } = await rig.delivered(to)
    assert.equal(envelope.deliverBy?.mode, 'return')
    const left = (envelope.deliverBy?.at ?? 0) - Date.now()
    assert.ok(left > 60_000 && left <= 120_000, `${left} ms left`)
  })

  for (const [behaviour, status] of [
    ['reject-content', '5.6.0'],
    ['full', '5.2.2'],
    ['markup', '5.7.1'],
  ] as const) {
    test(`${behaviour}@ bounces with ${status}, and nothing of the reply can break out of the report`, async () => {
      const to = `${behaviour}@various.example.com`
      await submit(behaviour, to)
      const { report, raw } = await notification(behaviour)
      assert.equal(report.recipients[0]?.get('status'), status)
      // oxlint-disable-next-line no-control-regex -- that is what must not be there
      assert.doesNotMatch(raw.toString('latin1'), /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/)
    })
  }

  for (const behaviour of [
    'drop-in-data',
    'reset',
    'busy',
    'defer-content',
    'defer-data',
    'drop-after-dot',
  ] as const) {
    test(`${behaviour}@ is deferred and tried again until it expires`, async () => {
      const id = await submit(behaviour, `${behaviour}@broken.example.com`)
      await rig.log.until('delivery.deferred', { message: id }, 2)
      const { report } = await notification(behaviour)
      assert.equal(report.recipients[0]?.get('status'), '5.4.7')
    })
  }

  test('of two recipients one is delivered at once and the other later: neither gets it twice', async () => {
    const to = ['ok@split.example.com', 'defer-1@split.example.com'] as const
    const id = await rig.submit({ from: from('split'), to, content: letter(from('split'), to[0]) })
    for (const one of to) await rig.delivered(one)
    assert.equal(rig.log.count('delivery.delivered', { message: id }), 2)
    for (const one of to) assert.equal(rig.received(one).length, 1)
  })
})
