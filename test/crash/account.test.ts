import assert from 'node:assert/strict'
import { test } from 'node:test'

import { reckon } from './account.ts'
import type { Told } from './load.ts'

function account(
  told: Record<string, Told>,
  received: Record<string, number[]>,
  kills: readonly number[] = [],
) {
  const sink = { received: new Map(Object.entries(received)), damaged: [] }
  return reckon({ told: new Map(Object.entries(told)) }, sink, kills)
}

test('what was acknowledged and never came is lost; what is uncertain may come or not', () => {
  const { acked, lost, violations } = account(
    { a: 'acked', b: 'acked', c: 'uncertain', d: 'uncertain' },
    { a: [1], c: [2] },
  )
  assert.deepEqual([acked, lost, violations], [2, ['b'], []])
})

test('a copy is counted with the kill before it', () => {
  const told = { a: 'acked', b: 'acked', c: 'acked' } as const
  const received = { a: [10, 5_010], b: [20, 5_020, 9_000], c: [8_000] }
  const { duplicates, maxDuplicatesPerKill, violations } = account(told, received, [4_000, 8_500])
  assert.deepEqual([duplicates, maxDuplicatesPerKill, violations], [3, 2, []])
})

test('a copy without a crash between the two is no accident', () => {
  const told = { a: 'acked', b: 'acked' } as const
  assert.deepEqual(account(told, { a: [1, 2], b: [6_000, 6_001] }, [3_000]).violations, [
    'a came twice, and no crash between',
    'b came twice, and no crash between',
  ])
})

test('what was refused or never sent must not come', () => {
  const { violations } = account({ a: 'refused' }, { a: [1], x: [1] })
  assert.deepEqual(violations, ['a was refused, and arrived', 'x was never sent'])
})
