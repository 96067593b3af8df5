/** Every rule holds what it promises: each of its samples is taken by it, and by none before it. */

import assert from 'node:assert/strict'
import test from 'node:test'

import { quotedReply } from '#grammar/incoming'

import { firstRule } from './classify.ts'
import type { Rule, Sample, Said } from './rule.ts'
import { RULES } from './rules.ts'

function saidIn(sample: Sample): Said {
  const { reply, ...where } = typeof sample === 'string' ? { reply: sample } : sample
  const { code, enhanced } = quotedReply(reply)
  return { code, enhanced, text: reply, ...where }
}

for (const rule of RULES)
  test(`${rule.id} takes its own samples`, () => {
    const taken = rule.samples.map(
      (sample) => `${firstRule(saidIn(sample))?.id} takes ${JSON.stringify(sample)}`,
    )
    assert.deepEqual(
      taken,
      rule.samples.map((sample) => `${rule.id} takes ${JSON.stringify(sample)}`),
    )
  })

test('no two rules have one id', () => {
  const ids = RULES.map(({ id }) => id)
  assert.deepEqual([...new Set(ids)], ids)
})

/** Quantifiers without an end, within a group that is itself repeated without one. */
function nestedQuantifier({ pattern: { source } }: Rule): string | undefined {
  return /\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)[+*]/.exec(source)?.[0]
}

test('no pattern has nested quantifiers', () => {
  assert.deepEqual(
    RULES.map(nestedQuantifier).filter((found) => found !== undefined),
    [],
  )
})
