import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { decodeWords, field, parseHeader, unfold } from '#grammar/message'
import type { Header } from '#grammar/message'

import { composeDsn } from './dsn.ts'
import type { Dsn } from './dsn.ts'
import type { DsnFacts, DsnRecipient } from './notification.ts'

const NOW = Date.UTC(2026, 10, 22, 10, 21, 49)
const DAY = 86_400_000

const ORIGINAL = [
  'Received: from client.example ([192.0.2.9]) by mail.example.com with ESMTPSA',
  ' id 0abcdefghjk; Tue, 17 Nov 2026 10:21:49 +0000',
  'From: Jane <jane@example.com>',
  'To: john@example.org',
  'Subject: =?UTF-8?B?5Y2B5LiA5pyI5YiG44Gu6KuL5rGC5pu4?=',
  'Message-ID: <a.b@example.com>',
  '',
  'Hello.',
  '',
].join('\r\n')

const john: DsnRecipient = {
  to: { local: 'john', domain: 'example.org' },
  orcpt: 'rfc822;john@example.org',
  action: 'failed',
  status: '5.1.1',
  remoteMta: 'mx1.example.org',
  diagnostic:
    '550 5.1.1 <john@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
  lastAttemptAt: NOW,
}

const taro: DsnRecipient = { to: { local: 'taro', domain: 'example.jp' }, action: 'failed', status: '4.4.7' }

function facts(changes: Partial<DsnFacts> = {}): DsnFacts {
  return {
    reportingMta: 'mail.example.com',
    postmaster: 'postmaster@example.com',
    to: { local: 'jane', domain: 'example.com' },
    envid: 'QQ314159',
    arrivedAt: NOW - 5 * DAY,
    now: NOW,
    offset: 540,
    messageId: '<0abcdefghjk.dsn@mail.example.com>',
    subject: '十一月分の請求書',
    recipients: [john],
    returned: returned(ORIGINAL),
    ...changes,
  }
}

function returned(message: string | Buffer, kind: 'full' | 'headers' = 'headers'): DsnFacts['returned'] {
  const bytes = Buffer.from(message)
  return { kind, bytes, size: bytes.length }
}

type Read = { header: Header; parts: { type: string; head: string; body: string }[] }

/** As a mail reader takes it apart. */
function read({ bytes }: Dsn): Read {
  const text = Buffer.from(bytes).toString()
  assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n|\0/)
  const parsed = parseHeader(bytes, { bytes: 10_000, fields: 20 })
  assert(parsed.ok)
  const { header } = parsed
  const [, boundary = ''] = /boundary="(.+)"/.exec(value(header, 'content-type')) ?? []
  const pieces = text.split(`\r\n--${boundary}`)
  assert.equal(pieces.length, 5)
  assert.equal(pieces[4], '--\r\n')
  const parts = pieces.slice(1, 4).map((piece) => {
    const at = piece.indexOf('\r\n\r\n')
    const head = piece.slice(2, at)
    return { type: /^Content-Type: ([^;\r]+)/.exec(head)?.[1] ?? '', head, body: piece.slice(at + 4) }
  })
  return { header, parts }
}

function value(header: Header, name: string): string {
  const found = field(header, name)
  return found === undefined ? '' : unfold(header, found)
}

function textOf(dsn: Dsn): string {
  return Buffer.from(read(dsn).parts[0]?.body ?? '', 'base64').toString()
}

function unquoted(text: string): string {
  const octets = text
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1').toString()
}

test('a notification of failure is as in the fixture, octet by octet', () => {
  const dsn = composeDsn(facts({ recipients: [john, taro] }))
  const fixture = readFileSync(`${import.meta.dirname}/fixtures/failed.eml`)
  assert.equal(Buffer.from(dsn.bytes).toString(), fixture.toString())
  assert.deepEqual([dsn.body, dsn.smtputf8], ['7bit', false])
})

