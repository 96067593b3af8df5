import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { idAt } from '#grammar/message-id'
import { serverKey } from '#platform/secret'

import {
  clickToken,
  openToken,
  readClickToken,
  readOpenToken,
  readWishToken,
  TOKEN_LENGTH,
  wishToken,
} from './index.ts'

const key = serverKey(Buffer.alloc(32, 7))
const other = serverKey(Buffer.alloc(32, 8))
const OF = { organization: 'acme', stream: 'marketing', message: idAt(1_700_000_000_000, 0), n: 3 }
const CLICK = { ...OF, link: 12, url: 'https://example.com/a?b=c&d=%20#e' }
const WISH = { ...OF, local: 'kana', domain: 'example.jp' }

test('what a token says is read again', () => {
  assert.deepEqual(readOpenToken(openToken(OF, key), key), OF)
  assert.deepEqual(readClickToken(clickToken(CLICK, key), key), CLICK)
  assert.deepEqual(readWishToken(wishToken(WISH, key), key), WISH)
})

test('the same delivery has the same tokens each time', () => {
  assert.equal(openToken(OF, key), openToken(OF, key))
  assert.equal(clickToken(CLICK, key), clickToken(CLICK, key))
  assert.equal(wishToken(WISH, key), wishToken(WISH, key))
})

test('a recipient cannot be read out of the address for unsubscribing', () => {
  const token = wishToken({ ...WISH, local: 'somebody.special' }, key)
  assert.ok(!Buffer.from(token, 'base64url').toString('latin1').includes('special'))
})

test('any local part comes back, with spaces and @ in it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (local) => {
      const wish = { ...WISH, local }
      // What is no character on its own is not one in UTF-8 either.
      if (local.isWellFormed()) assert.deepEqual(readWishToken(wishToken(wish, key), key), wish)
    }),
  )
})

test('a token with any of its octets changed, or cut anywhere, is none', () => {
  const token = Buffer.from(clickToken(CLICK, key), 'base64url')
  for (let at = 0; at < token.length; at += 1) {
    const changed = Buffer.from(token)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(readClickToken(changed.toString('base64url'), key), undefined)
    assert.equal(readClickToken(token.subarray(0, at).toString('base64url'), key), undefined)
  }
})

test('a token is good for what it was made for, and under its key, alone', () => {
  assert.equal(readClickToken(openToken(OF, key), key), undefined)
  assert.equal(readOpenToken(clickToken(CLICK, key), key), undefined)
  assert.equal(readOpenToken(openToken(OF, other), key), undefined)
  assert.equal(readWishToken(openToken(OF, key), key), undefined)
  assert.equal(readWishToken(wishToken(WISH, other), key), undefined)
})

test('whatever else stands there is no token', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      assert.equal(readOpenToken(text, key), undefined)
      assert.equal(readClickToken(text, key), undefined)
      assert.equal(readWishToken(text, key), undefined)
    }),
  )
  const token = openToken(OF, key)
  for (const text of [`${token}A`, `${token}=`, ` ${token}`, `${token}\n`])
    assert.equal(readOpenToken(text, key), undefined)
  assert.equal(readOpenToken('A'.repeat(TOKEN_LENGTH + 1), key), undefined)
})
