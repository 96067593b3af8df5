import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memoryPressure } from './pressure.ts'

test('nothing is taken in above the share, and the answer is as old as a second at most', () => {
  let [resident, time] = [60, 0]
  const pressure = memoryPressure(
    () => 0.5,
    () => resident,
    100,
    () => time,
  )
  assert.match(pressure() ?? '', /^memory: /)
  resident = 40
  time = 999
  assert.match(pressure() ?? '', /^memory: /)
  time = 1000
  assert.equal(pressure(), undefined)
})

test('a kernel that cannot be asked, as without file descriptors, changes nothing', () => {
  let time = 0
  let resident: number | Error = 60
  const asked = (): number => {
    if (typeof resident === 'number') return resident
    throw resident
  }
  const pressure = memoryPressure(
    () => 0.5,
    asked,
    100,
    () => time,
  )
  assert.match(pressure() ?? '', /^memory: /)
  resident = new Error('EMFILE')
  time = 1000
  assert.match(pressure() ?? '', /^memory: /)
  resident = 40
  time = 2000
  assert.equal(pressure(), undefined)
})