test('its header says from whom, to whom and what, and that nobody need answer. RFC 3464 §2, RFC 3834 §5', () => {
  const { header } = read(composeDsn(facts()))
  assert.deepEqual(
    header.fields.map(({ name, value: at, end }) => [
      name,
      decodeWords(header.text.slice(at, end).replaceAll('\r\n', '').trim()),
    ]),
    [
      ['from', 'Mail Delivery System <postmaster@example.com>'],
      ['to', '<jane@example.com>'],
      ['subject', 'メールを届けられませんでした / Your message could not be delivered'],
      ['date', 'Sun, 22 Nov 2026 19:21:49 +0900'],
      ['message-id', '<0abcdefghjk.dsn@mail.example.com>'],
      ['in-reply-to', '<a.b@example.com>'],
      ['references', '<a.b@example.com>'],
      ['auto-submitted', 'auto-replied'],
      ['mime-version', '1.0'],
      [
        'content-type',
        'multipart/report; report-type=delivery-status; boundary="=_0abcdefghjkdsnmailexamplecom"',
      ],
    ],
  )
})

test('the text says in both languages what happened to whom, what the server said and what to do', () => {
  const text = textOf(composeDsn(facts()))
  for (const said of [
    '宛先のアドレスは存在しません。 (5.1.1)',
    'There is no such address. (5.1.1)',
    '件名: 十一月分の請求書',
    'Accepted: 2026-11-17 19:21 +0900',
    '対処: 宛先のアドレスに誤りがないか',
    'What to do: Check the address',
    'The server mx1.example.org replied:\r\n    550 5.1.1 <john@example.org>: Recipient',
    'postmaster@example.com',
  ])
    assert(text.includes(said), said)
})

test('a delay says until when, and nothing about what to do', () => {
  const until = NOW + 4 * DAY
  const dsn = composeDsn(
    facts({ recipients: [{ ...john, action: 'delayed', status: '4.2.2', willRetryUntil: until }] }),
  )
  const text = textOf(dsn)
  assert(text.includes('The mailbox is full. (4.2.2)\r\n  Tried until: 2026-11-26 19:21 +0900\r\n'), text)
  assert(!text.includes('What to do'))
  assert.match(
    read(dsn).parts[1]?.body ?? '',
    /\r\nAction: delayed\r\nStatus: 4\.2\.2\r\n(?:.*\r\n)+Will-Retry-Until: Thu, 26 Nov 2026 19:21:49 \+0900\r\n/,
  )
})

test('what was transient and has failed for good does not promise to be tried again', () => {
  const text = textOf(composeDsn(facts({ recipients: [{ ...john, status: '4.2.2' }] })))
  assert(text.includes('The mailbox is full. (4.2.2)\r\n  What to do: Send the message again later.'), text)
  assert(!text.includes('automatically.\r\n  The'))
})

test('deliveries and relays are told apart, and need no explaining', () => {
  const delivered = composeDsn(facts({ recipients: [{ to: john.to, action: 'delivered', status: '2.0.0' }] }))
  assert.match(delivered.subject, /Your message was delivered$/)
  const relayed = composeDsn(facts({ recipients: [{ ...john, action: 'relayed', status: '2.0.0' }] }))
  assert.match(textOf(relayed), /passed on to the servers[^]*\* john@example\.org: passed on\r\n  The server/)
})

test('of each relay it is said what the next server promises. RFC 3461 §5.2.2, RFC 2852 §4.1.4', () => {
  const relayed = { ...john, action: 'relayed', status: '2.0.0' } as const
  const recipients = [
    { ...relayed, onward: 'no-notices' },
    { ...relayed, onward: 'no-deadline' },
    { ...relayed, onward: 'deadline' },
  ] as const
  const text = textOf(composeDsn(facts({ recipients })))
  assert.match(text, /no further notice[^]*not watched from here on[^]*told of your time limit/)
  assert.match(text, /この先の通知はありません[^]*この先確認できません[^]*配信期限を伝えました/)
})

