import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { mixCase, questionName } from './name.ts'

test('a name is lower case without the final dot', () => {
  assert.equal(questionName('Mail_1.Example.COM.'), 'mail_1.example.com')
  assert.equal(questionName('a'.repeat(63)), 'a'.repeat(63))
})

test('a name that no query can carry is none', () => {
  const long = Array.from({ length: 64 }, () => 'abc').join('.')
  for (const name of ['', '.', 'a..b', '.a', 'a..', 'a b', 'bücher.example', 'a\0b', 'a'.repeat(64), long]) {
    assert.equal(questionName(name), undefined, name)
  }
})

test('capitals are mixed by chance and nothing else changes', () => {
  assert.equal(
    mixCase('mx1.example.com', () => 0.999999999),
    'MX1.EXAMPLE.COM',
  )
  assert.equal(
    mixCase('mx1.example.com', () => 0),
    'mx1.example.com',
  )
  fc.assert(
    fc.property(fc.domain(), fc.nat(0xffffff), (name, bits) => {
      const lower = name.toLowerCase()
      assert.equal(mixCase(lower, () => bits / 0x1000000).toLowerCase(), lower)
    }),
  )
})
