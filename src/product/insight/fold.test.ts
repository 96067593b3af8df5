import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { CountRow } from '#engine/spool'

import { folded } from './fold.ts'

function row(day: number, domain: string, accepted: number): CountRow {
  return { key: { day, domain }, counts: { accepted }, delays: [[3, accepted]] }
}

const ROWS = [row(1, 'a', 5), row(1, 'b', 1), row(1, 'c', 2), row(2, '*', 9), row(2, 'a', 5), row(2, 'b', 1)]

test('the names of which there is most are told apart, the others together for each of the other keys', () => {
  assert.deepEqual(folded(ROWS, ['day', 'domain'], 5), [
    row(1, 'a', 5),
    row(2, 'a', 5),
    row(1, '*', 3),
    row(2, '*', 10),
  ])
})

test('what is not too long, and what has no names, stays as it is', () => {
  assert.equal(folded(ROWS, ['day', 'domain'], 6), ROWS)
  assert.equal(folded(ROWS, ['day', 'class'], 2), ROWS)
})

test('nothing is lost, however few rows there may be', () => {
  for (const most of [0, 1, 2, 3, 4, 5, 6]) {
    const rows = folded(ROWS, ['day', 'domain'], most)
    const sum = rows.reduce((all, { counts }) => all + (counts.accepted ?? 0), 0)
    assert.equal(sum, 23)
    assert.ok(rows.length <= Math.max(2, most), String(most))
  }
})
