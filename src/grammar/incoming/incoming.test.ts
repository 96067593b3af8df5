import assert from 'node:assert/strict'
import test from 'node:test'

import fc from 'fast-check'

import { READ_LIMITS, readEntity } from './entity.ts'
import { readIncoming } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import { NOTICES } from './notices.fixture.ts'

function read(message: string): Incoming {
  return readIncoming(Buffer.from(message))
}

function said(incoming: Incoming): readonly string[] {
  assert.ok(
    incoming.kind === 'bounce' || incoming.kind === 'delay' || incoming.kind === 'success',
    incoming.kind,
  )
  return incoming.recipients.map(
    ({ recipient, action, status, code, stage = '' }) => `${recipient} ${action} ${status} ${code} ${stage}`,
  )
}

for (const { name, message, says } of NOTICES) {
  test(`a notice is read: ${name}`, () => {
    const incoming = read(message)
    assert.equal(incoming.kind, 'bounce')
    assert.deepEqual(said(incoming), says)
    assert.equal('original' in incoming ? incoming.original.messageId : '', '<1@shop.example.org>')
  })

  test(`line ends do not matter: ${name}`, () => {
    const incoming = read(message)
    assert.deepEqual(read(message.replaceAll('\n', '\r\n')), incoming)
    assert.deepEqual(said(read(message.replaceAll('\n', '\r'))), said(incoming))
  })
}

function withStatus(action: string, subject = 'Delivery report'): string {
  return `From: postmaster@mx.example.net
Subject: ${subject}
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; aki@example.com
Action: ${action}
Status: 2.0.0
--b--
`
}

test('what was delivered or passed on is no bounce', () => {
  assert.deepEqual(
    ['delivered', 'relayed', 'expanded'].map((action) => read(withStatus(action)).kind),
    ['success', 'success', 'success'],
  )
})

test('a delay is no bounce, as a report or in words', () => {
  assert.equal(read(withStatus('delayed')).kind, 'delay')
  const words = `From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>
To: shop@example.org
Subject: Delivery Status Notification (Delay)

THIS IS A WARNING MESSAGE ONLY.
Delivery to the following recipient has been delayed:

     aki@example.com

Message will be retried for 2 more day(s)
`
  assert.deepEqual(said(read(words)), ['aki@example.com delayed  0 '])
})

test('a report forwarded within another message counts when that one names nobody', () => {
  const outer = `From: MAILER-DAEMON@gate.example.net
To: shop@example.org
Subject: Returned mail: User unknown
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: text/plain

----- The following addresses had permanent delivery errors -----

--outer
Content-Type: message/rfc822

${NOTICES[0]!.message}
--outer--
`
  assert.deepEqual(said(read(outer)), ['aki@example.com failed 5.1.1 550 RCPT'])
})

test('a report with encoded parts and addresses beyond ASCII is read', () => {
  const status = Buffer.from(
    'Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: utf-8;\\x{79CB}@example.com\nAction: failed\nStatus: 5.1.1\n',
  )
  const message = `From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; boundary="b"

--b
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: base64

${status.toString('base64')}
--b--
`
  assert.deepEqual(said(read(message)), ['秋@example.com failed 5.1.1 0 '])
})

function attached(...messages: readonly string[]): string {
  const parts = messages.map((message) => `--out\nContent-Type: message/rfc822\n\n${message}\n`)
  return `From: Aide <aide@shop.example.org>
To: shop@example.org
Subject: Fwd: the newsletter
Content-Type: multipart/mixed; boundary=out

--out
Content-Type: text/plain

See below.

${parts.join('')}--out--
`
}

function inWords(recipient: string): string {
  return `From: MAILER-DAEMON@mx.example.net
To: shop@example.org
Subject: failure notice

<${recipient}>:
Remote host said: 550 5.1.1 no such user
`
}

const AKI = 'aki@example.com failed 5.1.1 550 '
const HARU = 'haru@example.com failed 5.1.1 550 '

