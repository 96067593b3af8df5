import assert from 'node:assert/strict'
import { test } from 'node:test'

import { shareOf, tallied } from './tally.ts'
import type { Measure, Outcomes } from './tally.ts'

const PATH = { source: 'a', provider: 'google' } as const

function rows(...all: readonly (readonly [Outcomes['kind'], number, string?])[]): readonly Outcomes[] {
  return all.map(([kind, count, name = '']) => ({ ...PATH, kind, class: name, count }))
}

const DAY = rows(
  ['delivered', 900],
  ['delivered', 30],
  ['deferred', 40, 'rate'],
  ['deferred', 500, 'greylisted'],
  ['bounced', 50, 'user-unknown'],
  ['bounced', 20, 'reputation'],
  ['returned', 10, 'user-unknown'],
  ['returned', 5, 'spam'],
  ['expired', 3, 'network'],
  ['complained', 4],
)

test('rows of one source and group are one tally, with why mail was not taken, the most frequent first', () => {
  const [tally, ...more] = tallied(DAY)
  assert.deepEqual(more, [])
  assert.deepEqual(tally, {
    ...PATH,
    delivered: 930,
    deferred: 540,
    bounced: 70,
    returned: 15,
    expired: 3,
    complained: 4,
    hard: 60,
    refused: 25,
    putOff: 40,
    classes: [
      { class: 'user-unknown', count: 60 },
      { class: 'reputation', count: 20 },
      { class: 'spam', count: 5 },
    ],
  })
})

const SHARES: readonly (readonly [Measure, bad: number, of: number, why: string])[] = [
  ['complained', 4, 930, 'complaints are of what was delivered'],
  ['refused', 25, 1_000, 'what was delivered and then returned counts once'],
  ['bounced', 60, 1_000, 'only addresses that will never take mail are counted against the list'],
  ['deferred', 40, 1_540, 'a receiver that is down or knows no sender yet holds nothing against it'],
]

for (const [measure, bad, of, why] of SHARES) {
  test(`${measure}: ${why}`, () => {
    const [tally] = tallied(DAY)
    assert.deepEqual(tally && shareOf(tally, measure), { bad, of })
  })
}

test('sources and groups are told apart, in their order; a class that nobody knows is not hard', () => {
  const odd = { source: 'b', provider: 'others', kind: 'bounced', class: 'constructor', count: 1 } as const
  const all = tallied([odd, ...DAY, { ...odd, source: 'a', class: 'user-unknown' }])
  assert.deepEqual(
    all.map(({ source, provider, hard }) => [source, provider, hard]),
    [
      ['a', 'google', 60],
      ['a', 'others', 1],
      ['b', 'others', 0],
    ],
  )
  assert.deepEqual(tallied([]), [])
})
