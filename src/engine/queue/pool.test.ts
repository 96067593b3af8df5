/** Whose turn it is among the sources of a pool. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Shares } from './pool.ts'
import type { Pool } from './pool.ts'

/** The same numbers in every run. */
function dice(seed = 1): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function pool(weights: Readonly<Record<string, number>>): Pool {
  return { name: 'p', sources: new Map(Object.entries(weights)) }
}

/** Who took each of `count` transactions, when whoever is `away` never does. */
function taken(of: Shares, count: number, away = ''): Map<string, number> {
  const counts = new Map<string, number>()
  for (let n = 0; n < count; n += 1) {
    const [first = ''] = of.order().filter((source) => source !== away)
    of.took(first)
    counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  return counts
}

test('sources share by their weight', () => {
  const counts = taken(new Shares(pool({ a: 1, b: 3, c: 6 }), () => 0.5), 10_000)
  for (const [source, share] of [['a', 1_000] as const, ['b', 3_000] as const, ['c', 6_000] as const])
    assert.ok(Math.abs((counts.get(source) ?? 0) - share) <= 10, `${source}: ${counts.get(source)}`)
})

test('the first of each site is for each source as often as its weight says', () => {
  const random = dice()
  const of = pool({ a: 1, b: 3 })
  let b = 0
  for (let site = 0; site < 10_000; site += 1) if (new Shares(of, random).order()[0] === 'b') b += 1
  assert.ok(Math.abs(b - 7_500) < 200, `${b}`)
})

test('who was away is not owed what the others took meanwhile', () => {
  const shares = new Shares(pool({ a: 1, b: 1 }), () => 0.5)
  assert.deepEqual(taken(shares, 1_000, 'a'), new Map([['b', 1_000]]))
  const a = taken(shares, 100).get('a') ?? 0
  assert.ok(a >= 50 && a <= 53, `${a}`)
})

test('a share that is lent goes to who has it, and comes back', () => {
  const shares = new Shares(pool({ a: 2, b: 1, c: 1 }), () => 0.5)
  shares.lend('a', 'b')
  const lent = taken(shares, 400, 'a')
  assert.ok(Math.abs((lent.get('b') ?? 0) - 300) <= 5, `${lent.get('b')}`)
  shares.lend('a', undefined)
  assert.ok(Math.abs((taken(shares, 400).get('a') ?? 0) - 200) <= 5)
})

test('lending to a source outside the pool changes nothing', () => {
  const shares = new Shares(pool({ a: 1, b: 1, c: 1 }), () => 0.5)
  shares.lend('a', 'elsewhere')
  assert.ok(Math.abs((taken(shares, 300, 'a').get('b') ?? 0) - 150) <= 5)
})
