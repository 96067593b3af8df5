import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { formatOrcpt } from './rcpt-parameters.ts'
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext } from './xtext.ts'

// fast-check's own unit for any code point takes a second to make its first string.
const char = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code))

test('xtext of any text decodes to it, and is printable', () => {
  fc.assert(
    fc.property(fc.string({ unit: char }), (text) => {
      const xtext = encodeXtext(text)
      assert.match(xtext, /^[!-*,-<>-~]*(?:\+[0-9A-F]{2}[!-*,-<>-~]*)*$/)
      assert.equal(decodeXtext(xtext), text)
    }),
  )
})

for (const [xtext, text] of [
  ['', ''],
  ['a+2Bb+3Dc', 'a+b=c'],
  ['+E3+81+82', 'あ'],
  ['a+', undefined],
  ['a+2', undefined],
  ['a+2b', undefined],
  ['a+ZZ', undefined],
  ['a=b', undefined],
  ['a b', undefined],
  ['あ', undefined],
  ['+FF', undefined],
] as const) {
  test(`${xtext} is ${JSON.stringify(text)}`, () => assert.equal(decodeXtext(xtext), text))
}

test('utf-8-addr-xtext of any address decodes to it, and is ASCII', () => {
  const address = fc.string({ unit: char, minLength: 1 }).map((text) => text.replace(/\p{Cc}/gu, 'あ'))
  fc.assert(
    fc.property(address, (text) => {
      assert.match(encodeUtf8Address(text), /^[!-*,-<>-~]*$/)
      assert.equal(decodeUtf8Address(encodeUtf8Address(text)), text)
    }),
  )
})

for (const [text, address] of [
  ['dan@ex\\x{E9}mple.example', 'dan@exémple.example'],
  ['dan@exémple.example', 'dan@exémple.example'],
  ['a\\x{2B}b', 'a+b'],
  ['\\x{1F600}', '😀'],
  ['a+2Bb', undefined],
  ['a\\b', undefined],
  ['a\\x{}', undefined],
  ['a\\x{E}', undefined],
  ['a\\x{e9}', undefined],
  ['a\\x{110000}', undefined],
  ['a\\x{D800}', undefined],
  ['a\\x{E9', undefined],
  ['a b', undefined],
] as const) {
  test(`utf-8;${text} is ${JSON.stringify(address)}`, () => assert.equal(decodeUtf8Address(text), address))
}

test('ORCPT is passed on in ASCII', () => {
  assert.equal(formatOrcpt('rfc822;a+b@example.com'), 'rfc822;a+2Bb@example.com')
  assert.equal(formatOrcpt('utf-8;用户+x@例え.jp'), 'utf-8;\\x{7528}\\x{6237}\\x{2B}x@\\x{4F8B}\\x{3048}.jp')
  assert.equal(formatOrcpt('x400;a;b'), 'x400;a;b')
})
