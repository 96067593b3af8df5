import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { fromInteger, messageIds, parseMessageId, timeOf, toInteger } from './message-id.ts'
import type { MessageId } from './message-id.ts'

const NOON = 1_767_225_600_000

test('ids sort by the time they were given', () => {
  let now = NOON
  const next = messageIds(3, () => (now += 7))
  const ids = Array.from({ length: 100 }, next)
  assert.deepEqual(
    ids.toSorted((a, b) => (a < b ? -1 : 1)),
    ids,
  )
})

test('no two ids are the same in one millisecond, nor when the clock steps back', () => {
  let now = NOON
  const next = messageIds(3, () => now)
  const first = Array.from({ length: 1000 }, next)
  now -= 3_600_000
  const ids = [...first, ...Array.from({ length: 1000 }, next)]
  assert.equal(new Set(ids).size, 2000)
})

test('after a restart with the clock set back ids go on after the newest', () => {
  const newest = messageIds(3, () => NOON)()
  const next = messageIds(3, () => NOON - 86_400_000, { after: newest })
  for (let id = newest, n = 0; n < 500; n += 1) {
    const later = next()
    assert.ok(later > id)
    id = later
  }
})

test('threads of one node give different ids, whatever their number and wherever they begin', () => {
  const after = messageIds(3, () => NOON + 5)()
  for (const lanes of [2, 3, 7]) {
    const threads = Array.from({ length: lanes }, (_, lane) =>
      messageIds(3, () => NOON, { after, lane, lanes }),
    )
    const ids = threads.flatMap((next) => Array.from({ length: 300 }, next))
    assert.equal(new Set(ids).size, 300 * lanes)
    assert.ok(ids.every((id) => id > after))
  }
})

test('nodes give different ids', () => {
  const ids = Array.from({ length: 32 }, (_, node) => messageIds(node, () => NOON)())
  assert.equal(new Set(ids).size, 32)
})

test('an id says when it was given', () => {
  assert.equal(timeOf(toInteger(messageIds(31, () => NOON)())), NOON)
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
