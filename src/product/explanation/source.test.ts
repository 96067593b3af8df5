import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MEASURES } from '#product/reputation'
import type { Alert, RateRow } from '#product/reputation'

import { NOW, SIGNS, WARMING } from './facts.fixture.ts'
import { tellSource } from './source.ts'
import type { SourceFacts } from './source.ts'
import { LANGUAGES } from './words.ts'

const ROW: RateRow = {
  source: 'ip-2',
  provider: 'google',
  delivered: 930,
  deferred: 40,
  putOff: 30,
  bounced: 70,
  returned: 5,
  expired: 1,
  hard: 60,
  refused: 15,
  complained: 4,
  classes: [{ class: 'user-unknown', count: 60 }],
  shares: {},
  alerts: [],
}

const ALERTS = MEASURES.map((measure): Alert => {
  return {
    source: 'ip-2',
    provider: 'google',
    measure,
    level: 'bad',
    most: 0.01,
    since: NOW,
    bad: 40,
    of: 1_000,
  }
})

const PLAIN: SourceFacts = {
  name: 'ip-2',
  ehlo: 'mx.example.net',
  relay: [],
  pools: [],
  warmUps: [],
  standings: [],
  rates: [],
  alerts: [],
}

const FULL: SourceFacts = {
  ...PLAIN,
  address: '192.0.2.8',
  relay: ['smtp.example.net:587'],
  pools: [
    { pool: 'default', weight: 1 },
    { pool: 'news', weight: 3 },
  ],
  warmUps: [WARMING, ...SIGNS.map((sign) => ({ ...WARMING, slowed: { sign, at: NOW } }))],
  standings: (['good', 'bad', 'unknown'] as const).map((state) => {
    return {
      source: 'ip-2',
      address: '192.0.2.8',
      by: 'ptr',
      state,
      text: 'no name',
      since: NOW,
      checkedAt: NOW,
    }
  }),
  rates: [
    ROW,
    { ...ROW, provider: 'others', deferred: 0, bounced: 0, returned: 0, hard: 0, refused: 0, complained: 0 },
  ],
  alerts: ALERTS,
}

test('both languages say as many lines, each whole, with the same commands and numbers', () => {
  for (const source of [PLAIN, FULL]) {
    const [english = [], japanese = []] = LANGUAGES.map((language) => tellSource(source, language, NOW))
    assert.equal(english.length, japanese.length)
    for (const [i, [label, text]] of english.entries()) {
      const [title = '', words = ''] = japanese[i] ?? []
      const place = `${label}: ${text}\n${title}: ${words}`
      assert.doesNotMatch(`${text} ${words}`, /undefined|null|NaN|\[object|\s\s/, place)
      assert.match(`${title}${words}`, /[ぁ-んァ-ヶ一-龠]/, place)
      assert.deepEqual(facts(text), facts(words), place)
    }
  }
})

test('of what is too high it says by how much, since when, and what would change it; what is good is not told beside what is bad', () => {
  const lines = tellSource(FULL, 'en', NOW).map((line) => line.join(': '))
  const said = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length
  assert.equal(
    said(/^too high: google: within a day 40 of 1000 .* \(4 %, more than 1 %\), since 2026-11-22/),
    4,
  )
  assert.equal(said(/^change: /), 4)
  assert.deepEqual([said(/is bad by ptr: no name/), said(/is good/)], [1, 0])
  assert.equal(said(/^last day: receivers without a provider of their own: 930 delivered$/), 1)
})

/** What is the same in every language. */
function facts(text: string): ReadonlySet<string> {
  return new Set(text.match(/hikyaku [a-z]+( [a-z]+)?|\d+(\.\d+)? ?%|\d{4}-\d\d-\d\d/g))
}