test('a notice in words counts that was handed on as an attachment, also twice', () => {
  const once = attached(inWords('aki@example.com'))
  assert.deepEqual(said(read(once)), [AKI])
  const twice = attached(once.replaceAll('out', 'in'))
  assert.deepEqual(said(read(twice)), [AKI])
})

test('a letter that was handed on is no bounce', () => {
  assert.equal(read(attached('From: aki@example.com\nSubject: Lunch\n\nAt noon?\n')).kind, 'none')
})

test('of several notices that were handed on all recipients count, but not what is only late', () => {
  const late = inWords('natsu@example.com').replace('failure notice', 'Delivery Status Notification (Delay)')
  assert.deepEqual(said(read(attached(inWords('aki@example.com'), late, inWords('haru@example.com')))), [
    AKI,
    HARU,
  ])
})

test('a digest of notices is read, whose parts say nothing of themselves', () => {
  const parts = ['aki@example.com', 'haru@example.com'].map((one) => `--d\n\n${inWords(one)}\n`).join('')
  const digest = `From: list@shop.example.org\nSubject: Digest\nContent-Type: multipart/digest; boundary=d\n\n${parts}--d--\n`
  assert.deepEqual(said(read(digest)), [AKI, HARU])
})

test('what files have before the header section is passed over', () => {
  const message = inWords('aki@example.com')
  const mark = Buffer.from([0xef, 0xbb, 0xbf])
  assert.deepEqual(said(readIncoming(Buffer.concat([mark, Buffer.from(message)]))), [AKI])
  for (const lead of [
    '\n',
    '\n   \n\n',
    'From MAILER-DAEMON Sun Nov 22 10:00:00 2026\n',
    '\nFrom x Sun Nov 22\n',
  ])
    assert.deepEqual(said(read(lead + message)), [AKI], JSON.stringify(lead))
})

test('an empty line before words leaves them words', () => {
  const { fields, text } = readEntity(Buffer.from('\nNote: no such user\n'))
  assert.deepEqual([fields.size, text], [0, 'Note: no such user\n'])
})

test('a report is read whose Content-Type was lost', () => {
  const message = NOTICES[0]!.message.replace(/^Content-Type: multipart[^\n]*\n/m, '')
  assert.deepEqual(said(read(message)), NOTICES[0]!.says)
})

test('a route through another system is not taken for the recipient', () => {
  const message = withStatus('failed').replace(
    'Final-Recipient: rfc822; aki@example.com',
    'Original-Recipient: rfc822; aki@example.com\nFinal-Recipient: rfc822; @store.example.com:aki@daemon',
  )
  assert.deepEqual(said(read(message)), ['aki@example.com failed 2.0.0 0 '])
})

test('a delimiter may stand after a space', () => {
  const message = NOTICES[0]!.message.replace(/^--/gm, ' --')
  assert.deepEqual(said(read(message)), NOTICES[0]!.says)
})

test('fields of a report that stand in plain words are read', () => {
  const message = `From: MAILER-DAEMON@mx.example.net
Subject: Returned mail

Reporting-MTA: dns; mx.example.net

Final-Recipient: RFC822; aki@example.com
Action: failed
Status: 5.2.2
`
  assert.deepEqual(said(read(message)), ['aki@example.com failed 5.2.2 0 '])
})

test('a person without an address is named as the notice does', () => {
  const message = `From: System Administrator <postmaster@example.com>
To: shop@example.org
Subject: Undeliverable: Your order

Your message

  To:      shop@example.org
  Subject: Your order

did not reach the following recipient(s):

Aki Mori on Fri, 14 Sep 2007 18:52:54 +0300
    The recipient was unavailable to take delivery of the message
`
  assert.deepEqual(said(read(message)), ['Aki Mori failed  0 '])
})

test('whom to ask is not taken for the recipient', () => {
  const message = `From: MAILER-DAEMON@mx.example.net
To: shop@example.org
Subject: failed mail

Intended Recipients: <aki@example.com>
Failure Reason: 550 5.7.1 Service unavailable; Client host [192.0.2.128] blocked;
To request removal from this list please forward this message to delist@example.net
`
  assert.deepEqual(said(read(message)), ['aki@example.com failed 5.7.1 550 '])
})

