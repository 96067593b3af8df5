import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ManualTimers } from './rig.fixture.ts'
import { Deadline } from './timers.ts'

test('a deadline that is moved is met at its last place only', () => {
  const timers = new ManualTimers()
  let missed = 0
  const deadline = new Deadline(timers, () => (missed += 1))
  deadline.set(100)
  timers.pass(50)
  deadline.set(100)
  timers.pass(99)
  assert.equal(missed, 0)
  timers.pass(1)
  assert.equal(missed, 1)
  timers.pass(1000)
  assert.equal(missed, 1)
})

test('a deadline may be moved earlier, taken back, and set again', () => {
  const timers = new ManualTimers()
  let missed = 0
  const deadline = new Deadline(timers, () => (missed += 1))
  deadline.set(1000)
  deadline.set(10)
  timers.pass(10)
  assert.equal(missed, 1)
  deadline.set(10)
  deadline.clear()
  timers.pass(100)
  assert.equal(missed, 1)
  deadline.set(10)
  deadline.end()
  timers.pass(100)
  assert.equal(missed, 1)
})
