import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { RateSign } from './state.ts'
import { DAY, WarmUp } from './warm-up.ts'
import type { WarmUpKept, WarmUpTerms } from './warm-up.ts'

const MIDNIGHT = 20_000 * DAY
const TERMS: WarmUpTerms = { schedule: [10, 20, 40], whenFull: 'overflow', idleRestart: 30 * DAY }

type Course = { readonly warm: WarmUp; readonly at: { now: number }; readonly told: string[] }

function course(kept?: WarmUpKept, more: { since?: number; terms?: WarmUpTerms } = {}): Course {
  const at = { now: MIDNIGHT + 1 }
  const told: string[] = []
  const warm = new WarmUp(
    {
      source: 'a',
      provider: 'google',
      terms: more.terms ?? TERMS,
      since: more.since,
      now: () => at.now,
      stepped: ({ step }, why, sign) =>
        told.push(`${step ?? 'done'}: ${why}${sign === undefined ? '' : `, ${sign.kind}`}`),
      filled: ({ limit }) => told.push(`full: ${limit}`),
    },
    kept,
  )
  return { warm, at, told }
}

/** As many messages as may go, up to `most`. */
function send({ warm, at }: Course, most: number): number {
  for (let n = 0; n < most; n += 1) {
    if (warm.wait(at.now) > 0) return n
    warm.begin(at.now)
    warm.end()
    warm.hear([{ code: 250, outcome: 'delivered' }])
  }
  return most
}

test('no more goes on a day than its step allows, and it goes on at midnight UTC', () => {
  const all = course()
  assert.equal(send(all, 100), 10)
  assert.equal(all.warm.wait(MIDNIGHT + 2), DAY - 2)
  all.at.now = MIDNIGHT + DAY
  assert.equal(send(all, 100), 20)
  assert.deepEqual(all.told, ['full: 10', '2: used', 'full: 20'])
})

test('after the last step there is no limit', () => {
  const all = course()
  for (let day = 0; day < 3; day += 1) {
    send(all, 1_000)
    all.at.now += DAY
  }
  assert.equal(send(all, 1_000), 1_000)
  assert.equal(all.told.at(-1), 'done: used')
  assert.equal(all.warm.state(all.at.now).step, undefined)
})

test('a day on which less than half went is followed by the same step, and one without mail counts for nothing', () => {
  const all = course()
  send(all, 4)
  all.at.now += DAY
  assert.equal(all.warm.state(all.at.now).step, 1)
  all.at.now += 5 * DAY
  assert.equal(all.warm.state(all.at.now).step, 1)
  send(all, 5)
  all.at.now += DAY
  assert.equal(all.warm.state(all.at.now).step, 2)
})

test('a suspension takes it one step back, and too much that is put off keeps it where it is', () => {
  const all = course(undefined, { since: MIDNIGHT - DAY })
  assert.equal(all.warm.state(all.at.now).step, 2)
  send(all, 20)
  for (let n = 0; n < 3; n += 1) all.warm.hear([{ code: 451, outcome: 'deferred' }])
  all.at.now += DAY
  assert.equal(all.warm.state(all.at.now).step, 2)
  send(all, 20)
  all.warm.alarm()
  all.at.now += DAY
  assert.equal(all.warm.state(all.at.now).step, 1)
  assert.equal(all.told.at(-1), '1: bad-signs, suspended')
  assert.deepEqual(all.warm.state(all.at.now).slowed?.sign, { kind: 'suspended' })
})

const COMPLAINED: RateSign = { kind: 'complained', bad: 2, of: 60, most: 0.003 }

test('a rate that has become bad takes it a step back at once, and once for as long as that day lasts', () => {
  const all = course(undefined, { since: MIDNIGHT - 2 * DAY })
  send(all, 15)
  all.warm.rated(undefined)
  assert.equal(all.warm.state(all.at.now).step, 3)
  for (let look = 0; look < 3; look += 1) all.warm.rated(COMPLAINED)
  assert.deepEqual(all.told, ['2: bad-signs, complained'])
  assert.equal(send(all, 100), 5)
  assert.deepEqual(all.warm.state(all.at.now).slowed, { sign: COMPLAINED, at: all.at.now })
  all.warm.rated(undefined)
  all.warm.rated(COMPLAINED)
  assert.equal(all.warm.state(all.at.now).step, 2)
})

test('while the rate is bad it does not go on, and each further day of it is a step back', () => {
  const all = course(undefined, { since: MIDNIGHT - 2 * DAY })
  all.warm.rated(COMPLAINED)
  const steps: (number | undefined)[] = []
  for (let day = 0; day < 4; day += 1) {
    send(all, 100)
    all.at.now += DAY
    steps.push(all.warm.state(all.at.now).step)
  }
  assert.deepEqual(steps, [2, 1, 1, 1])
  all.warm.rated(undefined)
  assert.equal(all.warm.state(all.at.now).slowed?.sign.kind, 'complained')
  send(all, 100)
  all.at.now += DAY
  const { step, slowed } = all.warm.state(all.at.now)
  assert.deepEqual([step, slowed], [2, undefined])
})

