import assert from 'node:assert/strict'
import { test } from 'node:test'

import { timeOf, toInteger } from '#grammar/message-id'

import { messageIds } from './message-ids.ts'

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
