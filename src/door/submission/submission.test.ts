import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SpoolError } from '#engine/spool'
import { reply } from '#grammar/smtp'

import { bench } from './submission.fixture.ts'

const MESSAGE = 'From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n'
const PLAIN = `AUTH PLAIN ${Buffer.from('\0alice\0secret').toString('base64')}`

test('a message from a trusted network is kept with its trace', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  assert.match(await client.say('DATA'), /^354 /)
  client.send(`${MESSAGE}..dot\r\n.\r\n`)
  assert.match(await client.reply(), /^250 2\.0\.0 Queued as [0-9a-z]{11}$/)
  assert.equal(await client.say('QUIT'), '221 2.0.0 Bye')
  const [kept] = door.intake.kept
  assert.match(
    kept?.text ?? '',
    /^Received: from client\.example\.org \(\[127\.0\.0\.1\]\)\s+by mail\.example\.com with ESMTP\s+id \w{11} for <jane@example\.com>;/,
  )
  assert.ok(kept?.text.endsWith('\r\n\r\nbody\r\n.dot\r\n'))
  assert.equal(kept?.arrival.organization, 'acme')
  assert.equal(kept?.arrival.credential, undefined)
  assert.equal(kept?.arrival.subject, 'hello')
  assert.equal(kept?.arrival.headerFrom, 'a@example.org')
  assert.match(
    await door.metrics(),
    /^hikyaku_submission_messages_accepted_total\{listener="listener 0"\} 1$/m,
  )
  assert.equal(door.log.named('message.accepted').length, 1)
})

test('tags and metadata are read, kept and not sent on', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(`X-Hikyaku-Tag: welcome\r\nX-Hikyaku-Metadata: order=1234\r\n${MESSAGE}.\r\n`)
  assert.match(await client.reply(), /^250 /)
  const [kept] = door.intake.kept
  assert.deepEqual(kept?.arrival.tags, ['welcome'])
  assert.deepEqual(kept?.arrival.metadata, { order: '1234' })
  assert.doesNotMatch(kept?.text ?? '', /hikyaku-/i)
})

test('tags and metadata that cannot be kept are refused with the reason', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  for (const [field, why] of [
    [`X-Hikyaku-Tag: ${'x'.repeat(256)}`, /1 to 255 characters/],
    ['X-Hikyaku-Metadata: order', /name=value/],
  ] as const) {
    await client.envelope()
    await client.say('DATA')
    client.send(`${field}\r\n${MESSAGE}.\r\n`)
    const said = await client.reply()
    assert.match(said, /^554 5\.6\.0 /)
    assert.match(said, why)
  }
  assert.equal(door.intake.kept.length, 0)
})

test('STARTTLS, then AUTH, then a message: ESMTPSA', async () => {
  await using door = await bench({ listeners: [{ auth: 'required' }] })
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say(PLAIN), /^538 5\.7\.11 /)
  assert.match(await client.say('STARTTLS'), /^220 /)
  await client.secure()
  assert.match(await client.say('EHLO client.example.org'), /AUTH SCRAM-SHA-256 PLAIN LOGIN/)
  assert.match(await client.say('MAIL FROM:<a@example.org>'), /^530 5\.7\.0 /)
  assert.match(await client.say(PLAIN), /^235 2\.7\.0 /)
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  assert.match(await client.reply(), /^250 /)
  const [kept] = door.intake.kept
  assert.equal(kept?.arrival.client.protocol, 'ESMTPSA')
  assert.equal(kept?.arrival.credential, 'alice')
  assert.match(kept?.text ?? '', /with ESMTPSA\s+\(TLSv1\.3 TLS_/)
})

test('implicit TLS greets inside TLS', async () => {
  await using door = await bench({ listeners: [{ tls: 'implicit', auth: 'required' }] })
  const client = await door.client()
  await client.secure()
  assert.match(await client.reply(), /^220 mail\.example\.com ESMTP/)
  const offer = await client.say('EHLO client.example.org')
  assert.ok(!offer.includes('STARTTLS'))
  assert.match(await client.say(PLAIN), /^235 /)
})

test('pipelined commands are answered in order, in one write', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  let writes = 0
  client.socket.on('data', () => (writes += 1))
  client.send('MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n')
  assert.match(await client.reply(), /^250 2\.1\.0 /)
  assert.match(await client.reply(), /^250 2\.1\.5 /)
  assert.match(await client.reply(), /^250 2\.1\.5 /)
  assert.match(await client.reply(), /^354 /)
  assert.equal(writes, 1)
})

test('a sender, envelope or From, outside the domains of the organization is refused', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say('MAIL FROM:<a@elsewhere.example>'), /^550 5\.7\.1 /)
  const froms: Record<string, RegExp> = {
    'From: a@elsewhere.example': /^550 5\.7\.1 /,
    'From: a@example.org, b@elsewhere.example': /^550 5\.7\.1 /,
    'Subject: nobody': /^550 5\.7\.1 /,
    'From: A <a@sub.example.org>': /^250 /,
  }
  for (const [from, expected] of Object.entries(froms)) {
    await client.envelope()
    await client.say('DATA')
    client.send(`${from}\r\n\r\nbody\r\n.\r\n`)
    assert.match(await client.reply(), expected, from)
  }
  assert.equal(door.intake.kept.length, 1)
  assert.ok(door.log.named('message.rejected').every((fields) => fields['code'] === 550))
})

test('a null reverse-path may be submitted by who may send from the author', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.say('MAIL FROM:<>')
  await client.say('RCPT TO:<jane@example.com>')
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  assert.match(await client.reply(), /^250 /)
  assert.equal(door.intake.kept[0]?.arrival.envelope.from, null)
})

test('the intake may put mail off, before it comes and after', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  door.intake.refusing = reply(452, '4.3.1', 'Disk is short')
  assert.equal(await client.say('MAIL FROM:<a@example.org>'), '452 4.3.1 Disk is short')
  door.intake.refusing = undefined
  door.intake.broken = new Error('EIO')
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  assert.match(await client.reply(), /^4\d\d /)
  assert.equal(door.log.named('submission.failed').length, 1)
})

test('when the spool breaks nobody knows whether the message was kept, and no reply says so', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  door.intake.broken = new SpoolError('broken', 'fsync failed')
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  // What there is when the connection ends: nothing.
  assert.equal(await client.reply(), '')
  assert.equal(door.log.named('submission.failed').length, 1)
})

test('a message larger than one buffer is streamed, trace first', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  const body = `${'x'.repeat(76)}\r\n`.repeat(7000)
  client.send(`${MESSAGE}${body}.\r\n`)
  assert.match(await client.reply(), /^250 /)
  const text = door.intake.kept[0]?.text ?? ''
  assert.ok(text.startsWith('Received: '))
  assert.ok(text.endsWith(`\r\n\r\nbody\r\n${body}`))
  assert.ok(door.intake.chunks > 3)
})

test('a message that grows too large is dropped as it comes and refused at its end', async () => {
  await using door = await bench({ limits: { size: 300_000 } })
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}${`${'x'.repeat(76)}\r\n`.repeat(5000)}.\r\n`)
  assert.match(await client.reply(), /^552 5\.3\.4 /)
  assert.match(await client.say('NOOP'), /^250 /)
  assert.equal(door.intake.kept.length, 0)
  assert.equal(door.intake.discarded, 1)
})

test('a client that sends far beyond the limit is not heard to the end', async () => {
  await using door = await bench({ limits: { size: 100_000 } })
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(`${'x'.repeat(76)}\r\n`.repeat(3000))
  assert.match(await client.rest(), /^552 5\.3\.4 /)
})