test('programs read by when the sender wanted it delivered, if it was said. RFC 2852 §4', () => {
  const said = Buffer.from(composeDsn(facts({ deliverBy: NOW })).bytes).toString()
  assert.match(said, /\r\nArrival-Date: [^\r]+\r\nDeliver-By-Date: [^\r]+ \+0900\r\n/)
  const unsaid = Buffer.from(composeDsn(facts()).bytes).toString()
  assert.doesNotMatch(unsaid, /Deliver-By-Date/)
})

test('the gravest of several actions gives the subject', () => {
  const recipients = [
    { ...taro, action: 'delivered', status: '2.0.0' },
    { ...john, action: 'delayed' },
  ] as const
  assert.match(composeDsn(facts({ recipients })).subject, /delayed$/)
})

test('the part for programs has the fields of RFC 3464 §2.2 and §2.3', () => {
  const status = read(composeDsn(facts({ recipients: [john, { ...taro, diagnostic: 'no route' }] }))).parts[1]
  assert.equal(status?.type, 'message/delivery-status')
  assert.equal(
    status.body.replaceAll('\r\n ', ' '),
    [
      'Reporting-MTA: dns; mail.example.com',
      'Original-Envelope-Id: QQ314159',
      'Arrival-Date: Tue, 17 Nov 2026 19:21:49 +0900',
      '',
      'Original-Recipient: rfc822;john@example.org',
      'Final-Recipient: rfc822; john@example.org',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx1.example.org',
      'Diagnostic-Code: smtp; 550 5.1.1 <john@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
      'Last-Attempt-Date: Sun, 22 Nov 2026 19:21:49 +0900',
      '',
      'Final-Recipient: rfc822; taro@example.jp',
      'Action: failed',
      'Status: 4.4.7',
      'Diagnostic-Code: X-Hikyaku; no route',
      '',
    ].join('\r\n'),
  )
})

test('words of other hosts break no line, no field and no limit', () => {
  const hostile = `550 x\r\n\r\nFinal-Recipient: rfc822; evil@example.com\r\n--=_0abc\0\u2028\x1b[31m${'é'.repeat(5000)}`
  const dsn = composeDsn(
    facts({
      envid: 'a\r\nb: c',
      subject: `s\r\n\r\n${'あ'.repeat(5000)}`,
      recipients: [{ ...john, diagnostic: hostile, remoteMta: 'mx\r\nX: y', orcpt: 'rfc822;a\r\nb' }],
    }),
  )
  const { parts } = read(dsn)
  assert.equal(parts[1]?.body.split('\r\n\r\n').length, 2)
  assert.doesNotMatch(parts[1]?.body ?? '', /^(?:b|X|Final-Recipient: rfc822; evil)/m)
  assert(
    Buffer.from(dsn.bytes)
      .toString()
      .split('\r\n')
      .every((line) => line.length <= 998),
  )
  assert(!['\x1b', '\u2028'].some((control) => textOf(dsn).includes(control)))
  assert(dsn.bytes.length < 10_000)
})

test('addresses outside of ASCII make the part for programs a global one. RFC 6533 §3', () => {
  const recipient = { ...john, to: { local: '太郎', domain: 'example.jp' }, orcpt: 'utf-8;太郎@example.jp' }
  const dsn = composeDsn(facts({ recipients: [recipient] }))
  const status = read(dsn).parts[1]
  assert.equal(status?.type, 'message/global-delivery-status')
  assert.match(
    unquoted(status.body),
    /Original-Recipient: utf-8;太郎@example\.jp\r\nFinal-Recipient: utf-8; 太郎@example\.jp\r\n/,
  )
  assert.deepEqual([dsn.body, dsn.smtputf8], ['7bit', false])
})

test('a sender outside of ASCII makes the notification need SMTPUTF8', () => {
  const dsn = composeDsn(facts({ to: { local: 'ジェーン', domain: 'example.com' } }))
  assert.equal(value(read(dsn).header, 'to'), '<ジェーン@example.com>')
  assert.deepEqual([dsn.body, dsn.smtputf8], ['8bitmime', true])
})

