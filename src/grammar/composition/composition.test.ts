import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { authorsOf, decodeWords, field, leavesOf, parseHeader, unfold } from '#grammar/message'

import { compose, unfitting } from './index.ts'
import type { Composition } from './index.ts'

const LIMITS = { bytes: 1 << 20, fields: 1000 }

const PLAIN: Composition = {
  from: { name: '', mailbox: { local: 'shop', domain: 'example.org' } },
  to: [{ name: '', mailbox: { local: 'user', domain: 'example.com' } }],
  cc: [],
  replyTo: [],
  subject: 'Hello',
  fields: [],
  text: 'Hello there',
  attachments: [],
  charset: 'utf-8',
  date: Date.UTC(2026, 10, 22),
  messageId: '<1@example.org>',
  boundary: 'b0undary',
}

function composed(changes: Partial<Composition>): string {
  return compose({ ...PLAIN, ...changes }).toString('latin1')
}

function valueOf(text: string, name: string): string {
  const parsed = parseHeader(Buffer.from(text, 'latin1'), LIMITS)
  assert.ok(parsed.ok)
  const found = field(parsed.header, name)
  assert.ok(found, name)
  return unfold(parsed.header, found)
}

test('the least there is: one part, no wrapping', () => {
  assert.equal(
    composed({}),
    [
      'Date: Sun, 22 Nov 2026 00:00:00 +0000',
      'From: shop@example.org',
      'To: user@example.com',
      'Message-ID: <1@example.org>',
      'Subject: Hello',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
      '',
      'Hello there',
      '',
    ].join('\r\n'),
  )
})

test('text, HTML, what is shown in it, and what is attached, each where it belongs', () => {
  const file = { type: 'image/png', content: Buffer.from('png') }
  const text = composed({
    html: '<img src="cid:logo">',
    attachments: [
      { ...file, name: 'logo.png', contentId: 'logo' },
      { ...file, name: '請求書.png' },
    ],
  })
  const bytes = Buffer.from(text, 'latin1')
  const parsed = parseHeader(bytes, LIMITS)
  assert.ok(parsed.ok)
  const types = [...text.matchAll(/^Content-Type: ([^;\r]+)/gm)].map(([, type]) => type)
  assert.deepEqual(types, [
    'multipart/mixed',
    'multipart/alternative',
    'text/plain',
    'multipart/related',
    'text/html',
    'image/png',
    'image/png',
  ])
  assert.match(text, /Content-ID: <logo>/)
  assert.match(text, /filename\*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8\.png/)
})

test('a name is quoted where it must be, and encoded where it cannot be', () => {
  const mailbox = { local: 'a', domain: 'example.org' }
  const from = (name: string): string =>
    /^From: (.*)\r\n/m.exec(composed({ from: { name, mailbox } }))?.[1] ?? ''
  assert.equal(from('Shop One'), 'Shop One <a@example.org>')
  assert.equal(from('Shop, "One"'), String.raw`"Shop, \"One\"" <a@example.org>`)
  assert.equal(from('山田'), '=?UTF-8?B?5bGx55Sw?= <a@example.org>')
})

test('in ISO-2022-JP all is seven bits, and says what it said', () => {
  const text = composed({
    charset: 'iso-2022-jp',
    subject: 'ご注文ありがとうございます。商品は本日発送いたしました（ﾃｽﾄ）ABC',
    text: '山田様\n本文です',
    from: { name: '山田商店', mailbox: { local: 'shop', domain: 'example.org' } },
  })
  assert.ok(Buffer.from(text, 'latin1').every((octet) => octet < 128))
  const subject = decodeWords(valueOf(text, 'subject'))
  assert.equal(subject, 'ご注文ありがとうございます。商品は本日発送いたしました（テスト）ABC')
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  assert.equal(new TextDecoder('iso-2022-jp').decode(Buffer.from(body, 'latin1')), '山田様\r\n本文です\r\n')
  assert.ok(text.split('\r\n').every((line) => line.length <= 78))
})

test('what ISO-2022-JP has not is told, each once', () => {
  assert.deepEqual(unfitting('山田 ①②① 😀 é 髙 abc　〜'), ['①', '②', '😀', 'é', '髙'])
  assert.deepEqual(unfitting('ﾊﾝｶｸ は全角になる'), [])
})

test('a line of 998 octets stays as it is, and one of 999 is encoded, wherever it stands. RFC 5322 §2.1.1', () => {
  const [most, long] = ['x'.repeat(998), 'x'.repeat(999)]
  for (const charset of ['utf-8', 'iso-2022-jp'] as const) {
    for (const text of [most, `${most}\n${most}\n`, `a\n\n${most}`])
      assert.match(composed({ text, charset }), /^Content-Transfer-Encoding: 7bit\r$/m)
    for (const text of [long, `${long}\n`, `${most}\n${long}\na`, `a\n\n${long}`])
      assert.match(composed({ text, charset }), /^Content-Transfer-Encoding: (?:quoted-printable|base64)\r$/m)
  }
})

const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
  .map((text) => text.replaceAll(/\p{Cc}/gu, ''))

test('whatever is written is read again, and no line is too long', () => {
  fc.assert(
    fc.property(words, words, words, (name, subject, fileName) => {
      const text = composed({
        subject,
        from: { name, mailbox: { local: 'a', domain: 'example.org' } },
        attachments: [{ name: fileName, type: 'text/plain', content: Buffer.from('x') }],
      })
      assert.equal(decodeWords(valueOf(text, 'subject')).trim(), subject.toWellFormed().trim())
      const parsed = parseHeader(Buffer.from(text, 'latin1'), LIMITS)
      assert.ok(parsed.ok)
      const authors = authorsOf(parsed.header)
      assert.ok(authors.ok, name)
      assert.deepEqual(authors.authors, [{ local: 'a', domain: 'example.org' }])
      assert.ok(text.split('\r\n').every((line) => line.length <= 998))
      const leaves = leavesOf(
        Buffer.from(text, 'latin1'),
        { depth: 9, parts: 9, headerBytes: 1 << 20 },
        () => true,
      )
      assert.equal(leaves.length, 2)
    }),
  )
})
