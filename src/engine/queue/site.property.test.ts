/** Whatever the pools, streams and troubles: mail leaves by sources of its pool alone, and by each as its weight says. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Job, Path, Pauses } from '#engine/egress'

import type { Pool } from './pool.ts'
import { queueKey, ScheduledQueue } from './scheduled-queue.ts'
import type { Entry } from './scheduled-queue.ts'
import { Site } from './site.ts'

const NONE: Pauses = { hasPaused: false, isPaused: () => false }

/** One that takes what it is given at once, unless it is held or is still making its connection. */
class QuickPath implements Path {
  readonly source: string
  readonly site = 'mx.example.com'
  readonly #of: Site
  readonly #took: (source: string, job: Job) => void
  opening = 0
  keepsShare = false
  isHeld = false
  constructor(source: string, of: Site, took: (source: string, job: Job) => void) {
    this.source = source
    this.#of = of
    this.#took = took
  }
  wake(): void {
    if (this.isHeld || this.opening > 0) return
    for (;;) {
      if (!this.#of.hasWork(this.source, NONE)) return
      const job = this.#of.next(this.source, 1, NONE)
      if (job === undefined) return
      this.#took(this.source, job)
    }
  }
  use(): void {}
  describe(): ReturnType<Path['describe']> {
    const { source, site, opening } = this
    return { source, site, connections: 1, busy: 0, idle: 1, opening, hold: { at: 'open' } }
  }
  async close(): Promise<void> {}
}

type World = {
  readonly site: Site
  readonly paths: readonly QuickPath[]
  /** Whose mail left by which source. */
  readonly left: { readonly source: string; readonly stream: string }[]
  /** One message of the stream. */
  arrive(stream: string): void
  readonly waiting: () => number
}

function world(pools: ReadonlyMap<string, Pool>, sources: readonly string[], random: () => number): World {
  const left: World['left'] = []
  const streamOf = new Map<Job, string>()
  const site = new Site('mx.example.com', {
    mayStart: () => true,
    jobOf(entries) {
      const job = { claimed: [] } as unknown as Job
      streamOf.set(job, entries[0]?.queue.stream ?? '')
      return job
    },
    recipientsPerTransaction: () => 1,
    weightOf: () => 1,
    poolOf: (stream) => pools.get(stream) ?? assert.fail(stream),
    random,
    drained: () => {},
    siteFailed: () => {},
    siteRests: () => {},
    siteResumes: () => {},
  })
  const took = (source: string, job: Job): void => void left.push({ source, stream: streamOf.get(job) ?? '' })
  const paths = sources.map((source) => new QuickPath(source, site, took))
  site.paths.push(...paths)
  const queues = new Map(
    Array.from(pools.keys(), (stream) => [
      stream,
      new ScheduledQueue(queueKey('acme', stream, 'example.com')),
    ]),
  )
  for (const queue of queues.values()) site.queues.add(queue)
  return {
    site,
    paths,
    left,
    arrive(stream) {
      const queue = queues.get(stream) ?? assert.fail(stream)
      const entry = { claimed: { delivery: { band: 1 } }, carried: {}, queue }
      queue.push(entry as unknown as Entry)
      site.offer(queue)
    },
    waiting: () => queues.values().reduce((sum, queue) => sum + queue.waitingHere, 0),
  }
}

const SOURCES = ['a', 'b', 'c', 'd']
const weights = fc.dictionary(fc.constantFrom(...SOURCES), fc.integer({ min: 1, max: 6 }), { minKeys: 1 })
const step = fc.record({
  stream: fc.nat({ max: 2 }),
  /** Who is held or released, and who begins or ends to make a connection, before the message comes. */
  held: fc.option(fc.constantFrom(...SOURCES)),
  opening: fc.option(fc.constantFrom(...SOURCES)),
})

function poolsOf(each: readonly Readonly<Record<string, number>>[]): Map<string, Pool> {
  return new Map(each.map((one, n) => [`s${n}`, { name: `p${n}`, sources: new Map(Object.entries(one)) }]))
}

test('a queue never leaves by a source outside its pool, and always by one that can', () => {
  const course = fc.record({
    pools: fc.tuple(weights, weights, weights),
    steps: fc.array(step, { maxLength: 60 }),
  })
  fc.assert(
    fc.property(course, ({ pools: each, steps }) => {
      const pools = poolsOf(each)
      const at = world(pools, SOURCES, () => 0.5)
      for (const { stream, held, opening } of steps) {
        for (const path of at.paths) {
          if (path.source === held) path.isHeld = !path.isHeld
          if (path.source === opening) path.opening = 1 - path.opening
        }
        at.arrive(`s${stream}`)
      }
      for (const path of at.paths) Object.assign(path, { isHeld: false, opening: 0 })
      at.site.wake()
      assert.equal(at.waiting(), 0)
      assert.equal(at.left.length, steps.length)
      for (const { source, stream } of at.left) assert.ok(pools.get(stream)?.sources.has(source))
    }),
  )
})

test('over many messages the shares are those of the weights', () => {
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 0.9, noNaN: true }), (of, luck) => {
      const at = world(poolsOf([of]), SOURCES, () => luck)
      const count = 400
      for (let n = 0; n < count; n += 1) at.arrive('s0')
      const total = Object.values(of).reduce((sum, weight) => sum + weight, 0)
      for (const [source, weight] of Object.entries(of)) {
        const had = at.left.filter((one) => one.source === source).length
        // By no more than a few rounds: how it begins is chance.
        assert.ok(Math.abs(had - (count * weight) / total) <= 4 * weight, `${source} had ${had}`)
      }
    }),
  )
})

test('what one source cannot take, the others of its pool do, and no other', () => {
  const pools = poolsOf([{ a: 1, b: 1 }, { c: 1 }])
  const at = world(pools, ['a', 'b', 'c'], () => 0.5)
  for (const path of at.paths) if (path.source !== 'b') path.isHeld = true
  for (let n = 0; n < 10; n += 1) at.arrive('s0')
  for (let n = 0; n < 10; n += 1) at.arrive('s1')
  assert.equal(at.left.filter(({ source }) => source === 'b').length, 10)
  assert.equal(at.waiting(), 10)
  at.site.wake()
  assert.equal(at.waiting(), 10)
})

test('what waits for a source whose day is over goes by no other of its pool, and by those of other pools', () => {
  const pools = poolsOf([{ a: 1, b: 1 }, { b: 1 }])
  const at = world(pools, ['a', 'b'], () => 0.5)
  const a = at.paths[0]
  assert(a)
  Object.assign(a, { isHeld: true, keepsShare: true })
  at.arrive('s0')
  at.arrive('s1')
  assert.deepEqual(at.left, [{ source: 'b', stream: 's1' }])
  Object.assign(a, { isHeld: false, keepsShare: false })
  at.site.nudge()
  assert.equal(at.waiting(), 0)
})

test('while the one whose turn it is makes a connection the others are asked only after a moment', () => {
  const at = world(poolsOf([{ a: 1, b: 9 }]), ['a', 'b'], () => 0.5)
  const b = at.paths[1]
  assert(b)
  b.opening = 1
  at.arrive('s0')
  assert.equal(at.waiting(), 1)
  // More than it makes connections for.
  at.arrive('s0')
  assert.equal(at.waiting(), 0)
  at.arrive('s0')
  at.site.nudge()
  assert.deepEqual(
    at.left.map(({ source }) => source),
    ['a', 'a', 'a'],
  )
})
