/** For tests: a plan against the shipped rules, of which a test says what matters. */

import assert from 'node:assert/strict'

import { PERSONALITIES } from '#engine/receiver'
import { readRules } from '#engine/rule'
import type { Ruleset } from '#engine/rule'

import { shippedPersonalities } from '../../../test/shipped-rules.ts'

import { rehearse } from './rehearse.ts'
import type { Plan, Share } from './rehearse.ts'
import type { Rehearsed } from './report.ts'

export const HOUR = 3_600_000
export const START = Date.UTC(2026, 10, 24)

export const SHIPPED = shippedPersonalities()

export function rulesOf(text: string): Ruleset {
  const read = readRules([{ name: 'x.toml', by: 'operator', text }], [])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  return read.rules
}

/** By domain; where it is known, to the host that is known for it. */
export function sharesOf(counts: Readonly<Record<string, number>>): readonly Share[] {
  return Object.entries(counts).map(([domain, count]) => {
    const site = PERSONALITIES.find(({ domains }) => domains.includes(domain))?.host ?? `mx.${domain}`
    return { domain, count, way: { site, names: [site], via: 'mx' } }
  })
}

export function planOf({ reception, ...more }: Partial<Omit<Plan, 'reception'>> & Given = {}): Plan {
  return {
    shares: sharesOf({ 'gmail.com': 100 }),
    sources: ['main'],
    stream: 'marketing',
    start: START,
    seed: 1,
    pace: { transaction: 500, connecting: 500 },
    unknown: 0,
    greylisting: 0,
    rules: SHIPPED,
    reception: {
      rules: SHIPPED,
      otherwise: SHIPPED,
      bears: 1,
      schedule: [50, 100, 500],
      strangers: new Set(),
      ...reception,
    },
    warmUp: { schedule: [50, 100, 500], whenFull: 'overflow', idleRestart: 30 * 24 * HOUR },
    retries: { retry: [300_000, 600_000, 1_200_000, HOUR], jitter: 0.2, delayWarning: 0 },
    expire: 5 * 24 * HOUR,
    window: 2_000,
    ...more,
  }
}

type Given = { readonly reception?: Partial<Plan['reception']> }

export function tried(more: Parameters<typeof planOf>[0]): Rehearsed {
  return rehearse(planOf(more))
}

/** The configuration with these sources; `true`: it is warmed up. */
export function withSources(sources: Readonly<Record<string, boolean>>): Plan['rules'] {
  const [first] = SHIPPED.egress.sources
  assert(first)
  const all = Object.entries(sources).map(([name, isWarming]) => ({
    ...first,
    name,
    ...(isWarming ? { warmUp: true as const } : {}),
  }))
  return { rules: SHIPPED.rules, egress: { ...SHIPPED.egress, sources: all } }
}
