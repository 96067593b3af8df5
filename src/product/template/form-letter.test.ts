import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { decodeWords, leavesOf, parseHeader, unfold } from '#grammar/message'

import { decodeData, decodeLetter, encodeData, encodeLetter, press } from './index.ts'
import type { FormLetter, RecipientData } from './index.ts'

const TO = { local: 'user', domain: 'example.com' }
const LIMITS = { bytes: 1 << 20, fields: 1000 }
const MIME = { headerBytes: 1 << 20, depth: 9, parts: 99 }

const LETTER: FormLetter = {
  from: { name: '店', mailbox: { local: 'shop', domain: 'example.org' } },
  replyTo: [],
  template: {
    subject: 'For {{ name }}',
    text: 'Dear {{ name }},\n{{ words }}\n',
    html: '<p>{{ words }}</p>',
    headers: { 'X-Customer': '{{ customer }}', 'X-Kind': 'news' },
  },
  attachments: [{ name: 'a.txt', type: 'text/plain', content: Buffer.from('attached') }],
  charset: 'utf-8',
  date: Date.UTC(2026, 10, 22),
  boundary: 'b0undary',
}

function written(letter: FormLetter, data: RecipientData): Buffer | undefined {
  const made = press(letter).write({ to: TO, data, messageId: '<1.0@example.org>' })
  return made.ok ? Buffer.concat(made.value) : undefined
}

function header(bytes: Buffer): readonly (readonly [name: string, value: string])[] {
  const parsed = parseHeader(bytes, LIMITS)
  assert(parsed.ok)
  return parsed.header.fields.map((field) => [field.name, unfold(parsed.header, field)])
}

test('what is kept of a letter and of a recipient makes the same octets again', () => {
  const data = { name: '山田, "太郎"', variables: { name: '山田', words: 'a\r\nb', customer: 7 } }
  const first = written(LETTER, data)
  const again = written(decodeLetter(encodeLetter(LETTER)), decodeData(encodeData(data)))
  assert.ok(first)
  assert.deepEqual(again, first)
  const fields = new Map(header(first))
  assert.equal(decodeWords(fields.get('to') ?? ''), '山田, "太郎" <user@example.com>')
  assert.equal(decodeWords(fields.get('subject') ?? ''), 'For 山田')
  assert.equal(fields.get('message-id'), '<1.0@example.org>')
})

test('a recipient whose variables have characters of their own is written in another charset', () => {
  const letter: FormLetter = { ...LETTER, charset: 'iso-2022-jp' }
  const as = (charset?: 'utf-8'): string =>
    written(letter, { variables: { name: '髙' }, ...(charset && { charset }) })?.toString('latin1') ?? ''
  assert.match(as(), /charset=iso-2022-jp/)
  assert.doesNotMatch(as('utf-8'), /charset=iso-2022-jp/)
})

const NAMES = [
  'date',
  'from',
  'to',
  'message-id',
  'subject',
  'x-customer',
  'x-kind',
  'mime-version',
  'content-type',
]

const PRESS = press(LETTER)

test('whatever the variables are, the header section has its fields and no other, or nothing is written', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      '\r\nBcc: b@example.com',
      '\n',
      '\r',
      '\0',
      '=?utf-8?q?=0d=0aX:_1?=',
      '\u2028',
      '\ud800',
      '{{ x }}',
    ),
    fc.string({ unit: fc.constantFrom('\r', '\n', ':', ' ', 'X', '-', '\u0085', '山', '\t'), maxLength: 50 }),
  )
  const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 3 }))
  fc.assert(
    fc.property(text, fc.record({ name: value, words: value, customer: value }), (name, variables) => {
      const clean = name.replaceAll(/[\r\n\0]/g, '')
      const made = PRESS.write({ to: TO, data: { name: clean, variables }, messageId: '<1.0@example.org>' })
      if (!made.ok) return
      const bytes = Buffer.concat(made.value)
      assert.deepEqual(
        header(bytes).map(([field]) => field),
        NAMES,
      )
      assert.deepEqual(
        leavesOf(bytes, MIME, () => true).map(({ type }) => type),
        ['text/plain', 'text/html', 'text/plain'],
      )
    }),
  )
})

test('what is no line is not written, and says where', () => {
  const made = press(LETTER).write({
    to: TO,
    data: { variables: { name: 'a\r\nBcc: b@example.com' } },
    messageId: '<1.0@example.org>',
  })
  assert.deepEqual(made, {
    ok: false,
    faults: [{ place: '/subject', why: 'a line break or control character in what must be one line' }],
  })
})
