/**
 * Whatever the load and the rules: what a receiver sees never exceeds a limit, and everything is sent in the end. Also
 * while the node is stopped, killed and started again, its rules are changed, and replies set reactions off.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Receiver, VirtualTime } from './virtual.fixture.ts'
import type { Seen } from './virtual.fixture.ts'
import { Arrivals, VirtualNode } from './virtual-node.fixture.ts'

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
const limits = fc.record({
  own: fc.record({
    connections: fc.integer({ min: 1, max: 4 }),
    messages_per_connection: fc.integer({ min: 1, max: 12 }),
    recipients_per_connection: some(4, 30),
    recipients_per_transaction: fc.integer({ min: 1, max: 4 }),
    ...rates,
  }),
  shared: fc.record({ connections: some(1, 5), ...rates }),
})
/** When a message comes, in ms, and for how many. */
const arrival = fc.record({
  at: fc.integer({ min: 0, max: 90_000 }),
  recipients: fc.integer({ min: 1, max: 9 }),
})
const at = fc.integer({ min: 0, max: 120_000 })
const event = fc.oneof(
  fc.record({
    at,
    what: fc.constantFrom('stop' as const, 'kill' as const),
    pause: fc.integer({ min: 0, max: 3_000 }),
  }),
  fc.record({ at, what: fc.constant('reload' as const), limits }),
)
const course = fc.record({
  limits,
  sites: fc.array(fc.array(arrival, { maxLength: 25 }), { minLength: 1, maxLength: 3 }),
  events: fc.array(event, { maxLength: 3 }),
  reaction: fc.constantFrom('none', 'suspend', 'one-connection', 'slow'),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  distance: fc.integer({ min: 0, max: 400 }),
  thinking: fc.integer({ min: 0, max: 3_000 }),
  disk: fc.integer({ min: 0, max: 100 }),
  moody: fc.constantFrom(0, 0, 0.02),
  shy: fc.constantFrom(0, 0, 0.1),
})
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never
type Limits = Course['limits']
type Rates = { readonly [K in keyof typeof rates]: number }

/** What the receivers know of the rules: these came with their side of the line at `from`, and held until the next. */
type Law = { readonly from: number; readonly limits: Limits }
type Run = {
  readonly seen: readonly Seen[]
  readonly laws: readonly Law[]
  readonly killedAt: readonly number[]
  readonly isDone: boolean
}

/** Milliseconds that a reaction lasts. */
const LASTS = 20_000

test('limits are never exceeded at the receiver, and everything is sent', async () => {
  await fc.assert(
    fc.asyncProperty(course, async (given) => {
      const { seen, laws, killedAt, isDone } = await run(given)
      for (const one of seen) {
        checkRates([one], laws, ({ own }) => own)
        checkConnections([one], laws, ({ own }) => own.connections)
        checkEach(one, laws)
        checkReaction(one, given, killedAt)
      }
      checkRates(seen, laws, ({ shared }) => shared)
      checkConnections(seen, laws, ({ shared }) => shared.connections)
      assert.ok(isDone, 'something was never sent')
    }),
    { numRuns: 25 },
  )
})

async function run(given: Course): Promise<Run> {
  const { distance, disk } = given
  const time = new VirtualTime()
  const random = generator(given.seed)
  const receivers = given.sites.map(() => new Receiver(time, { ...given, random }))
  const works = given.sites.map(() => new Arrivals())
  const node = new VirtualNode({ time, random, receivers, works, disk, rules: rulesOf(given, given.limits) })
  const laws: Law[] = [{ from: time.now, limits: given.limits }]
  const killedAt: number[] = []
  for (const [n, arrivals] of given.sites.entries())
    for (const { at: when, recipients } of arrivals) {
      const work = works[n]
      if (work === undefined) continue
      work.expected += recipients
      time.after(when, () => {
        work.waiting.push(recipients)
        node.wake(n)
      })
    }
  for (const happening of given.events)
    time.after(happening.at, () => {
      if (happening.what === 'reload') {
        laws.push({ from: time.now + distance + 1, limits: happening.limits })
        return node.reload(rulesOf(given, happening.limits))
      }
      if (happening.what === 'stop') return void node.stop(happening.pause)
      killedAt.push(time.now)
      return node.kill(happening.pause)
    })
  const isDone = await time.pass(9 * DAY, () => works.every((work) => work.done >= work.expected))
  node.close()
  return { seen: receivers.map((receiver) => receiver.seen), laws, killedAt, isDone }
}

function rulesOf({ reaction }: Course, { own, shared }: Limits): string {
  const head = `[provider.big]\nhosts = ["*.big.net"]\n${toml(own)}${toml(shared, 'shared.')}`
  if (reaction === 'none') return head
  return `${head}[provider.big.reactions.r]\ncode = [421]\ntext = ["no more"]\ndo = "${reaction}"
for = "${LASTS / SECOND}s"\nsamples = ["MAIL: 421 4.7.0 no more"]\n`
}

