import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { fromInteger, idAt, parseMessageId, tickAt, tickOf, timeOf, toInteger } from './message-id.ts'
import type { MessageId } from './message-id.ts'

const NOON = 1_767_225_600_000

test('an id tells its tick, and when that was, whatever the node', () => {
  const tick = fc.integer({ min: tickAt(NOON), max: tickAt(NOON + 86_400_000) })
  fc.assert(
    fc.property(tick, fc.nat({ max: 31 }), (at, node) => {
      const id = idAt(at, node)
      assert.equal(tickOf(id), at)
      assert.ok(tickAt(timeOf(toInteger(id))) <= at && at < tickAt(timeOf(toInteger(id)) + 1))
    }),
  )
})

test('every integer that SQL may hold goes to an id and back, in the same order', () => {
  const integer = fc.maxSafeNat()
  fc.assert(fc.property(integer, (n) => toInteger(fromInteger(n)) === n))
  fc.assert(fc.property(integer, integer, (a, b) => a < b === fromInteger(a) < fromInteger(b)))
})

test('what an operator typed is an id or nothing', () => {
  const id = fromInteger(Number.MAX_SAFE_INTEGER)
  assert.equal(parseMessageId(id.toUpperCase()), id)
  const wrong = [
    '',
    'x',
    '0'.repeat(10),
    '0'.repeat(12),
    'ilou0000000',
    'zzzzzzzzzzz',
    '00000 00000',
    `${id}.0`,
  ]
  for (const text of wrong) assert.equal(parseMessageId(text), undefined, text)
  fc.assert(fc.property(fc.string(), (text) => parseMessageId(text) === undefined || text.length === 11))
  const typed = parseMessageId(id) satisfies MessageId | undefined
  assert.equal(typed, id)
})