test('a message to oneself can bounce', () => {
  const message = `From: MAILER-DAEMON@mx.example.net
To: aki@example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.

<aki@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)
`
  assert.deepEqual(said(read(message)), ['aki@example.com failed 5.1.1 0 '])
})

const LETTER = `From: Boss <boss@example.org>
Subject: Fwd: failure notice

Have a look.

Begin forwarded message:

> From: MAILER-DAEMON@mx.example.net
> Subject: failure notice
>
> Hi. This is the qmail-send program at mx.example.net.
> I'm afraid I wasn't able to deliver your message to the following addresses.
>
> <aki@example.com>:
> Sorry, no mailbox here by that name. (#5.1.1)
`

test('a notice that was pasted into a letter is read', () => {
  assert.deepEqual(said(read(LETTER)), ['aki@example.com failed 5.1.1 0 '])
  assert.deepEqual(said(read(LETTER.replace(/^> ?/gm, ''))), ['aki@example.com failed 5.1.1 0 '])
})

test('a letter that answers a notice is none', () => {
  assert.equal(read(LETTER.replace('Begin forwarded message:', 'Boss wrote:')).kind, 'none')
  assert.equal(read(LETTER.replace('> From: MAILER-DAEMON@mx.example.net', '> Hello')).kind, 'none')
})

test('a comment of the reporting system is not part of the reply it quotes', () => {
  const status = 'Status: 5.2.1 (Remote SMTP server has rejected address)'
  const alone = withStatus('failed').replace('Status: 2.0.0', status)
  const quoting = alone.replace(status, `${status}\nDiagnostic-Code: smtp;550 5.1.1 No such user`)
  const [first, second] = [alone, quoting].map((message) => {
    const incoming = read(message)
    return incoming.kind === 'bounce' ? incoming.recipients[0]?.diagnostic : incoming.kind
  })
  assert.equal(first, 'Remote SMTP server has rejected address')
  assert.equal(second, '550 5.1.1 No such user')
})

function feedback(
  fields: string,
  original = 'To: aki@example.com\nMessage-ID: <1@shop.example.org>\nSubject: Your order',
): string {
  return `From: fbl@example.com
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

${fields}
--b
Content-Type: message/rfc822

${original}

Hello
--b--
`
}

test('a complaint tells its type, whose it is and of which message', () => {
  const incoming = read(
    feedback(
      'Feedback-Type: abuse\nUser-Agent: X/1\nOriginal-Rcpt-To: <yuki@example.com>\nSource-IP: 192.0.2.7',
    ),
  )
  assert.ok(incoming.kind === 'complaint')
  assert.deepEqual(incoming.feedback, {
    type: 'abuse',
    recipients: ['yuki@example.com'],
    sourceIp: '192.0.2.7',
    reporter: 'X/1',
  })
  assert.equal(incoming.original.messageId, '<1@shop.example.org>')
})

test('a complaint that hides the address is told by the message that came back', () => {
  const incoming = read(feedback('Feedback-Type: opt-out\nOriginal-Rcpt-To: redacted-1f@example.com'))
  assert.ok(incoming.kind === 'complaint')
  assert.deepEqual([incoming.feedback.type, ...incoming.feedback.recipients], ['opt-out', 'aki@example.com'])
})

test('a complaint in the old form of Hotmail is one', () => {
  const incoming = read(`From: staff@hotmail.com
Subject: complaint about message from 192.0.2.7
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

X-HmXmrOriginalRecipient: aki@hotmail.com
From: shop@example.org
To: list@example.org

Hello
--b--
`)
  assert.ok(incoming.kind === 'complaint')
  assert.deepEqual(incoming.feedback.recipients, ['aki@hotmail.com'])
})

const REPLIES = [
  'Auto-Submitted: auto-replied\nSubject: Re: Your order',
  'X-Autoreply: yes\nSubject: Re: Your order',
  'Precedence: auto_reply\nSubject: Hello',
  'Subject: Out of Office: Your order',
  'Subject: =?UTF-8?B?44CQ6Ieq5YuV6L+U5L+h44CR5LiN5Zyo44Gu44GK55+l44KJ44Gb?=',
  'Subject: 不在のお知らせ',
  'Subject: Abwesenheitsnotiz: Bestellung',
  'Subject: Réponse automatique : commande',
  'Return-Path: <>\nSubject: Respuesta automática',
]

