/** The arithmetic against the shape that really limits, message by message in virtual time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { baseOf, readRules, resolve } from '#engine/rule'
import { Shaping } from '#engine/shaping'
import type { Permit, ShapeOwner } from '#engine/shaping'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { shippedPersonalities } from '../../../test/shipped-rules.ts'

import { courseOf, finish } from '#engine/course'
import type { Pace } from '#engine/course'
import { VirtualClock } from './virtual-clock.ts'

const { egress } = shippedPersonalities()

/** Every message on its own, through the shape of a path. Gives the milliseconds it took. */
function bruteForce(rules: string, count: number, { transaction, connecting }: Pace): number {
  const clock = new VirtualClock(1_800_000_000_000)
  const read = readRules([{ name: 'x.toml', by: 'operator', text: rules }], [])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  const shaping = new Shaping({
    rules: read.rules,
    config: egress,
    clock,
    log: memoryLog(),
    metrics: new MetricsRegistry(),
  })
  const shape = shaping.shapeOf('main', 'mx', { provider: 'big' })
  const start = clock.now()
  const idle: { permit: Permit; sent: number }[] = []
  let [left, unfinished, opening, timer] = [count, count, 0, false]
  const wake = (wait: number): void => {
    if (timer || wait === Infinity) return
    timer = true
    clock.after(wait, () => {
      timer = false
      work()
    })
  }
  const owner: ShapeOwner = {
    held: 0,
    placeFree: () => wake(0),
    shareFree: () => wake(0),
    reshaped: () => {},
    spareOne: () => false,
  }
  shape.attach(owner)
  function work(): void {
    for (;;) {
      const ready = idle[0]
      if (left === 0) return
      if (ready === undefined) {
        if (opening >= left) return
        const wait = shape.openingWait(owner)
        if (wait > 0) return wake(wait)
        const permit = shape.open(owner)
        opening += 1
        clock.after(connecting, () => {
          opening -= 1
          permit.opened(true)
          idle.push({ permit, sent: 0 })
          work()
        })
        continue
      }
      const wait = shape.messageWait(owner)
      if (wait > 0) return wake(wait)
      idle.shift()
      shape.begin()
      left -= 1
      clock.after(transaction, () => {
        shape.end()
        unfinished -= 1
        const sent = ready.sent + 1
        if (sent >= shape.limits.messagesPerConnection) ready.permit.closed()
        else idle.push({ permit: ready.permit, sent })
        work()
      })
    }
  }
  work()
  clock.run(() => unfinished === 0)
  assert.equal(unfinished, 0, 'some never go')
  shaping.close()
  return clock.now() - start
}

function arithmetic(rules: string, count: number, pace: Pace): ReturnType<typeof finish> {
  const read = readRules([{ name: 'x.toml', by: 'operator', text: rules }], [])
  if (!read.ok) assert.fail(read.problems.join('\n'))
  const resolved = resolve(read.rules, baseOf(egress), { source: 'main', site: 'mx', provider: 'big' })
  return finish(courseOf(resolved, 'both', pace), count)
}

const HEAD = '[provider.big]\nhosts = ["mx"]\n'
const PACE: Pace = { transaction: 200, connecting: 300 }

const CASES: readonly (readonly [name: string, rules: string, count: number, bound: string])[] = [
  ['connections', 'connections = 4\nmessages_per_connection = 10', 3_000, 'connections'],
  ['few messages a connection', 'connections = 2\nmessages_per_connection = 1', 500, 'connections'],
  ['a second', 'connections = 20\nmessages_per_second = 10', 1_000, 'messages_per_second'],
  ['a minute', 'connections = 20\nmessages_per_minute = 100', 1_000, 'messages_per_minute'],
  ['an hour', 'connections = 20\nmessages_per_hour = 300', 1_500, 'messages_per_hour'],
  [
    'a second within an hour',
    'connections = 20\nmessages_per_second = 5\nmessages_per_hour = 1000',
    3_500,
    'messages_per_hour',
  ],
  [
    'connections a minute',
    'connections = 20\nmessages_per_connection = 5\nconnections_per_minute = 10',
    1_000,
    'connections_per_minute',
  ],
  [
    'what a provider shares',
    'connections = 5\nshared.connections = 2\nshared.messages_per_second = 3\nmessages_per_connection = 20',
    800,
    'shared.messages_per_second',
  ],
]

for (const [name, rules, count, bound] of CASES) {
  test(`${count} messages held by ${name} take as long as through the shape itself, within a tenth`, () => {
    const found = arithmetic(`${HEAD}${rules}`, count, PACE)
    const real = bruteForce(`${HEAD}${rules}`, count, PACE)
    assert.ok(Math.abs(found.after - real) <= real / 10, `${found.after} ms, and really ${real} ms`)
    assert.equal(found.bound.key, bound)
    assert.equal(found.bound.origin?.file, 'x.toml')
  })
}
