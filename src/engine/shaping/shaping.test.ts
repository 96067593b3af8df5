/** The shapes of all paths: what they share, what outlives a restart, what an operator can do. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readRules } from '#engine/rule'

import type { PathShape, ShapeOwner } from './path-shape.ts'
import { attempt, claimed, rig } from './shaping.fixture.ts'
import type { Kept } from './shaping.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

class Owner implements ShapeOwner {
  held = 0
  told = 0
  readonly placeFree = (): void => void (this.told += 1)
  readonly shareFree = (): void => void (this.told += 1)
  readonly reshaped = (): void => void (this.told += 1)
  spareOne(): boolean {
    return false
  }
}

function owner(shape: PathShape): Owner {
  const made = new Owner()
  shape.attach(made)
  return made
}

/** Sends as long as it may. */
function drain(shape: PathShape, by: Owner): number {
  let count = 0
  for (; count < 1_000 && shape.messageWait(by) === 0; count += 1) {
    shape.begin()
    shape.end()
  }
  return count
}

const HOURLY = '[default]\nmessages_per_hour = 100'
const BUSY = '[default.reactions.busy]\ncode = [421]\ndo = "suspend"\nfor = "1h"'

test('the same path has the same shape, and what it counted, however often it comes and goes', () => {
  const { shaping } = rig(HOURLY)
  const shape = shaping.shapeOf('main', 'mx', {})
  const by = owner(shape)
  assert.equal(drain(shape, by), 100)
  shape.detach(by)
  assert.equal(drain(shaping.shapeOf('main', 'mx', {}), by), 0)
  assert.equal(drain(shaping.shapeOf('other', 'mx', {}), by), 100)
})

test('of two paths that share a shape, one that waits for what the other has under way is told of its end', () => {
  const at = rig('[default]\nmessages_per_second = 1\nconnections_per_second = 1\n')
  const shape = at.shaping.shapeOf('main', 'mx.example.net', {})
  const [busy, waiting] = [owner(shape), owner(shape)]
  const permit = shape.open(busy)
  assert.equal(shape.openingWait(waiting), Infinity)
  permit.opened(true)
  assert.equal(waiting.told, 1)
  assert.ok(Number.isFinite(shape.openingWait(waiting)))
  shape.begin()
  assert.equal(shape.messageWait(waiting), Infinity)
  shape.end()
  assert.equal(waiting.told, 2)
  assert.ok(Number.isFinite(shape.messageWait(waiting)))
})

test('who is told and has to wait again is told once', () => {
  const at = rig('[default]\nmessages_per_second = 9\nconnections_per_second = 1\n')
  const shape = at.shaping.shapeOf('main', 'mx.example.net', {})
  let told = 0
  let wait = 0
  const eager = Object.assign(owner(shape), {
    shareFree() {
      told += 1
      wait = shape.openingWait(eager)
    },
  })
  const permit = shape.open(owner(shape))
  eager.shareFree()
  shape.begin()
  shape.end()
  assert.deepEqual([told, wait], [2, Infinity])
  permit.opened(false)
  assert.equal(told, 3)
  assert.ok(Number.isFinite(wait))
})

test('sites of a provider share what is shared, by turns', () => {
  const { shaping } = rig(
    '[provider.big]\nhosts = ["*.big.example"]\nshared.messages_per_minute = 5\nshared.connections = 2',
  )
  const shapes = ['a', 'b'].map((site) => shaping.shapeOf('main', site, { provider: 'big' }))
  const [a, b] = shapes as [PathShape, PathShape]
  const [first, second] = [owner(a), owner(b)]
  assert.equal(drain(a, first), 5)
  assert.equal(b.messageWait(second), Infinity)
  const pace = b.pace()
  assert(pace?.at === 'paced')
  assert.deepEqual([pace.limit.key, pace.limit.value, pace.limit.provider], ['messages_per_minute', 5, 'big'])
  assert.equal(pace.limit.origin?.line, 3)
  const permits = [a.open(first), b.open(second)]
  assert.equal(a.openingWait(first), Infinity)
  const ceiling = a.ceiling()
  assert(ceiling?.at === 'limit')
  assert.deepEqual([ceiling.limit.provider, ceiling.limit.value], ['big', 2])
  permits[0]?.opened(false)
  assert.ok(first.told > 0)
  assert.equal(a.openingWait(first), 0)
})

