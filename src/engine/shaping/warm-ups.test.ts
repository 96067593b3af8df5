import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { EgressConfig } from '#platform/config'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'

import { DAY } from './warm-up.ts'
import { WarmUps } from './warm-ups.ts'

const NOW = 20_000 * DAY
const SOURCE = { ehlo: 'client.example.org', relay: [], relayTls: 'required' } as const
const SOURCES: EgressConfig['sources'] = [
  // Three days ago: at the fourth step where nothing else is known.
  { ...SOURCE, name: 'fresh', warmUp: NOW - 3 * DAY },
  { ...SOURCE, name: 'known' },
]

type Step = readonly [step: number | undefined, why: string, sign: string | undefined]

function warmUps(): { readonly all: WarmUps; readonly log: MemoryLog; readonly steps: readonly Step[] } {
  const log = memoryLog()
  const steps: Step[] = []
  const all = new WarmUps({
    sources: () => SOURCES,
    terms: () => ({ schedule: [10, 20, 40, 80, 160], whenFull: 'overflow', idleRestart: 30 * DAY }),
    now: () => NOW,
    log,
    metrics: { reaction: () => {}, delivery: () => {}, warmUpFull: () => {} },
    telling: { stepped: (state, why, sign) => void steps.push([state.step, why, sign?.kind]) },
  })
  return { all, log, steps }
}

test('a bad rate slows the source at the receivers it is about, with the numbers in the log, until it is not told any more', () => {
  const { all, log, steps } = warmUps()
  for (const provider of ['google', 'yahoo']) all.of('fresh', provider)
  assert.equal(all.of('known', 'google'), undefined)
  const sign = { kind: 'complained', bad: 4, of: 900, most: 0.003 } as const
  all.rated([
    { source: 'fresh', provider: 'google', sign },
    { source: 'known', provider: 'google', sign },
    { source: 'fresh', provider: 'never-tried', sign },
  ])
  assert.deepEqual(
    all.list().map(({ provider, step, slowed }) => [provider, step, slowed?.sign]),
    [
      ['google', 3, sign],
      ['yahoo', 4, undefined],
    ],
  )
  assert.deepEqual(steps, [[3, 'bad-signs', 'complained']])
  const [line, ...more] = log.lines
  assert.deepEqual([line?.event, more], ['warmup.stepped', []])
  assert.deepEqual(line?.fields, {
    source: 'fresh',
    provider: 'google',
    steps: 5,
    step: 3,
    limit: 40,
    why: 'bad-signs',
    sign: 'complained',
    bad: 4,
    of: 900,
    most: 0.003,
  })
  all.rated([])
  assert.equal(all.keep(true).find(({ provider }) => provider === 'google')?.rate, undefined)
})