test('a bad rate is no news after a restart, and an operator overrules it until midnight', () => {
  const before = course(undefined, { since: MIDNIGHT - 2 * DAY })
  before.warm.rated(COMPLAINED)
  const kept = JSON.parse(JSON.stringify(before.warm.keep(before.at.now, true))) as WarmUpKept
  const all = course(kept)
  all.warm.rated(COMPLAINED)
  assert.deepEqual([all.told, all.warm.state(all.at.now).step], [[], 2])
  assert.deepEqual(all.warm.state(all.at.now).slowed?.sign, COMPLAINED)
  all.warm.set(2)
  all.warm.rated(COMPLAINED)
  assert.equal(all.warm.state(all.at.now).step, 3)
})

test('what an operator said before a rate became bad does not hold it', () => {
  const all = course()
  all.warm.set(2)
  all.warm.rated(COMPLAINED)
  assert.equal(all.warm.state(all.at.now).step, 2)
})

test('where the warm-up is over a bad rate changes nothing', () => {
  const all = course(undefined, { since: MIDNIGHT - 3 * DAY })
  all.warm.rated(COMPLAINED)
  assert.deepEqual([all.told, send(all, 1_000)], [[], 1_000])
})

test('after thirty days without mail it begins anew', () => {
  const all = course(undefined, { since: MIDNIGHT - 2 * DAY })
  send(all, 40)
  all.at.now += 29 * DAY
  assert.equal(all.warm.state(all.at.now).step, undefined)
  send(all, 1)
  all.at.now += 30 * DAY
  assert.equal(all.warm.state(all.at.now).step, 1)
  assert.equal(all.told.at(-1), '1: idle')
})

test('an operator says which step it is, or that it is over', () => {
  const all = course()
  send(all, 10)
  all.warm.set(2)
  assert.equal(send(all, 100), 30)
  all.warm.set(Infinity)
  assert.equal(send(all, 100), 100)
  all.warm.set(0)
  assert.equal(send(all, 100), 0)
})

test('what is under way at midnight counts on both days', () => {
  const all = course()
  all.warm.begin(all.at.now)
  all.warm.begin(all.at.now)
  all.at.now += DAY
  assert.equal(send(all, 100), 8)
})

test('whatever is told and whenever it dies, no day has more than its number', () => {
  const step = fc.record({
    sends: fc.integer({ min: 0, max: 30 }),
    /** Of what follows: nothing, a writing, a writing and a death, a death, or the next day. */
    next: fc.constantFrom('go', 'write', 'write and die', 'die', 'stop', 'midnight'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const at = { now: MIDNIGHT }
      let disk: string | undefined
      const live = (): WarmUp =>
        new WarmUp(
          {
            source: 'a',
            provider: 'google',
            // Always the same number, so that it is known here.
            terms: { schedule: [40], whenFull: 'wait', idleRestart: Infinity },
            now: () => at.now,
            want: () => {},
            stepped: () => {},
            filled: () => {},
          },
          disk === undefined ? undefined : (JSON.parse(disk) as WarmUpKept),
        )
      let warm = live()
      let today = 0
      for (const { sends, next } of steps) {
        for (let n = 0; n < sends && warm.state(at.now).step === 1 && warm.wait(at.now) === 0; n += 1) {
          warm.begin(at.now)
          warm.end()
          // Less than half of a day never ends the step; more than that does, and the test with it.
          today += 1
        }
        assert.ok(today <= 40, `${today} went`)
        if (next === 'write' || next === 'write and die') {
          disk = JSON.stringify(warm.keep(at.now, false))
          warm.kept()
        }
        if (next === 'stop') disk = JSON.stringify(warm.keep(at.now, true))
        if (next.endsWith('die') || next === 'stop') warm = live()
        if (next === 'midnight') {
          at.now += DAY
          today = 0
        }
      }
    }),
  )
})

test('nothing goes that is not covered by what has been written down', () => {
  let wanted = 0
  const at = { now: MIDNIGHT }
  const warm = new WarmUp({
    source: 'a',
    provider: 'google',
    terms: TERMS,
    now: () => at.now,
    want: () => void (wanted += 1),
    stepped: () => {},
    filled: () => {},
  })
  assert.equal(warm.wait(at.now), Infinity)
  assert.equal(wanted, 1)
  warm.keep(at.now, false)
  assert.equal(warm.wait(at.now), Infinity)
  warm.kept()
  for (let n = 0; n < 5; n += 1) {
    assert.equal(warm.wait(at.now), 0)
    warm.begin(at.now)
  }
  assert.equal(warm.wait(at.now), Infinity)
})
