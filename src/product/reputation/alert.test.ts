import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { judge } from './alert.ts'
import type { Alert, AlertTerms } from './alert.ts'
import { tallied } from './tally.ts'
import type { Tally } from './tally.ts'

const NOW = 1_800_000_000_000
const NEVER = { warn: 1, bad: 1 }
const TERMS: AlertTerms = {
  minimum: 50,
  limits: {
    complained: { warn: 0.001, bad: 0.003 },
    refused: { warn: 0.01, bad: 0.03 },
    bounced: { warn: 0.05, bad: 0.1 },
    deferred: NEVER,
  },
}

function day(
  delivered: number,
  complained: number,
  more: { refused?: number; hard?: number } = {},
): readonly Tally[] {
  const path = { source: 'a', provider: 'google' } as const
  return tallied([
    { ...path, kind: 'delivered', class: '', count: delivered },
    { ...path, kind: 'complained', class: '', count: complained },
    { ...path, kind: 'returned', class: 'reputation', count: more.refused ?? 0 },
    { ...path, kind: 'bounced', class: 'user-unknown', count: more.hard ?? 0 },
  ])
}

/** What is told as one day follows the other: `complained warn`, `-complained`. */
function told(days: readonly (readonly Tally[])[]): readonly string[] {
  let before: readonly Alert[] = []
  return days.flatMap((tallies, n) => {
    const { alerts, changes } = judge(tallies, TERMS, before, NOW + n)
    before = alerts
    return changes.map(({ kind, alert: { measure, level } }) =>
      kind === 'raised' ? `${measure} ${level}` : `-${measure}`,
    )
  })
}

test('a rate beyond its limit is an alert, with its numbers, until it is well below', () => {
  const { alerts, changes } = judge(day(1_000, 4), TERMS, [], NOW)
  const alert: Alert = {
    source: 'a',
    provider: 'google',
    measure: 'complained',
    level: 'bad',
    most: 0.003,
    since: NOW,
    bad: 4,
    of: 1_000,
  }
  assert.deepEqual(alerts, [alert])
  assert.deepEqual(changes, [{ kind: 'raised', alert }])
  const later = judge(day(10_000, 4), TERMS, alerts, NOW + 1)
  assert.deepEqual(later, {
    alerts: [],
    changes: [{ kind: 'recovered', alert, now: { bad: 4, of: 10_000 } }],
  })
})

test('few messages say nothing, and one alone alarms nobody', () => {
  assert.deepEqual(told([day(10, 1), day(10, 5), day(49, 49)]), [])
  assert.deepEqual(told([day(100, 1)]), [])
  assert.deepEqual(told([day(100, 2)]), ['complained bad'])
})

test('exactly the limit is not beyond it', () => {
  assert.deepEqual(told([day(2_000, 2)]), [])
  assert.deepEqual(told([day(2_000, 3)]), ['complained warn'])
})

test('what stands at its limit is told once, and worse or better is told', () => {
  const around = [day(1_000, 2), day(2_100, 2), day(2_000, 2), day(1_000, 2)]
  assert.deepEqual(told([...around, ...around]), ['complained warn'])
  assert.deepEqual(told([day(1_000, 2), day(1_000, 4), day(1_000, 2), day(10_000, 2)]), [
    'complained warn',
    'complained bad',
    'complained warn',
    '-complained',
  ])
})

test('when little goes because of it, it stands for as long as anything of it is in the day', () => {
  assert.deepEqual(told([day(1_000, 4), day(20, 4), day(20, 1)]), ['complained bad'])
  assert.deepEqual(told([day(1_000, 4), day(20, 4), day(20, 0)]), ['complained bad', '-complained'])
  assert.deepEqual(told([day(1_000, 4), []]), ['complained bad', '-complained'])
})

test('refusals and unknown recipients are judged by limits of their own', () => {
  assert.deepEqual(told([day(900, 0, { refused: 12, hard: 100 })]), ['refused warn', 'bounced warn'])
  assert.deepEqual(told([day(900, 0, { refused: 31, hard: 101 })]), ['refused bad', 'bounced bad'])
})

test('whatever comes, no level is told twice in a row, and alerts are what was told last', () => {
  const tallies = fc.tuple(fc.nat(3_000), fc.nat(12)).map(([delivered, bad]) => day(delivered, bad))
  fc.assert(
    fc.property(fc.array(tallies, { maxLength: 30 }), (days) => {
      let before: readonly Alert[] = []
      let last: string | undefined
      for (const tally of days) {
        const { alerts, changes } = judge(tally, TERMS, before, NOW)
        for (const { kind, alert } of changes) {
          const level = kind === 'raised' ? alert.level : undefined
          assert.notEqual(level, last)
          last = level
        }
        assert.equal(alerts[0]?.level, last)
        before = alerts
      }
    }),
  )
})
