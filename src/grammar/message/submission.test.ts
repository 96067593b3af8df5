import assert from 'node:assert/strict'
import { test } from 'node:test'

import { campaignOf } from './campaign.ts'
import { parseHeader } from './header.ts'
import type { Header } from './header.ts'
import { countHops, formatReceived, prepareSubmission } from './submission.ts'
import type { Trace } from './submission.ts'

const trace: Trace = {
  helo: 'client.example',
  address: '192.0.2.9',
  by: 'mail.example.com',
  protocol: 'ESMTPSA',
  id: '0abcdefghjk',
  at: Date.UTC(2026, 10, 22, 10, 21, 49),
}

const DATE = 'Sun, 22 Nov 2026 10:21:49 +0000'
const RECEIVED = `Received: from client.example ([192.0.2.9]) by mail.example.com with ESMTPSA\r\n id 0abcdefghjk;\r\n ${DATE}\r\n`

function header(text: string): Header {
  const read = parseHeader(Buffer.from(text, 'latin1'), { bytes: 10_000, fields: 100 })
  assert(read.ok)
  return read.header
}

function submitted(text: string): string {
  const parsed = header(text)
  const prepared = prepareSubmission(parsed, { trace, messageId: '<new@example.com>' })
  const head = Buffer.concat(prepared.pieces)
  assert.equal(head.length, prepared.size)
  return Buffer.concat([head, parsed.bytes.subarray(parsed.body)]).toString('latin1')
}

test('a complete message gets a Received field and keeps every other octet', () => {
  const text = 'date:x\r\nMESSAGE-ID : <a@b>\r\nSubject:\r\n\t odd  \xff\r\n\r\nbody\r\n\r\n.\r\n'
  assert.equal(submitted(text), RECEIVED + text)
})

test('Date and Message-ID are added where missing, below all that was there. RFC 6409 §8', () => {
  assert.equal(
    submitted('Subject: a\r\n\r\nbody'),
    `${RECEIVED}Subject: a\r\nDate: ${DATE}\r\nMessage-ID: <new@example.com>\r\n\r\nbody`,
  )
})

test('what is said to us alone goes as well, and Feedback-ID stays', () => {
  const ours = 'X-Hikyaku-Campaign: spring\r\nX-Hikyaku-Tag: a\r\nX-Hikyaku-Metadata: order=\r\n 1234\r\n'
  const text = `Feedback-ID: a:b\r\n${ours}Date: x\r\nMessage-ID: <a@b>\r\n\r\n`
  const kept = text.replace(ours, '')
  assert.equal(submitted(text), RECEIVED + kept)
})

for (const [text, campaign] of [
  ['X-Hikyaku-Campaign:  spring sale \r\n', 'spring sale'],
  ['x-hikyaku-campaign: =?utf-8?B?5pil?=\r\nFeedback-ID: a:b:c:d\r\n', '春'],
  [`X-Hikyaku-Campaign: ${'x'.repeat(200)}\r\n`, 'x'.repeat(100)],
  ['Feedback-ID: summer:acme:news:hikyaku\r\n', 'summer'],
  ['Feedback-ID: :acme:news:hikyaku\r\n', undefined],
  ['Feedback-ID: hikyaku\r\n', undefined],
  ['X-Hikyaku-Campaign: \r\nFeedback-ID: a:b\r\n', 'a'],
  ['Subject: x\r\n', undefined],
] as const)
  test(`${JSON.stringify(text.slice(0, 60))} is of ${campaign?.slice(0, 20) ?? 'no campaign'}`, () => {
    assert.equal(campaignOf(header(`${text}\r\n`)), campaign)
  })

test('every Bcc goes, folded and oddly written ones too', () => {
  const text =
    'Bcc: a@b,\r\n c@d\r\nDate: x\r\nbCC : e@f\r\nBCC:\r\nMessage-ID: <a@b>\r\nResent-Bcc: g@h\r\nTo: i@j\r\nBcc: k@l\r\n\r\nBcc: kept'
  assert.equal(submitted(text), `${RECEIVED}Date: x\r\nMessage-ID: <a@b>\r\nTo: i@j\r\n\r\nBcc: kept`)
})

test('a body without a header section gets one', () => {
  const added = `Date: ${DATE}\r\nMessage-ID: <new@example.com>\r\n\r\n`
  for (const [text, body] of [
    ['hello\r\n', 'hello\r\n'],
    ['\r\nhello\r\n', 'hello\r\n'],
    ['', ''],
  ] as const)
    assert.equal(submitted(text), RECEIVED + added + body)
})

test('a header section without its end gets one', () => {
  assert.equal(submitted('Date: x\r\nMessage-ID: <a@b>'), `${RECEIVED}Date: x\r\nMessage-ID: <a@b>\r\n\r\n`)
  assert.equal(
    submitted('Date: x\r\nMessage-ID: <a@b>\r\n'),
    `${RECEIVED}Date: x\r\nMessage-ID: <a@b>\r\n\r\n`,
  )
})

test('an mbox line is not sent on: below Received it would end the header section', () => {
  assert.equal(
    submitted('From x@y Mon Jan  1 00:00:00 2026\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\nc'),
    `${RECEIVED}Date: x\r\nMessage-ID: <a@b>\r\n\r\nc`,
  )
})

test('the Message-ID that the message has is told', () => {
  const facts = { trace, messageId: '<new@example.com>' }
  assert.equal(prepareSubmission(header('Message-ID:\r\n <a@b> \r\n\r\n'), facts).messageId, '<a@b>')
  assert.equal(prepareSubmission(header(''), facts).messageId, '<new@example.com>')
})

test('Received says the cipher and the one recipient, in lines of at most 78. RFC 5321 §4.4', () => {
  const text = formatReceived({
    ...trace,
    address: '2001:db8::1',
    tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    recipient: { local: 'a b', domain: 'example.org' },
  })
  assert.equal(
    text,
    'Received: from client.example ([IPv6:2001:db8::1]) by mail.example.com\r\n' +
      ' with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384) id 0abcdefghjk\r\n' +
      ` for <"a b"@example.org>;\r\n ${DATE}\r\n`,
  )
})

test('words of the client cannot end the comment, the field or the header section', () => {
  const text = formatReceived({ ...trace, helo: 'x)\r\nEvil: \u2028é;(\0<a>' })
  assert(text.startsWith('Received: from x???Evil:???????a? ([192.0.2.9])'), text)
  assert(formatReceived({ ...trace, helo: '' }).startsWith('Received: from [192.0.2.9] ([192.0.2.9]) by'))
  assert(
    formatReceived({ ...trace, name: 'host.example)\r\n' }).startsWith(
      'Received: from client.example (host.example??? [192.0.2.9])',
    ),
  )
  const long = formatReceived({ ...trace, helo: 'h'.repeat(100_000) })
  assert(long.split('\r\n').every((line) => line.length < 400))
})

test('hops are counted, and those through us apart. RFC 5321 §6.3', () => {
  const parsed = header(
    `${RECEIVED}Received: from mail.example.com by other.example; x\r\n` +
      'Received: from a (by mail.example.com.evil.example)\r\n\tBY  Mail.Example.com\r\n with SMTP; x\r\nX: by mail.example.com\r\n\r\n',
  )
  assert.deepEqual(countHops(parsed, 'MAIL.example.com'), { all: 3, own: 2 })
  assert.deepEqual(countHops(header('A: b\r\n\r\n'), 'mail.example.com'), { all: 0, own: 0 })
})
