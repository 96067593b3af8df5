import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Window } from './window.ts'

const MINUTE = 60_000
const HOUR = 3_600_000

const CLOSELY = { parts: 50, isLenient: false }
const LOOSELY = { parts: 4, isLenient: true }

test('a window lets so many begin, and the next a span after the first has ended', () => {
  const window = new Window(2, 1_000)
  window.begin()
  window.begin()
  assert.equal(window.wait(0), Infinity)
  window.end(300)
  const wait = window.wait(300)
  assert.ok(wait >= 1_000 && wait <= 1_016, `${wait}`)
  assert.equal(window.wait(300 + wait), 0)
})

test('a clock that steps back neither opens nor closes a window', () => {
  const window = new Window(1, 1_000)
  window.begin()
  window.end(10_000)
  assert.ok(window.wait(0) > 0)
  assert.equal(window.wait(11_016), 0)
})

test('after a long quiet time nothing counts any more', () => {
  const window = new Window(5, HOUR)
  for (let n = 0; n < 5; n += 1) window.begin()
  for (let n = 0; n < 5; n += 1) window.end(n)
  assert.equal(window.used(HOUR / 2), 5)
  assert.equal(window.used(100 * HOUR), 0)
})

test('whoever waits as long as told may begin, and no span ever holds more', () => {
  const steps = fc.array(
    fc.record({ pause: fc.integer({ min: 0, max: 400 }), took: fc.integer({ min: 0, max: 900 }) }),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 6 }), (all, most) => {
      const window = new Window(most, 1_000)
      const open: number[] = []
      const seen: { readonly from: number; readonly until: number }[] = []
      let now = 0
      for (const { pause, took } of all) {
        now += pause
        for (const at of open.filter((end) => end <= now)) window.end(at)
        open.splice(0, open.length, ...open.filter((end) => end > now))
        const wait = window.wait(now)
        if (wait > 0) continue
        window.begin()
        open.push(now + took)
        seen.push({ from: now, until: now + took })
      }
      // A receiver may see each at any moment of it: all that it could see within one span must not be too many.
      for (const end of seen.flatMap(({ from, until }) => [from, until]))
        assert.ok(visible(seen, end) <= most, `${visible(seen, end)} within the second before ${end}`)
    }),
  )
})

/** How many could be seen within the second that ends at `end`. */
function visible(seen: readonly { readonly from: number; readonly until: number }[], end: number): number {
  return seen.filter(({ from, until }) => from <= end && until > end - 1_000).length
}

test('what was counted is found again after a restart, as old as it is by then', () => {
  const before = new Window(100, HOUR)
  for (let n = 0; n < 10; n += 1) before.begin()
  for (let n = 0; n < 8; n += 1) before.end(0)
  const tally = before.tally(HOUR / 2, true)
  assert(tally)
  const after = new Window(100, HOUR)
  after.restore(tally, HOUR / 4, 50 * HOUR)
  assert.equal(after.used(50 * HOUR), 10)
  // Those that had ended were half an hour old, and a quarter of an hour has passed since.
  assert.equal(after.used(50 * HOUR + HOUR / 4 + HOUR / 32), 2)
  assert.equal(after.used(52 * HOUR), 0)
})

test('none begins that is not covered by what has been written down', () => {
  const window = new Window(100, HOUR, CLOSELY)
  assert.equal(window.wait(0), Infinity)
  const tally = window.tally(0, false)
  assert(tally)
  assert.equal(tally.reserved, 2)
  window.kept()
  window.begin()
  assert.ok(window.isRunningOut)
  window.begin()
  assert.equal(window.wait(0), Infinity)
  // A crash here: what was reserved counts.
  const after = new Window(100, HOUR)
  after.restore(tally, 0, 0)
  assert.equal(after.used(0), 2)
})

test('what began while it was written down is taken from what was reserved', () => {
  const window = new Window(1_000, HOUR, CLOSELY)
  window.tally(0, false)
  window.kept()
  window.tally(0, false)
  for (let n = 0; n < 5; n += 1) window.begin()
  window.kept()
  let begun = 0
  for (; window.wait(0) === 0; begun += 1) window.begin()
  assert.equal(begun, 15)
})

test('of what is seldom near its limit a quarter goes without any writing, and counts after a crash', () => {
  const window = new Window(100, MINUTE, LOOSELY)
  let begun = 0
  for (; window.wait(0) === 0; begun += 1) window.begin()
  assert.equal(begun, 25)
  assert.ok(window.isRunningOut)
  const few = new Window(100, MINUTE, LOOSELY)
  few.begin()
  assert.equal(few.tally(0, false), undefined)
  assert.ok(!few.isRunningOut)
  const after = new Window(100, MINUTE, LOOSELY)
  after.presume(1_000, 2_000, undefined)
  assert.equal(after.used(2_000), 25)
  assert.equal(after.used(MINUTE + 3_000), 0)
})

test('a crash never lets more begin within a span than it holds, whenever it comes and whatever was written', () => {
  const acts = fc.array(
    fc.oneof(
      fc.record({ act: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
      fc.record({ act: fc.constantFrom('begin' as const, 'begin' as const, 'write' as const) }),
      fc.record({ act: fc.constantFrom('crash' as const, 'stop' as const) }),
    ),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 30 }), (all, most) => {
      let [now, at] = [0, 0]
      let window = new Window(most, MINUTE, LOOSELY)
      let disk: ReturnType<Window['tally']>
      const seen: number[] = []
      for (const one of all) {
        if (one.act === 'pause') now += one.ms
        else if (one.act === 'write') {
          disk = window.tally(now, false)
          at = now
          window.kept()
        } else if (one.act === 'begin') {
          if (window.wait(now) > 0) continue
          window.begin()
          window.end(now)
          seen.push(now)
        } else {
          if (one.act === 'stop') [disk, at] = [window.tally(now, true), now]
          window = new Window(most, MINUTE, LOOSELY)
          if (disk !== undefined) window.restore(disk, now - at, now)
          if (one.act === 'crash') window.presume(now, now, disk)
          // What a process finds it writes down again before it begins anything: from here on it may crash.
        }
      }
      for (const [i, last] of seen.entries()) {
        const first = seen[i - most]
        assert.ok(
          first === undefined || last - first >= MINUTE,
          `${most + 1} within ${last - (first ?? 0)} ms`,
        )
      }
    }),
    { numRuns: 500 },
  )
})