test('what was counted and has set in is there after a restart, also where no path was made yet', () => {
  const before = rig(`${HOURLY}\n${BUSY}`)
  const shape = before.shaping.shapeOf('main', 'mx', {})
  const by = owner(shape)
  assert.equal(drain(shape, by), 100)
  shape.tried([claimed()], [attempt(421, 'slow down')])
  const kept = JSON.parse(JSON.stringify(before.shaping.keep(true))) as Kept

  const after = rig(`${HOURLY}\n${BUSY}`, { now: before.now + 10 * MINUTE })
  after.shaping.restore(kept)
  const [live] = after.shaping.reactions()
  assert.deepEqual([live?.rule, live?.cause.attempt.text], ['default: busy', 'slow down'])
  const again = after.shaping.shapeOf('main', 'mx', {})
  assert.equal(again.suspended?.id, live?.id)
  assert.equal(after.shaping.cancel(live?.id ?? '')?.rule, 'default: busy')
  assert.equal(drain(again, owner(again)), 0, 'the hour is not over')
  after.now += 52 * MINUTE
  assert.equal(drain(again, owner(again)), 100)
})

test('a kept reaction is cancelled before its path is made, and a clock set back prolongs none', () => {
  const before = rig(BUSY)
  before.shaping.shapeOf('main', 'mx', {}).tried([claimed()], [attempt(421, 'x')])
  const kept = before.shaping.keep(true)
  const after = rig(BUSY, { now: before.now - 48 * HOUR })
  after.shaping.restore(kept)
  const [live] = after.shaping.reactions()
  assert.equal(live?.until, after.now + HOUR)
  assert.ok(after.shaping.cancel(live?.id ?? ''))
  assert.deepEqual(after.shaping.reactions(), [])
})

test('where counts are kept, none begins before it is covered by what is written', () => {
  const at = rig(HOURLY, { keeps: true })
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const by = owner(shape)
  assert.equal(drain(shape, by), 0)
  assert.ok(at.wanted > 0)
  let total = 0
  let writings = 0
  for (; total < 100 && writings < 1_000; writings += 1) {
    at.shaping.keep()
    at.shaping.kept()
    total += drain(shape, by)
  }
  assert.equal(total, 100)
  assert.ok(writings <= 51, `${writings} writings`)
})

test('reactions are told in the log with their cause, and by an operator’s word they end or go on', () => {
  const at = rig(BUSY)
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const by = owner(shape)
  assert.deepEqual(shape.tried([claimed()], [attempt(421, 'slow down')])[0]?.outcome, 'deferred')
  assert.ok(by.told > 0)
  assert.equal(shape.messageWait(by), Infinity)
  assert.equal(shape.openingWait(by), Infinity)
  const [live] = at.shaping.reactions()
  assert(live)
  assert.equal(at.shaping.extend(live.id, HOUR)?.until, live.until + HOUR)
  assert.equal(at.shaping.cancel(live.id)?.id, live.id)
  assert.equal(shape.messageWait(by), 0)
  assert.deepEqual(
    at.log.lines.map(({ event }) => event),
    ['reaction.started', 'reaction.extended', 'reaction.cancelled'],
  )
  const { fields } = at.log.lines[0] ?? {}
  assert.deepEqual(
    [fields?.['reply'], fields?.['delivery'], fields?.['file']],
    ['421 4.0.0 slow down', '0ab3xk9m2pq.0', 'x.toml'],
  )
})

test('a rule may defer what its code would bounce, and hand a recipient to the suppression list', () => {
  const at = rig(`
[default.reactions.blocked]
code = [550]
text = ["block list"]
do = "suspend"
for = "1h"
delivery = "defer"
[default.reactions.gone]
text = ["moved away"]
do = "suppress"
`)
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const delivered = [attempt(250, 'ok', { stage: 'end of data' })]
  assert.equal(shape.tried([claimed()], delivered), delivered, 'nothing is made anew for what is as it was')
  const tried = shape.tried(
    [claimed(), claimed()],
    [attempt(550, 'on our block list'), attempt(550, 'moved away')],
  )
  assert.deepEqual(
    tried.map(({ outcome }) => outcome),
    ['deferred', 'bounced'],
  )
  assert.deepEqual(
    at.suppressed.map(({ rule }) => rule),
    ['default: gone'],
  )
})

