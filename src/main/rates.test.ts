/** From what the spool has counted to what the log, a scrape, an operator and the warm-ups are told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import type { BadRate } from '#engine/shaping'
import type { CountQuery, CountRow, NewEvent } from '#engine/spool'
import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { testControl } from '../../test/control.ts'

import { watchRates } from './rates.ts'
import { sourceOperations } from './source-operations.ts'

const NOW = Date.parse('2026-11-22T10:30:00Z')

const CONFIG = `
[egress.sources.ip-1]
address = "192.0.2.10"
ehlo = "one.example.org"
[egress.sources.ip-2]
relay = ["smtp.example.net:587"]
[egress.pools.news]
sources = ["ip-1:3"]
`

function configOf(toml: string): Config {
  const loaded = loadConfig({ path: '/x.toml', env: {}, readFile: () => toml, hostname: 'mail.example.org' })
  if (!loaded.ok) assert.fail(loaded.problems.join('\n'))
  return loaded.config
}

function row(source: string, provider: string, name: string, counts: CountRow['counts']): CountRow {
  return { key: { source, provider, class: name }, counts, delays: [] }
}

async function rig(context: TestContext) {
  const control = await testControl('sqlite')
  context.after(() => control[Symbol.asyncDispose]())
  const at = { rows: [] as readonly CountRow[], asked: [] as CountQuery[], isBroken: false }
  const rated: (readonly BadRate[])[] = []
  const appended: NewEvent[] = []
  const log = memoryLog()
  const parts = {
    config: configOf(CONFIG),
    control: control.open(),
    spool: {
      append: (event: NewEvent) => Promise.resolve(void appended.push(event)),
      counts(query: CountQuery) {
        at.asked.push(query)
        // All of it in the hour that runs.
        if (query.to <= NOW) return Promise.resolve([])
        return at.isBroken ? Promise.reject(new Error('the disk is away')) : Promise.resolve(at.rows)
      },
    },
    transport: { rated: (bad: readonly BadRate[]) => Promise.resolve(void rated.push(bad)) },
    log,
    metrics: new MetricsRegistry(),
    now: () => NOW,
  }
  const watched = async (): Promise<void> => await (await watchRates(parts))[Symbol.asyncDispose]()
  return Object.assign(at, { parts, rated, appended, log, watched })
}

test('what is too high is told with its numbers; warm-ups hear of complaints and refusals that are bad, and of nothing else', async (context) => {
  const at = await rig(context)
  at.rows = [
    row('ip-1', 'google', '', { delivered: 900, complained: 4 }),
    row('ip-1', 'mx.example.com', '', { delivered: 60 }),
    row('ip-1', 'mx.example.com', 'reputation', { returned: 1, bounced: 1 }),
    row('ip-2', 'yahoo', 'user-unknown', { bounced: 60 }),
    row('of-another-node', 'google', '', { delivered: 900, complained: 4 }),
  ]
  await at.watched()
  const told = at.log.lines.map(({ event, fields }) => [
    event,
    fields['source'],
    fields['provider'],
    fields['rate'],
    fields['beyond'],
  ])
  assert.deepEqual(told, [
    ['source.rate-high', 'ip-1', 'google', 'complained', 'bad'],
    ['source.rate-high', 'ip-1', 'others', 'refused', 'bad'],
    ['source.rate-high', 'ip-2', 'yahoo', 'bounced', 'bad'],
  ])
  assert.deepEqual(at.rated, [
    [
      { source: 'ip-1', provider: 'google', sign: { kind: 'complained', bad: 4, of: 900, most: 0.003 } },
      { source: 'ip-1', provider: 'others', sign: { kind: 'refused', bad: 2, of: 61, most: 0.03 } },
    ],
  ])
  assert.deepEqual([at.asked[0]?.from, at.asked.at(-1)?.to], [NOW - 24.5 * 3_600_000, NOW + 0.5 * 3_600_000])
  at.rows = []
  await at.watched()
  assert.deepEqual(
    at.log.lines.slice(3).map(({ event }) => event),
    Array(3).fill('source.rate-recovered'),
  )
  assert.deepEqual(at.rated[1], [])
  const [first] = at.appended
  assert.deepEqual(first?.data, {
    source: 'ip-1',
    provider: 'google',
    rate: 'complained',
    beyond: 'bad',
    most: 0.003,
    bad: 4,
    of: 900,
  })
  assert.deepEqual(
    at.appended.map(({ kind, organization }) => `${kind}${organization}`),
    ['alert-started', 'alert-started', 'alert-started', 'alert-ended', 'alert-ended', 'alert-ended'],
  )
})

test('sums that cannot be read are told, and change nothing', async (context) => {
  const at = await rig(context)
  at.isBroken = true
  await at.watched()
  assert.deepEqual(
    at.log.lines.map(({ event }) => event),
    ['source.rates-failed'],
  )
  assert.deepEqual(at.rated, [])
})

test('an operator sees each source with its pools, and what is too high, also when no node runs', async (context) => {
  const at = await rig(context)
  at.rows = [row('ip-1', 'google', '', { delivered: 900, complained: 4 })]
  await at.watched()
  const operations = await sourceOperations(at.parts)
  const sources = await operations.sources()
  const pools = sources.map(({ name, pools: all }) => [
    name,
    ...all.map(({ pool, weight }) => `${pool}:${weight}`),
  ])
  assert.deepEqual(pools, [
    ['ip-1', 'default:1', 'news:3'],
    ['ip-2', 'default:1'],
  ])
  assert.deepEqual(
    sources.map(({ address, relay }) => [address, ...relay]),
    [['192.0.2.10'], [undefined, 'smtp.example.net:587']],
  )
  assert.deepEqual(
    sources.map(({ alerts, rates }) => [alerts.length, rates.length]),
    [
      [1, 1],
      [0, 0],
    ],
  )
  const { from, to, rows } = await operations.rates({ span: 'hour' })
  assert.deepEqual([from, to, rows[0]?.alerts.length], [NOW - 1.5 * 3_600_000, NOW + 0.5 * 3_600_000, 1])
  assert.deepEqual(await operations.reputation(), [])
})
