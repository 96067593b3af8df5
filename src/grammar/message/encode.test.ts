import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import {
  base64Encoder,
  base64Lines,
  base64Rewrapper,
  encodedWords,
  foldedField,
  quotedPrintable,
  quotedPrintableEncoder,
  textField,
} from './encode.ts'
import type { Encoder } from './encode.ts'
import { decodeWords } from './value.ts'

/** Of nothing but 76 characters a line, CRLF apart. */
function assertLines(encoded: Buffer): void {
  for (const line of encoded.toString('latin1').split('\r\n')) {
    assert(line.length <= 76, line)
    assert.match(line, /^[\t\x20-\x7e]*$/)
    assert.doesNotMatch(line, /[ \t]$/)
  }
}

/** A decoder of the tests' own, by the letter of RFC 2045 §6.7. */
function unquote(encoded: string): Buffer {
  const text = encoded
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}

function inPieces(encoder: Encoder, data: Uint8Array, size: number): Buffer {
  const out: Buffer[] = []
  for (let at = 0; at < data.length; at += size) out.push(encoder.write(data.subarray(at, at + size)))
  return Buffer.concat([...out, encoder.end()])
}

test('quoted-printable keeps lines and quotes what a line cannot carry. RFC 2045 §6.7', () => {
  assert.equal(
    quotedPrintable(Buffer.from('a=b é\r\n \t\r\nend \r')).toString(),
    'a=3Db =C3=A9\r\n =09\r\nend=20=0D',
  )
  assert.equal(quotedPrintable(Buffer.from('a \nb\rc\0')).toString(), 'a =0Ab=0Dc=00')
  assert.equal(quotedPrintable(Buffer.from('last ')).toString(), 'last=20')
  assert.equal(quotedPrintable(Buffer.alloc(0)).length, 0)
})

test('quoted-printable breaks lines softly and never within an escape', () => {
  const encoded = quotedPrintable(Buffer.from(`${'x'.repeat(74)}éé${'y'.repeat(200)}\r\n`))
  assertLines(encoded)
  assert.equal(encoded.toString().split('\r\n')[0], `${'x'.repeat(74)}=`)
})

const octets = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .string({ unit: fc.constantFrom('\r\n', ' ', '\t', '\r', '\n', 'a', '=', '=41', 'é'), maxLength: 300 })
    .map((text) => Buffer.from(text)),
)

test('what is quoted is read back, however it was cut', () => {
  fc.assert(
    fc.property(octets, fc.integer({ min: 1, max: 100 }), (data, size) => {
      const encoded = inPieces(quotedPrintableEncoder(), data, size)
      assertLines(encoded)
      assert(encoded.equals(quotedPrintable(data)))
      assert(unquote(encoded.toString()).equals(data))
    }),
  )
})

test('quoted-printable with lines too long or 8-bit octets is made right and says the same', () => {
  const wrong = Buffer.from(`${'=E3=81=82'.repeat(200)}\u00e9 soft=\r\nbreak\r\n`, 'latin1')
  const right = inPieces(quotedPrintableEncoder(true), wrong, 7)
  assertLines(right)
  assert(unquote(right.toString()).equals(unquote(wrong.toString('latin1'))))
})

test('base64 comes in lines of 76, however it was cut', () => {
  fc.assert(
    fc.property(octets, fc.integer({ min: 1, max: 100 }), (data, size) => {
      const encoded = inPieces(base64Encoder(), data, size)
      assertLines(encoded)
      assert(encoded.equals(base64Lines(data)))
      assert(Buffer.from(encoded.toString(), 'base64').equals(data))
      assert(data.length === 0 || encoded.toString().endsWith('\r\n'))
      assert(
        inPieces(base64Rewrapper(), Buffer.from(Buffer.from(data).toString('base64')), size).equals(encoded),
      )
    }),
  )
})

test('plain text stays plain, and what looks like an encoded-word is encoded', () => {
  assert.equal(encodedWords('Hello, (world) = "?"'), 'Hello, (world) = "?"')
  assert.equal(encodedWords(''), '')
  assert.equal(decodeWords(encodedWords('=?utf-8?q?a?=')), '=?utf-8?q?a?=')
})

test('any text in an encoded field is shown as it was, in lines of at most 76. RFC 2047 §2', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', 'あ', '😀', 'é', '?', '=', '_', '\t', '=?'),
    maxLength: 200,
  })
  fc.assert(
    fc.property(text, (any) => {
      const field = textField('Subject', `é${any}`)
      for (const line of field.split('\r\n')) assert(line.length <= 76, line)
      assert.equal(decodeWords(field.slice(9).replaceAll('\r\n', '').trim()), `é${any}`)
    }),
  )
})

test('a field is folded at its spaces where it can be. RFC 5322 §2.2.3', () => {
  assert.equal(foldedField('A', 'b c'), 'A: b c\r\n')
  const long = foldedField(
    'References',
    Array.from({ length: 5 }, (_, i) => `<${'x'.repeat(30)}${i}@example.com>`).join(' '),
  )
  const lines = long.split('\r\n')
  assert.equal(lines.length, 6)
  assert(lines.every((line) => line.length <= 78 && (line === '' || line.trim() !== '')))
  assert.equal(foldedField('A', 'x'.repeat(200)), `A: ${'x'.repeat(200)}\r\n`)
  assert.equal(
    foldedField('A', `${'x'.repeat(70)}   ${'y'.repeat(20)}`),
    `A: ${'x'.repeat(70)}  \r\n ${'y'.repeat(20)}\r\n`,
  )
})
