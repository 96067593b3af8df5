import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { Gate } from './gate.ts'

function crowd(gate: Gate, count: number): number[] {
  const entered: number[] = []
  for (let index = 0; index < count; index++) void gate.enter().then(() => entered.push(index))
  return entered
}

test('32 enter in one turn of the loop, the others in later turns, in order', async () => {
  const gate = new Gate()
  const entered = crowd(gate, 200)
  await Promise.resolve()
  assert.equal(entered.length, 32)
  await setImmediate()
  assert.equal(entered.length, 64)
  while (entered.length < 200) await setImmediate()
  assert.deepEqual(
    entered,
    Array.from({ length: 200 }, (_, index) => index),
  )
})

test('512 are inside at most, and who leaves lets the next one in', async () => {
  const gate = new Gate()
  const entered = crowd(gate, 600)
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  assert.equal(entered.length, 512)
  gate.leave()
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  assert.equal(entered.length, 513)
})