test('too many unknown users pause their stream on the path, with what was counted', () => {
  const at = rig('[default.unknown_users]\nshare = 0.5\ncount = 3\nwithin = "1h"\npause = "30m"')
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const unknown = attempt(550, 'User unknown', { enhanced: '5.1.1' })
  for (let n = 0; n < 3; n += 1) shape.tried([claimed()], [unknown])
  assert.ok(shape.isPaused('acme', 'marketing'))
  assert.ok(!shape.isPaused('acme', 'transactional'))
  const [live] = at.shaping.reactions()
  assert.deepEqual([live?.rule, live?.counted], ['unknown-users', { unknown: 3, tried: 3 }])
  assert.deepEqual(live?.place, { file: 'x.toml', line: 2 })
})

test('other rules hold for paths that are there, and what was counted stays', () => {
  const at = rig(HOURLY)
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const by = owner(shape)
  assert.equal(drain(shape, by), 100)
  const more = readRules(
    [{ name: 'x.toml', by: 'operator', text: '[default]\nmessages_per_hour = 130\nconnections = 3' }],
    [],
  )
  assert(more.ok)
  at.shaping.use(more.rules)
  assert.equal(drain(shape, by), 30)
  assert.equal(shape.mostConnections(), 3)
})

function slowing(name: string, rate: number): string {
  const act = `do = "slow"\nper_minute = ${rate}\nfor = "1h"`
  return `[default.reactions.${name}]\ntext = ["${name}"]\n${act}\nsamples = ["MAIL: 421 ${name}"]\n`
}

test('of two replies that slow a path the one that leaves less is obeyed', () => {
  const at = rig(slowing('gently', 60) + slowing('hard', 2))
  const shape = at.shaping.shapeOf('main', 'mx', {})
  const sender = owner(shape)
  shape.tried([claimed()], [attempt(421, 'gently')])
  shape.tried([claimed()], [attempt(421, 'hard')])
  shape.begin()
  assert.equal(shape.messageWait(sender), 30_000)
  const pace = shape.pace()
  assert.equal(pace?.at === 'slowed' ? pace.reaction.rule : '', 'default: hard')
})

test('a path that other rules make of another one knows what was counted and what has set in', () => {
  const rules = `[default]
messages_per_hour = 3
[default.reactions.busy]
text = ["slow down"]
do = "suspend"
for = "1h"
samples = ["MAIL: 421 slow down"]
`
  const at = rig(rules)
  const before = at.shaping.shapeOf('main', 'mx.example', {})
  const sender = owner(before)
  before.begin()
  before.end()
  before.tried([claimed()], [attempt(421, 'slow down')])
  const [live] = at.shaping.reactions()
  const read = readRules(
    [
      {
        name: 'x.toml',
        by: 'operator',
        text: `${rules}[provider.big]\nhosts = ["mx.example"]\nconnections = 2`,
      },
    ],
    ['main'],
  )
  at.shaping.use(read.ok ? read.rules : assert.fail(read.problems.join('\n')))
  const after = at.shaping.shapeOf('main', 'mx.example', { provider: 'big' })
  assert.notEqual(after, before)
  assert.equal(after.suspended?.id, live?.id)
  assert.deepEqual(at.shaping.reactions(), [live])
  assert.equal(at.shaping.cancel(live?.id ?? ''), live)
  assert.deepEqual([before.suspended, after.suspended], [undefined, undefined])
  const other = owner(after)
  for (let n = 0; n < 2; n += 1) {
    assert.equal(after.messageWait(other), 0)
    after.begin()
    after.end()
  }
  assert.ok(after.messageWait(other) > 0, 'three in an hour')
  assert.ok(at.shaping.shapeOf('main', 'mx.elsewhere', {}).messageWait(sender) === 0)
})
