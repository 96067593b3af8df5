/** Whatever the load and the rules: what a receiver sees never exceeds a limit, and everything is sent in the end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { readRules } from '#engine/rule'
import { Shaping } from '#engine/shaping'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { createEgress } from './egress.ts'
import type { Job, Work } from './job.ts'
import { CONFIG, jobOf, routeOf } from './rig.fixture.ts'
import { Receiver, VirtualTime } from './virtual.fixture.ts'
import type { Seen } from './virtual.fixture.ts'

const SECOND = 1_000
const DAY = 86_400_000
const SPANS = { second: SECOND, minute: 60_000, hour: 3_600_000, day: DAY } as const

const some = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min, max }))

const rates = {
  messages_per_second: some(1, 6),
  messages_per_minute: some(5, 40),
  messages_per_hour: some(20, 200),
  messages_per_day: some(60, 400),
  connections_per_second: some(1, 4),
  connections_per_minute: some(3, 20),
  connections_per_hour: some(10, 100),
}
const own = fc.record({
  connections: fc.integer({ min: 1, max: 4 }),
  messages_per_connection: fc.integer({ min: 1, max: 12 }),
  recipients_per_connection: some(4, 30),
  recipients_per_transaction: fc.integer({ min: 1, max: 4 }),
  ...rates,
})
const shared = fc.record({ connections: some(1, 5), ...rates })
/** When a message comes, in ms, and for how many. */
const arrival = fc.record({
  at: fc.integer({ min: 0, max: 90_000 }),
  recipients: fc.integer({ min: 1, max: 9 }),
})
const course = fc.record({
  own,
  shared,
  sites: fc.array(fc.array(arrival, { maxLength: 25 }), { minLength: 1, maxLength: 3 }),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  distance: fc.integer({ min: 0, max: 400 }),
  thinking: fc.integer({ min: 0, max: 3_000 }),
  moody: fc.constantFrom(0, 0, 0.02),
  shy: fc.constantFrom(0, 0, 0.1),
})
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never

test('limits are never exceeded at the receiver, and everything is sent', async () => {
  await fc.assert(
    fc.asyncProperty(course, async (given) => {
      const { seen, isDone } = await run(given)
      for (const one of seen) {
        check([one], given.own)
        checkConnections(one, given.own)
      }
      check(seen, given.shared)
      assert.ok(isDone, 'something was never sent')
    }),
    { numRuns: 25 },
  )
})

async function run(given: Course): Promise<{ readonly seen: readonly Seen[]; readonly isDone: boolean }> {
  const time = new VirtualTime()
  const random = generator(given.seed)
  const receivers = given.sites.map(() => new Receiver(time, { ...given, random }))
  const now = (): number => time.now
  const rules = readRules([{ name: 'x.toml', by: 'operator', text: rulesOf(given) }], ['main'])
  assert(rules.ok, rules.ok ? '' : rules.problems.join('\n'))
  const log = memoryLog()
  const metrics = new MetricsRegistry()
  const clock = { now, after: (ms: number, ring: () => void) => time.after(ms, ring) }
  const shaping = new Shaping({ rules: rules.rules, config: CONFIG, clock, log, metrics })
  const egress = createEgress({
    routing: { addresses: () => assert.fail('asked for an address') },
    config: CONFIG,
    shaping,
    tls: {},
    log,
    metrics,
    now,
    random,
    isPrivate: () => false,
    timers: time,
    open: (source, route, around, signal) =>
      (receivers[Number(route.site.slice(2, -8))] ?? assert.fail(route.site)).open(
        source,
        route,
        around,
        signal,
      ),
  })
  const works = given.sites.map((arrivals, n) => {
    const site = `mx${n}.big.net`
    const work = new Arrivals()
    const path = egress.path('main', routeOf([25], { site, names: [site] }), work, { provider: 'big' })
    for (const { at, recipients } of arrivals) {
      work.expected += recipients
      time.after(at, () => {
        work.waiting.push(recipients)
        path.wake()
      })
    }
    return work
  })
  const isDone = await time.pass(5 * DAY, () => works.every((work) => work.done === work.expected))
  shaping.close()
  return { seen: receivers.map((receiver) => receiver.seen), isDone }
}

/** Messages by their number of recipients; those deferred count as done: the queue would bring them again. */
class Arrivals implements Work {
  readonly waiting: number[] = []
  expected = 0
  done = 0

  hasWork(): boolean {
    return this.waiting.length > 0
  }

  next(_source: string, most: number): Job | undefined {
    const recipients = this.waiting.shift()
    if (recipients === undefined) return undefined
    const taken = Math.min(most, recipients)
    if (taken < recipients) this.waiting.unshift(recipients - taken)
    const to = Array.from({ length: taken }, (_, n) => `r${n}@example.com`)
    const { job, done } = jobOf({ to })
    void done.then((tried) => (this.done += tried.length))
    return job
  }

  domains(): string[] {
    return []
  }

  failed(): void {}
  suspended(): void {}
}

function rulesOf({ own: limits, shared: over }: Course): string {
  return `[provider.big]\nhosts = ["*.big.net"]\n${toml(limits)}${toml(over, 'shared.')}`
}

function toml(values: object, before = ''): string {
  return Object.entries(values)
    .map(([key, value]) => `${before}${key} = ${value as number}\n`)
    .join('')
}

type Rates = { readonly [K in keyof typeof rates]: number }

/** At several sites together. */
function check(seen: readonly Seen[], limits: Rates & { readonly connections: number }): void {
  const connections = seen.flatMap((one) => one.connections)
  if (limits.connections > 0) {
    const most = atOnce(connections)
    assert.ok(most <= limits.connections, `${most} connections at once, not ${limits.connections}`)
  }
  const begun = connections.map(({ from }) => from)
  const messages = seen.flatMap((one) => one.messages)
  for (const [span, length] of Object.entries(SPANS)) {
    within(messages, limits[`messages_per_${span}` as keyof Rates] ?? 0, length, 'messages')
    within(begun, limits[`connections_per_${span}` as keyof Rates] ?? 0, length, 'connections')
  }
}

function checkConnections({ connections, most }: Seen, limits: Course['own']): void {
  for (const { messages, recipients } of connections) {
    assert.ok(messages <= limits.messages_per_connection, `${messages} messages on a connection`)
    const bound = limits.recipients_per_connection || Infinity
    assert.ok(recipients <= bound, `${recipients} recipients on a connection`)
  }
  assert.ok(most <= limits.recipients_per_transaction, `${most} recipients in a transaction`)
}

function atOnce(connections: Seen['connections']): number {
  const changes = connections.flatMap(({ from, until }) => [
    { at: from, by: 1 },
    { at: until, by: -1 },
  ])
  // At one moment, those that end before those that begin.
  changes.sort((a, b) => a.at - b.at || a.by - b.by)
  let count = 0
  let most = 0
  for (const { by } of changes) most = Math.max(most, (count += by))
  return most
}

/** In any span of the length, wherever it begins. */
function within(times: readonly number[], most: number, length: number, what: string): void {
  if (most === 0) return
  const sorted = times.toSorted((a, b) => a - b)
  for (const [i, at] of sorted.entries()) {
    const after = sorted[i + most]
    if (after !== undefined && after - at < length)
      assert.fail(`${most + 1} ${what} within ${after - at} ms, not ${length}`)
  }
}

/** Mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