const third = (changes: Partial<DsnFacts>): Read['parts'][number] | undefined =>
  read(composeDsn(facts(changes))).parts[2]

test('the header section goes back, or the whole message if that was asked for and it failed. RFC 3461 §4.3', () => {
  const [head = ''] = ORIGINAL.split('\r\n\r\n')
  assert.deepEqual(third({}), {
    type: 'text/rfc822-headers',
    head: 'Content-Type: text/rfc822-headers',
    body: `${head}\r\n`,
  })
  const full = { returned: returned(ORIGINAL, 'full') }
  assert.deepEqual(third(full), {
    type: 'message/rfc822',
    head: 'Content-Type: message/rfc822',
    body: ORIGINAL,
  })
  assert.equal(third({ ...full, recipients: [{ ...john, action: 'delayed' }] })?.type, 'text/rfc822-headers')
})

test('a large message does not go back whole, nor one of which only the beginning is there', () => {
  const large = `${ORIGINAL}${'x'.repeat(70)}\r\n`.repeat(400)
  assert.equal(third({ returned: returned(large, 'full') })?.type, 'text/rfc822-headers')
  assert.equal(
    third({ returned: { ...returned(ORIGINAL, 'full'), size: 10_000_000 } })?.type,
    'text/rfc822-headers',
  )
})

test('an 8-bit message goes back as 7-bit', () => {
  const text = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
  const part = third({
    returned: returned(`${text}${ORIGINAL.replace('Hello.', 'Hello, a long line and é')}`, 'full'),
  })
  assert.equal(part?.type, 'message/rfc822')
  assert.match(part.body, /Hello, a long line and =C3=A9/)
})

test('a header section that is not 7-bit goes back in quoted-printable', () => {
  const utf8 = third({ returned: returned('Subject: é\r\n\r\n') })
  assert.equal(utf8?.type, 'message/global-headers')
  assert.equal(unquoted(utf8.body), 'Subject: é\r\n')
  const latin1 = third({ returned: returned(Buffer.from('Subject: \xe9\r\n\r\n', 'latin1')) })
  assert.equal(latin1?.body, 'Subject: =E9\r\n')
  const long = third({ returned: returned(`X: ${'y'.repeat(2000)}\r\n\r\n`) })
  assert.equal(unquoted(long?.body ?? ''), `X: ${'y'.repeat(2000)}\r\n`)
})

test('whatever the original, one notification has at most 50 KB', () => {
  const header = 'Received: é\r\n'.repeat(5000)
  for (const kind of ['full', 'headers'] as const)
    for (const original of [`${header}\r\n`, `Subject: a\r\n\r\n${'é'.repeat(11_900)}\r\n`, 'no header', ''])
      assert(composeDsn(facts({ returned: returned(original, kind) })).bytes.length <= 50_000)
})

test('of many recipients the first are explained and all are listed', () => {
  const many = Array.from({ length: 100 }, (_, i) => ({
    ...john,
    to: { local: `john${i}`, domain: 'example.org' },
  }))
  const dsn = composeDsn(facts({ recipients: [john, ...many] }))
  assert.match(textOf(dsn), /\* john8@[^]*91 more recipients/)
  assert.doesNotMatch(textOf(dsn), /\* john9@/)
  assert.match(read(dsn).parts[1]?.body ?? '', /john99@example\.org/)
})

test('an original without a sound Message-ID is not referred to', () => {
  for (const id of [
    '',
    'Message-ID: none\r\n',
    'Message-ID: <a b>\r\n',
    'Message-ID: <é@b>\r\n',
    `Message-ID: <${'a'.repeat(901)}>\r\n`,
  ]) {
    const { header } = read(composeDsn(facts({ returned: returned(`${id}Subject: a\r\n\r\n`) })))
    assert.equal(field(header, 'in-reply-to'), undefined)
    assert.equal(field(header, 'references'), undefined)
  }
})
