import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseAddressList } from './address-list.ts'
import { field, parseHeader } from './header.ts'
import type { Header } from './header.ts'
import { authorsOf, decodeWords, displayValue, needsSmtpUtf8, unfold } from './value.ts'

function header(bytes: string | Buffer): Header {
  const read = parseHeader(Buffer.from(bytes), { bytes: 10_000_000, fields: 1000 })
  assert(read.ok)
  return read.header
}

function subject(bytes: string | Buffer, limit?: number): string {
  const parsed = header(bytes)
  const found = field(parsed, 'subject')
  assert(found)
  return displayValue(parsed, found, limit)
}

test('a value is unfolded, and its own space is kept. RFC 5322 §2.2.3', () => {
  const parsed = header('Subject:  a  b\r\n\t c \r\n\r\n')
  assert.equal(unfold(parsed, field(parsed, 'subject')!), 'a  b\t c')
})

test('a value of raw octets is UTF-8 where it can be, latin1 where not', () => {
  assert.equal(subject('Subject: 請求書\r\n\r\n'), '請求書')
  assert.equal(subject(Buffer.from('Subject: caf\xe9\r\n\r\n', 'latin1')), 'café')
})

const words: [encoded: string, decoded: string][] = [
  ['=?iso-8859-1?q?this=20is=20some=20text?=', 'this is some text'],
  ['=?ISO-8859-1?Q?a_b?= c', 'a b c'],
  ['(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
  ['=?utf-8?B?44GC?=\r\n =?utf-8?B?44GE?= x', 'あい x'],
  ['=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=', '日本'],
  ['=?Shift_JIS?B?k/qWew==?=', '日本'],
  ['=?cp932?Q?=87=40?=', '①'],
  ['=?EUC-JP?Q?=C6=FC=CB=DC?=', '日本'],
  ['=?US-ASCII*EN?Q?Keith_Moore?=', 'Keith Moore'],
  // One character in two words, as many mailers write and RFC 2047 §5 forbids.
  ['=?utf-8?Q?=E6=97?= =?utf-8?Q?=A5?=', '日'],
  ['=?x-unknown?Q?a?= b', '=?x-unknown?Q?a?= b'],
  ['=?utf-8?X?a?=', '=?utf-8?X?a?='],
  ['=?utf-8?Q?=ZZ?=', '=ZZ'],
  ['=?utf-8?Q?=FF?=', '\ufffd'],
  ['=?utf-8?Q?unfinished', '=?utf-8?Q?unfinished'],
  ['=??Q?a?=', '=??Q?a?='],
]
for (const [encoded, decoded] of words)
  test(`the encoded-words ${JSON.stringify(encoded)} say ${decoded}`, () =>
    assert.equal(decodeWords(encoded), decoded))

test('what is shown has no control characters, not even encoded ones, and an end', () => {
  assert.equal(
    subject('Subject: a\x1b[31m =?utf-8?Q?b=0D=0ABcc:_c=E2=80=A8d=C2=85e?=\r\n\r\n'),
    'a [31m b  Bcc: c d e',
  )
  assert.equal(subject(`Subject: ${'x'.repeat(5000)}\r\n\r\n`).length, 998)
  assert.equal(subject('Subject: ab😀\r\n\r\n', 3), 'ab')
})

test('hostile subjects of a megabyte are cut before they are decoded', () => {
  assert.equal(subject(`Subject: ${'=?a?q?'.repeat(170_000)}\r\n\r\n`).length, 998)
  assert.equal(subject(`Subject: ${'=?utf-8?B?44GC?= '.repeat(60_000)}\r\n\r\n`).startsWith('ああ'), true)
})

const lists: [text: string, mailboxes: string[]][] = [
  ['jane@Example.COM', ['jane|example.com']],
  ['Jane Doe <jane@example.com>, "Doe, J." <j@example.org>', ['jane|example.com', 'j|example.org']],
  ['jane (a (nested) \\) comment) @ (x) example . com', ['jane|example.com']],
  [
    'Group: a@example.com, <b@example.com>;, c@example.com',
    ['a|example.com', 'b|example.com', 'c|example.com'],
  ],
  ['undisclosed-recipients:;', []],
  ['<@relay.example,@other.example:jane@example.com>', ['jane|example.com']],
  // What is in quotes is a local part and no address. CVE-2025-13033 in another parser
  ['"xclow@evil.example x"@example.com', ['xclow@evil.example x|example.com']],
  ['"a\\"b"@example.com', ['a"b|example.com']],
  ['"a"."b"@example.com', ['a.b|example.com']],
  ['山田 太郎 <taro@例え.jp>', ['taro|xn--r8jz45g.jp']],
  ['Yamada, Inc. <y@example.com>', ['y|example.com']],
  ['y@example.com <y@example.com>', ['y|example.com']],
  ['a..b.@docomo.ne.jp', ['a..b.|docomo.ne.jp']],
  ['x@[192.0.2.1], y@[IPv6:2001:DB8::1]', ['x|[192.0.2.1]', 'y|[ipv6:2001:db8::1]']],
  [',, a@example.com ,,', ['a|example.com']],
  ['=?utf-8?q?a=40b.example?= <c@example.com>', ['c|example.com']],
  ['Nobody', []],
  ['', []],
]
for (const [text, mailboxes] of lists) {
  test(`the address list ${JSON.stringify(text)} is read`, () => {
    const read = parseAddressList(text, 10)
    assert.deepEqual(
      read.mailboxes.map(({ local, domain }) => `${local}|${domain}`),
      mailboxes,
    )
    assert.equal(read.unreadable, false)
  })
}

const unreadable = [
  '<a@example.com> <b@example.org>',
  '<a@example.com> b@example.org',
  'a@b@example.com',
  'a b@example.com',
  '"a@example.com',
  'a@example.com (never closed',
  '<a@example.com',
  'a@example..com',
  '@example.com',
  'a@',
  'a@evil.example: b@example.com;',
  'a\\@example.com',
  'a@exam\0ple.com',
]
for (const text of unreadable)
  test(`the address list ${JSON.stringify(text)} can be read in two ways, or in none`, () =>
    assert.equal(parseAddressList(text, 10).unreadable, true))

test('a hundred thousand of anything costs its length and no stack', () => {
  const many = 100_000
  for (const text of [
    '(',
    '<',
    '"',
    '[',
    '\\',
    'a:',
    '(a)',
    'a@b,',
    '"a"',
    '=?',
    ' ',
    'g:a@b;',
    '@a,',
    '((',
    '))',
  ])
    assert(parseAddressList(text.repeat(many), 10).mailboxes.length <= 10)
  assert.equal(parseAddressList('a@b.example,'.repeat(many), 10).unreadable, true)
})

test('every mailbox of every From is an author. RFC 5322 §3.6.2', () => {
  const parsed = header('From: A <a@example.com>,\r\n b@example.org\r\nfrom : c@example.net\r\n\r\n')
  const authors = authorsOf(parsed)
  assert(authors.ok)
  assert.deepEqual(
    authors.authors.map(({ domain }) => domain),
    ['example.com', 'example.org', 'example.net'],
  )
})

test('authors that cannot all be known are not known', () => {
  assert.deepEqual(authorsOf(header('Subject: a\r\n\r\n')), { ok: false, why: 'none' })
  assert.deepEqual(authorsOf(header('From: Nobody\r\n\r\n')), { ok: false, why: 'none' })
  assert.deepEqual(authorsOf(header('From: a@example.com, <x@y\r\n\r\n')), { ok: false, why: 'unreadable' })
  const many = header(`From: ${'a@example.com,'.repeat(101)} x@evil.example\r\n\r\n`)
  assert.deepEqual(authorsOf(many), { ok: false, why: 'too many' })
  const fields = header(`${'From: a@example.com\r\n'.repeat(101)}\r\n`)
  assert.deepEqual(authorsOf(fields), { ok: false, why: 'too many' })
})

test('a header section with octets above 127 needs SMTPUTF8, whatever the body has', () => {
  assert.equal(needsSmtpUtf8(header('Subject: é\r\n\r\n')), true)
  assert.equal(needsSmtpUtf8(header('Subject: e\r\n\r\né')), false)
})

test('ISO-2022-JP in several encoded-words has nothing between them', () => {
  const encoded = ['=?ISO-2022-JP?B?GyRCPiYbKEI=?=', '=?ISO-2022-JP?B?GyRCSUobKEI=?=']
  assert.equal(decodeWords(encoded.join(' ')), '商品')
})
