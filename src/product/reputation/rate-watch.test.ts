import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { MetricsRegistry, exposition } from '#platform/metrics'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openAlertStore } from './alert-store.ts'
import type { AlertStore } from './alert-store.ts'
import { rateGauges } from './metrics.ts'
import { RateWatch } from './rate-watch.ts'
import type { Outcomes } from './tally.ts'

const NOW = 1_800_000_000_000
const NEVER = { warn: 1, bad: 1 }
const TERMS = {
  minimum: 50,
  limits: { complained: { warn: 0.001, bad: 0.003 }, refused: NEVER, bounced: NEVER, deferred: NEVER },
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function outcomes(delivered: number, complained: number): readonly Outcomes[] {
  const path = { source: 'a', provider: 'google', class: '' } as const
  return [
    { ...path, kind: 'delivered', count: delivered },
    { ...path, kind: 'complained', count: complained },
  ]
}

/** What each hour has, by its beginning. */
type Counting = {
  readonly hours: Map<number, readonly Outcomes[]>
  readonly asked: number[]
  now: number
}

function counting(rows = outcomes(1_000, 4)): Counting {
  return { hours: new Map([[NOW, rows]]), asked: [], now: NOW }
}

function watch(at: Counting, store: AlertStore): Promise<RateWatch> {
  return RateWatch.open({
    outcomes: ({ from }) => {
      at.asked.push(from)
      return Promise.resolve(at.hours.get(from) ?? [])
    },
    store,
    terms: TERMS,
    now: () => at.now,
  })
}

function memoryStore(): AlertStore {
  let kept: Awaited<ReturnType<AlertStore['load']>> = []
  return {
    load: () => Promise.resolve(kept),
    save: (alerts) => Promise.resolve(void (kept = alerts)),
  }
}

for (const engine of ENGINES) {
  suite(`alerts kept in ${engine}`, () => {
    let control: TestControl
    before(async () => void (control = await testControl(engine)))
    after(() => control[Symbol.asyncDispose]())

    test('what was told is not told again after a restart, on its own node', async () => {
      const at = counting()
      const one = await watch(at, await openAlertStore(control.open(), 1))
      const [told] = await one.look()
      assert.equal(told?.kind, 'raised')
      assert.deepEqual([at.asked[0], at.asked.length], [NOW - 24 * HOUR, 25])
      const again = await watch(at, await openAlertStore(control.open(), 1))
      assert.deepEqual(again.alerts, one.alerts)
      assert.deepEqual(await again.look(), [])
      const other = await watch(at, await openAlertStore(control.open(), 2))
      assert.equal((await other.look()).length, 1)
      at.hours.clear()
      assert.equal((await again.look())[0]?.kind, 'recovered')
      assert.deepEqual(await (await openAlertStore(control.open(), 1)).load(), [])
    })
  })
}

test('hours that are over are asked for once, and leave when the day does', async () => {
  const at = counting(outcomes(400, 4))
  at.hours.set(NOW - HOUR, outcomes(500, 0))
  at.now = NOW + 2 * MINUTE
  const rates = await watch(at, memoryStore())
  const look = async (): Promise<readonly number[]> => {
    at.asked.length = 0
    await rates.look()
    return at.asked
  }
  await look()
  assert.equal(rates.tallies[0]?.delivered, 900)
  at.now = NOW + 3 * MINUTE
  assert.deepEqual(await look(), [NOW])
  // What was settled in its last moment is seen a moment later.
  at.hours.set(NOW, outcomes(450, 4)).set(NOW + HOUR, outcomes(70, 0))
  at.now = NOW + HOUR
  assert.deepEqual(await look(), [NOW, NOW + HOUR])
  assert.equal(rates.tallies[0]?.delivered, 1_020)
  at.now = NOW + HOUR + 2 * MINUTE
  assert.deepEqual(await look(), [NOW, NOW + HOUR])
  at.now = NOW + HOUR + 3 * MINUTE
  assert.deepEqual(await look(), [NOW + HOUR])
  at.now = NOW + 25 * HOUR
  await look()
  assert.deepEqual([rates.tallies[0]?.delivered, rates.alerts], [70, []])
})

test('what cannot be written down is told at the next look', async () => {
  let works = false
  const store = memoryStore()
  const save = (alerts: Parameters<AlertStore['save']>[0]): Promise<void> =>
    works ? store.save(alerts) : Promise.reject(new Error('the disk is full'))
  const rates = await watch(counting(), { ...store, save })
  await assert.rejects(rates.look(), /disk/)
  assert.deepEqual(rates.alerts, [])
  works = true
  assert.equal((await rates.look()).length, 1)
})

test('a scrape has each rate and whether it is too high, and 0 for what is no more', async () => {
  const registry = new MetricsRegistry()
  const at = counting()
  const rates = await watch(at, memoryStore())
  rateGauges(registry, rates)
  const scrape = async (): Promise<string> => await exposition([registry.snapshot()])
  await rates.look()
  const labels = '{source="a",provider="google",rate="complained"}'
  assert.match(await scrape(), new RegExp(`hikyaku_source_rate${RegExp.escape(labels)} 0.004`))
  assert.match(await scrape(), new RegExp(`hikyaku_source_rate_alert${RegExp.escape(labels)} 2`))
  at.hours.clear()
  await rates.look()
  assert.match(await scrape(), new RegExp(`hikyaku_source_rate${RegExp.escape(labels)} 0\n`))
  assert.match(await scrape(), new RegExp(`hikyaku_source_rate_alert${RegExp.escape(labels)} 0\n`))
})
