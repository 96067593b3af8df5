import assert from 'node:assert/strict'
import { test } from 'node:test'

import { counter, gauge, histogram } from './declaration.ts'
import { exposition } from './exposition.ts'
import { watchEventLoop } from './metrics.ts'
import { MetricsRegistry } from './registry.ts'

const METRICS = {
  attempts: counter({ name: 'hikyaku_test_attempts_total', help: 'Attempts.', labels: ['outcome', 'site'] }),
  accepted: counter({ name: 'hikyaku_test_accepted_total', help: 'Accepted.' }),
  open: gauge({ name: 'hikyaku_test_open', help: 'Open.' }),
  oldest: gauge({ name: 'hikyaku_test_oldest_seconds', help: 'Oldest.', over: 'max' }),
  took: histogram({ name: 'hikyaku_test_took_seconds', help: 'Took.', labels: ['stage'], buckets: [0.1, 1] }),
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('threads add up: counters and gauges by sum, where declared by maximum', async () => {
  const registries = [new MetricsRegistry(), new MetricsRegistry()]
  for (const [i, registry] of registries.entries()) {
    const metrics = registry.register(METRICS)
    metrics.accepted.add()
    metrics.accepted.add(2)
    metrics.attempts({ outcome: 'delivered', site: 'a' }).add(i + 1)
    metrics.open.set(5)
    metrics.open.add(-1)
    metrics.oldest.set(10 * (i + 1))
  }
  // As it is sent from thread to thread.
  const snapshots = registries.map((registry) => structuredClone(registry.snapshot()))
  assert.deepEqual(linesOf(await exposition(snapshots)), [
    'hikyaku_test_attempts_total{outcome="delivered",site="a"} 3',
    'hikyaku_test_accepted_total 6',
    'hikyaku_test_open 8',
    'hikyaku_test_oldest_seconds 20',
  ])
})

test('a histogram counts into buckets, each with all below it', async () => {
  const registry = new MetricsRegistry()
  const took = registry.register(METRICS).took({ stage: 'MAIL' })
  for (const value of [0.05, 0.1, 0.5, 60]) took.observe(value)
  const lines = linesOf(await exposition([registry.snapshot()]))
  assert.deepEqual(
    lines.filter((line) => line.startsWith('hikyaku_test_took')),
    [
      'hikyaku_test_took_seconds_bucket{le="0.1",stage="MAIL"} 2',
      'hikyaku_test_took_seconds_bucket{le="1",stage="MAIL"} 3',
      'hikyaku_test_took_seconds_bucket{le="+Inf",stage="MAIL"} 4',
      'hikyaku_test_took_seconds_sum{stage="MAIL"} 60.65',
      'hikyaku_test_took_seconds_count{stage="MAIL"} 4',
    ],
  )
})

test('help and type are told, also before anything was counted', async () => {
  const registry = new MetricsRegistry()
  registry.register(METRICS)
  const text = await exposition([registry.snapshot()])
  assert.match(
    text,
    /# HELP hikyaku_test_accepted_total Accepted\.\n# TYPE hikyaku_test_accepted_total counter\nhikyaku_test_accepted_total 0\n/,
  )
})

test('the same labels find the same cell, also by a second registration', () => {
  const registry = new MetricsRegistry()
  const [a, b] = [registry.register(METRICS), registry.register(METRICS)]
  assert.equal(a.attempts({ outcome: 'x', site: 'y' }), b.attempts({ site: 'y', outcome: 'x' }))
  assert.notEqual(a.attempts({ outcome: 'x', site: 'y' }), a.attempts({ outcome: 'xy', site: '' }))
})

test('a label with endlessly many values ends in one cell called other', async () => {
  const registry = new MetricsRegistry()
  const { attempts } = registry.register(METRICS)
  for (let i = 0; i < 3000; i += 1) attempts({ outcome: 'delivered', site: `site-${i}` }).add()
  const lines = linesOf(await exposition([registry.snapshot()])).filter((line) => line.includes('attempts'))
  assert.equal(lines.length, 2001)
  assert.equal(lines.at(-1), 'hikyaku_test_attempts_total{outcome="other",site="other"} 1000')
})

test('text of remote hosts cannot leave its label', async () => {
  const registry = new MetricsRegistry()
  registry.register(METRICS).attempts({ outcome: 'x"} 1\nevil_total 9', site: '\\' }).add()
  assert.deepEqual(
    linesOf(await exposition([registry.snapshot()])).filter((line) => line.startsWith('evil')),
    [],
  )
})

test('gauges can be set just before a snapshot', async () => {
  const registry = new MetricsRegistry()
  const { open } = registry.register(METRICS)
  let now = 1
  registry.beforeSnapshot(() => open.set(now))
  now = 7
  assert.match(await exposition([registry.snapshot()]), /^hikyaku_test_open 7$/m)
})

test('the delay of the event loop is a number from the first scrape on', async () => {
  const registry = new MetricsRegistry()
  using _ = watchEventLoop(registry, 'main')
  assert.match(
    await exposition([registry.snapshot()]),
    /delay_seconds\{thread="main",quantile="1"\} 0(?:\.\d+)?(?:e-\d+)?$/m,
  )
})
