/** A long story in few lines: nothing that sets in is lost, and the time adds up. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Binding } from './binding.ts'
import { Timeline } from './timeline.ts'
import type { Phase } from './phases.ts'

const limit: Binding = { at: 'limit', limit: { key: 'connections', value: 4 } }
const rate: Binding = { at: 'limit', limit: { key: 'messages_per_second', value: 10 } }
const nothing: Binding = { at: 'nothing' }
const suspended: Binding = {
  at: 'suspended',
  reaction: { rule: 'provider big: busy', place: {}, for: 3_600_000, reply: '421 busy' },
}
const warm = (step: number): Binding => ({ at: 'warm-up', step, steps: 9, most: step })

function told(
  notes: readonly (readonly [by: Binding, ms: number, sent: number])[],
  most = 10,
): readonly Phase[] {
  const timeline = new Timeline(1_000)
  let now = 1_000
  for (const [by, ms, sent] of notes) {
    timeline.note(by, now)
    for (let n = 0; n < sent; n += 1) timeline.took()
    now += ms
  }
  timeline.end(now)
  return timeline.phases(most)
}

test('what goes on is one phase', () => {
  assert.deepEqual(
    told([
      [limit, 500, 1],
      [limit, 500, 2],
    ]),
    [{ from: 0, to: 1_000, by: limit, sent: 3 }],
  )
})

test('how it went before the first reaction is told, however short it was', () => {
  const phases = told([
    [nothing, 1_000, 1],
    [limit, 20_000, 9],
    [suspended, 3_600_000_000, 0],
  ])
  assert.deepEqual(
    phases.map(({ by, from, sent }) => [by.at, from, sent]),
    [
      ['limit', 0, 10],
      ['suspended', 21_000, 0],
    ],
  )
})

test('a reaction that comes again and again is one line that counts it, and the time of it alone', () => {
  const again = Array.from({ length: 50 }, () => [
    [limit, 60_000, 5] as const,
    [suspended, 3_600_000, 0] as const,
  ]).flat()
  const phases = told(again)
  const last = phases.at(-1)
  assert.ok(phases.length <= 3)
  assert.equal(last?.by.at, 'suspended')
  assert.equal(
    phases.reduce((sum, { times = 1, by }) => sum + (by === suspended ? times : 0), 0),
    50,
  )
  assert.equal(
    phases.reduce((sum, { sent }) => sum + sent, 0),
    250,
  )
  const lasted = phases.reduce(
    (sum, one) => sum + (one.by === suspended ? (one.lasted ?? one.to - one.from) : 0),
    0,
  )
  assert.equal(lasted, 50 * 3_600_000)
})

test('what goes on a day of a warm-up is told with its step', () => {
  const days = Array.from({ length: 9 }, (_, n) => [
    [limit, 10_000, n] as const,
    [warm(n), 86_390_000, 0] as const,
  ]).flat()
  assert.deepEqual(
    told(days).map(({ by, sent }) => [by.at === 'warm-up' && by.step, sent]),
    Array.from({ length: 9 }, (_, n) => [n, n]),
  )
})

test('whatever happens there are few lines, without a gap, and all that was sent is in them', () => {
  const note = fc.tuple(
    fc.constantFrom(limit, rate, nothing, suspended, warm(1), warm(2)),
    fc.integer({ min: 0, max: 10_000_000 }),
    fc.integer({ min: 0, max: 3 }),
  )
  fc.assert(
    fc.property(fc.array(note, { minLength: 1, maxLength: 600 }), (notes) => {
      const phases = told(notes)
      const total = notes.reduce((sum, [, ms]) => sum + ms, 0)
      if (total === 0) return
      assert.ok(phases.length <= 10, `${phases.length}`)
      assert.equal(phases[0]?.from, 0)
      assert.equal(phases.at(-1)?.to, total)
      for (const [i, { to }] of phases.entries()) assert.equal(phases[i + 1]?.from ?? to, to)
      assert.equal(
        phases.reduce((sum, { sent }) => sum + sent, 0),
        notes.reduce((sum, [, , sent]) => sum + sent, 0),
      )
    }),
    { numRuns: 60 },
  )
})