for (const header of REPLIES)
  test(`an automatic answer is no bounce: ${header.split('\n').at(-1)}`, () => {
    const message = `${header}\nFrom: Aki <aki@example.com>\nTo: shop@example.org\nContent-Type: text/plain; charset=utf-8\n\nI am away and could not read your message.\n`
    assert.deepEqual(read(message), { kind: 'auto-reply', from: ['aki@example.com'], challenge: false })
  })

test('a challenge is an automatic answer', () => {
  const message =
    'From: guard@example.com\nSubject: Your order\n\nPlease confirm that you are a real person: click here.\n'
  assert.deepEqual(read(message), { kind: 'auto-reply', from: ['guard@example.com'], challenge: true })
})

function file(subject: string, type: string): string {
  return `From: noreply@example.com\nSubject: ${subject}\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: ${type}\n\nH4sI\n--b--\n`
}

test('aggregate reports and dispositions are told from bounces', () => {
  assert.deepEqual(
    read(file('Report Domain: example.org Submitter: example.com Report-ID: 1', 'application/gzip')),
    { kind: 'report', of: 'dmarc' },
  )
  assert.deepEqual(read(file('TLS', 'application/tlsrpt+gzip')), { kind: 'report', of: 'tls' })
  assert.deepEqual(read(file('Read: Your order', 'message/disposition-notification')), {
    kind: 'report',
    of: 'disposition',
  })
})

test('a wish to get no more is one', () => {
  assert.deepEqual(read('From: aki@example.com\nSubject: unsubscribe\n\n'), {
    kind: 'unsubscribe',
    from: ['aki@example.com'],
  })
})

test('mail of people is none, even about bounces', () => {
  for (const message of [
    'From: aki@example.com\nSubject: Lunch\n\nAt noon?\n',
    'From: aki@example.com\nSubject: Re: Undeliverable mail\n\nI got this:\n> 550 5.1.1 User unknown yuki@example.com\n',
    '',
    '\n\n',
  ])
    assert.deepEqual(read(message), { kind: 'none' })
})

test('a notification of Amazon SES is read', () => {
  const json = JSON.stringify({
    notificationType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [
        { emailAddress: 'aki@example.com', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
      ],
    },
    mail: { messageId: '0101' },
  })
  const incoming = read(
    `From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n${json}\n\n--\nhttps://sns.example/unsubscribe\n`,
  )
  assert.deepEqual(said(incoming), ['aki@example.com failed 5.1.1 550 '])
})

test('a hostile message is read within the limits', () => {
  const deep = Array.from(
    { length: 2000 },
    (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`,
  ).join('')
  const wide = `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: text/plain\n\nx\n'.repeat(20_000)}`
  const folded = `From: MAILER-DAEMON@example.net\nSubject: failure notice\n\n${'<a@example.com>: '.repeat(50_000)}`
  for (const message of [deep, wide, folded, 'x'.repeat(3 * READ_LIMITS.octets), '=?'.repeat(100_000)])
    read(message)
})

test('recipients of one report are limited', () => {
  const groups = Array.from(
    { length: 500 },
    (_, n) => `Final-Recipient: rfc822;a${n}@example.com\nAction: failed\nStatus: 5.1.1\n`,
  ).join('\n')
  const incoming = read(
    `From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n${groups}\n--b--\n`,
  )
  assert.equal(said(incoming).length, 100)
})

test('no octets make it throw', () => {
  const piece = fc.constantFrom(
    ...NOTICES.flatMap(({ message }) => message.split(/(?<=\n)/)),
    '--b\n',
    '\0',
    '=?utf-8?b?',
    '\x1b$B',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (pieces, octets) => {
      readIncoming(Buffer.concat([Buffer.from(pieces.join('')), octets]))
      readIncoming(octets)
    }),
    { numRuns: 200 },
  )
})
