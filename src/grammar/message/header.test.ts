import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { field, parseHeader } from './header.ts'
import type { Header } from './header.ts'

const limits = { bytes: 1000, fields: 20 }

function parsed(text: string): Header {
  const read = parseHeader(Buffer.from(text, 'latin1'), limits)
  assert(read.ok)
  return read.header
}

function shown(header: Header): string[] {
  return header.fields.map(({ name, value, end }) => `${name}|${header.text.slice(value, end)}`)
}

test('a header section is split into fields with their folding, and ends at the empty line', () => {
  const header = parsed('Subject: a\r\n\tb\r\nX-Y:\r\n\r\nBody: no\r\n')
  assert.deepEqual(shown(header), ['subject| a\r\n\tb\r\n', 'x-y|\r\n'])
  assert.equal(header.bytes.toString('latin1', header.body), 'Body: no\r\n')
  assert.equal(header.end, header.body - 2)
})

test('names that are properties of every object are names like others', () => {
  const header = parsed('__proto__: a\r\nconstructor: b\r\nhasOwnProperty: c\r\n\r\n')
  assert.deepEqual(
    header.fields.map(({ name }) => name),
    ['__proto__', 'constructor', 'hasownproperty'],
  )
  assert.equal(field(header, '__proto__'), header.fields[0])
  assert.equal(field(header, 'tostring'), undefined)
})

const shapes: [title: string, text: string, fields: string[], body: string][] = [
  ['no header section at all, only its end', '\r\nhello\r\n', [], 'hello\r\n'],
  ['a header section without a body', 'A: b\r\n', ['a| b\r\n'], ''],
  ['a last line without its end', 'A: b', ['a| b'], ''],
  ['a body without a header section', 'hello, world\r\nA: b\r\n\r\nc', [], 'hello, world\r\nA: b\r\n\r\nc'],
  [
    'a line that is no field begins the body',
    'A: b\r\nhello\r\nC: d\r\n\r\n',
    ['a| b\r\n'],
    'hello\r\nC: d\r\n\r\n',
  ],
  ['space in a name is no field', 'A b: c\r\n\r\n', [], 'A b: c\r\n\r\n'],
  ['space before the colon is obsolete and a field', 'A \t: b\r\n\r\nc', ['a| b\r\n'], 'c'],
  [
    'an mbox line before the first field is passed over',
    'From a@b Mon 10:21\r\nA: b\r\n\r\nc',
    ['a| b\r\n'],
    'c',
  ],
  [
    'a folded line that is only space does not end it',
    'A: b\r\n \r\nC: d\r\n\r\ne',
    ['a| b\r\n \r\n', 'c| d\r\n'],
    'e',
  ],
  ['a name of 8-bit octets is no field', 'S\xfcbject: b\r\n\r\n', [], 'S\xfcbject: b\r\n\r\n'],
  ['an empty name is no field', ': b\r\n\r\n', [], ': b\r\n\r\n'],
  ['nothing', '', [], ''],
]
for (const [title, text, fields, body] of shapes) {
  test(`header section: ${title}`, () => {
    const header = parsed(text)
    assert.deepEqual(shown(header), fields)
    assert.equal(header.bytes.toString('latin1', header.body), body)
  })
}

test('a header section may have as many octets as the limit and not one more', () => {
  const line = `A: ${'b'.repeat(995)}\r\n`
  assert.equal(parseHeader(Buffer.from(`${line}\r\nbody`), limits).ok, true)
  for (const text of [`A${line}\r\nbody`, `${line}B: c\r\n\r\n`, `A: ${'b'.repeat(5000)}`])
    assert.deepEqual(parseHeader(Buffer.from(text), limits), { ok: false, why: 'too large' })
})

test('a header section may have as many fields as the limit and not one more', () => {
  assert.equal(parseHeader(Buffer.from('A: b\r\n'.repeat(20)), limits).ok, true)
  assert.deepEqual(parseHeader(Buffer.from('A: b\r\n'.repeat(21)), limits), {
    ok: false,
    why: 'too many fields',
  })
})

test('half a million fields, or addresses in one of them, end at the limit', () => {
  const wide = { bytes: 100_000_000, fields: 1000 }
  const many = Buffer.from('A: b\r\n'.repeat(500_000))
  assert.deepEqual(parseHeader(many, wide), { ok: false, why: 'too many fields' })
  const long = Buffer.from(`To: ${'someone@example.com,\r\n '.repeat(500_000)}\r\n\r\n`)
  assert.deepEqual(parseHeader(long, { bytes: 65_536, fields: 1000 }), { ok: false, why: 'too large' })
  assert.equal(parseHeader(long, wide).ok, true)
})

test('no octets make the parser throw, and the fields lie one after the other', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('\r', '\n', '\r\n', ' ', ':', 'a', '\0', '\xff', '\t'),
    maxLength: 60,
  })
  fc.assert(
    fc.property(nasty, (text) => {
      const header = parsed(text)
      let at = header.fields[0]?.start ?? header.end
      for (const { start, value, end } of header.fields) {
        assert.equal(start, at)
        assert(value > start && value <= end)
        at = end
      }
      assert.equal(at, header.end)
      assert(header.body >= header.end && header.body <= text.length)
    }),
  )
})