function toml(values: object, before = ''): string {
  return Object.entries(values)
    .map(([key, value]) => `${before}${key} = ${value as number}\n`)
    .join('')
}

function lawAt(laws: readonly Law[], when: number): number {
  return laws.findLastIndex(({ from }) => from <= when)
}

/** What came at the very moment of a change may have begun before it or after. */
function isBetween(laws: readonly Law[], when: number): boolean {
  return laws.some(({ from }) => Math.abs(when - from) <= 1)
}

/** At several sites together. */
function checkRates(seen: readonly Seen[], laws: readonly Law[], which: (limits: Limits) => Rates): void {
  const begun = seen.flatMap((one) => one.connections.map(({ from }) => from)).toSorted((a, b) => a - b)
  const messages = seen.flatMap((one) => one.messages).toSorted((a, b) => a - b)
  for (const [span, length] of Object.entries(SPANS))
    for (const [what, times] of Object.entries({ messages, connections: begun })) {
      const key = `${what}_per_${span}` as keyof Rates
      const most = laws.map(({ limits: all }) => which(all)[key] ?? 0)
      within(times, { laws, most, length, key })
    }
}

type Rate = {
  readonly laws: readonly Law[]
  /** Of each law; 0 for no limit. */
  readonly most: readonly number[]
  readonly length: number
  readonly key: string
}

/** In any span of the length that ends with one of `times`, wherever it begins. */
function within(times: readonly number[], { laws, most, length, key }: Rate): void {
  for (const [i, last] of times.entries()) {
    const law = lawAt(laws, last)
    const limit = most[law] ?? 0
    if (limit === 0 || isBetween(laws, last)) continue
    // A limit that is new counts from when it was said.
    const unlimited = most.slice(0, law).lastIndexOf(0)
    const since = laws[unlimited + 1]?.from ?? 0
    const first = times[i - limit]
    if (first !== undefined && first >= since && last - first < length)
      assert.fail(`${key} = ${limit}: one more within ${last - first} ms`)
  }
}

/** Whenever one comes, with those that are there. Of those that leave at the same moment the place is free. */
function checkConnections(
  seen: readonly Seen[],
  laws: readonly Law[],
  which: (limits: Limits) => number,
): void {
  const all = seen.flatMap(({ connections }) => connections)
  for (const { from } of all) {
    if (isBetween(laws, from)) continue
    const limit = which(laws[lawAt(laws, from)]?.limits ?? assert.fail()) || Infinity
    const count = all.filter((other) => other.from <= from && other.until > from).length
    assert.ok(count <= limit, `${count} connections at once, not ${limit}`)
  }
}

/** What one connection may bear it keeps from its beginning, or learns later. */
function checkEach({ connections, most }: Seen, laws: readonly Law[]): void {
  const greatest = (from: number, of: (own: Limits['own']) => number): number =>
    Math.max(...laws.slice(Math.max(0, lawAt(laws, from))).map((law) => of(law.limits.own)))
  for (const { from, messages, recipients } of connections) {
    const bound = greatest(from, (own) => own.messages_per_connection)
    assert.ok(messages <= bound, `${messages} messages on a connection, not ${bound}`)
    const heads = greatest(from, (own) => own.recipients_per_connection || Infinity)
    assert.ok(recipients <= heads, `${recipients} recipients on a connection, not ${heads}`)
  }
  const together = greatest(0, (own) => own.recipients_per_transaction)
  assert.ok(most <= together, `${most} recipients in a transaction`)
}

/** From when the client has heard, as soon as what it had said before has arrived, until the reaction is over. */
function checkReaction(seen: Seen, { reaction, distance }: Course, killedAt: readonly number[]): void {
  for (const heard of seen.refusals) {
    // A process that dies before it has written down what it heard has not heard it.
    if (killedAt.some((killed) => killed >= heard && killed < heard + 2_000)) continue
    const [from, until] = [heard + distance + 1, heard + distance + LASTS]
    const isIn = (when: number): boolean => when > from && when < until
    if (reaction === 'suspend') {
      const wrong = seen.messages.find(isIn)
      assert.equal(wrong, undefined, `a message ${(wrong ?? 0) - heard} ms after a reply that suspends`)
    }
    if (reaction === 'suspend' || reaction === 'one-connection')
      for (const { from: opened } of seen.connections.filter((one) => isIn(one.from))) {
        const count = seen.connections.filter((one) => one.from <= opened && one.until > opened).length
        const left: number = reaction === 'suspend' ? 0 : 1
        assert.ok(count <= left, `${count} connections after a reply that leaves ${left}`)
      }
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
