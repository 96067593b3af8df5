/** What shaping tells in the log of events, and to whom. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { attempt, claimed, rig } from './shaping.fixture.ts'
import type { Rig } from './shaping.fixture.ts'

const HOUR = 3_600_000
const BUSY = '[default.reactions.busy]\ncode = [421]\ndo = "suspend"\nfor = "1h"'

/** Kind, organization and stream, then the fields that are asked for. */
function told({ events }: Rig, ...fields: readonly string[]): readonly unknown[] {
  return events.map(({ kind, organization, stream, data }) => {
    return [
      kind,
      organization,
      ...(stream === undefined ? [] : [stream]),
      ...fields.map((one) => data?.[one]),
    ]
  })
}

test('what a reply sets off on a whole path is told to who runs the node, with the reply, and so is its end', () => {
  const at = rig(BUSY)
  const shape = at.shaping.shapeOf('main', 'mx', {})
  shape.tried([claimed()], [attempt(421, 'slow down')])
  const [live] = at.shaping.reactions()
  assert(live)
  at.shaping.extend(live.id, HOUR)
  at.shaping.cancel(live.id)
  at.shaping.cancel(live.id)
  assert.deepEqual(told(at, 'by'), [
    ['reaction-started', '', undefined],
    ['reaction-extended', '', 'operator'],
    ['reaction-ended', '', 'operator'],
  ])
  assert.deepEqual(at.events[0]?.data, {
    reaction: live.id,
    rule: 'default: busy',
    does: 'suspend',
    source: 'main',
    site: 'mx',
    began: new Date(at.now).toISOString(),
    until: new Date(at.now + HOUR).toISOString(),
    again: 0,
    stage: 'RCPT',
    host: 'mx.example.net',
    delivery: '0ab3xk9m2pq.0',
  })
  assert.equal(at.events[0]?.reason, '421 4.0.0 slow down')
  assert.equal(at.events[1]?.data?.['until'], new Date(at.now + 2 * HOUR).toISOString())
})

test('replies that move the end of a reaction are told when it has moved by a minute, and not each', () => {
  const at = rig(BUSY)
  const shape = at.shaping.shapeOf('main', 'mx', {})
  for (let second = 0; second <= 150; second += 1) {
    shape.tried([claimed()], [attempt(421, 'slow down')])
    at.now += 1_000
  }
  assert.deepEqual(told(at, 'by', 'again'), [
    ['reaction-started', '', undefined, 0],
    ['reaction-extended', '', 'reply', 60],
    ['reaction-extended', '', 'reply', 120],
  ])
})

test('what holds one stream back is told to its organization', () => {
  const at = rig('[default.reactions.bad]\ntext = ["bad list"]\ndo = "pause-stream"\nfor = "1h"')
  at.shaping.shapeOf('main', 'mx', {}).tried([claimed()], [attempt(450, 'bad list')])
  const [live] = at.shaping.reactions()
  at.shaping.cancel(live?.id ?? '')
  assert.deepEqual(told(at, 'does'), [
    ['reaction-started', 'acme', 'marketing', 'pause-stream'],
    ['reaction-ended', 'acme', 'marketing', 'pause-stream'],
  ])
})

test('a reaction that ended while no process ran is told once, also where no path asks for it again', () => {
  const before = rig(BUSY)
  for (const site of ['mx1', 'mx2'])
    before.shaping.shapeOf('main', site, {}).tried([claimed()], [attempt(421, 'x')])
  const kept = before.shaping.keep(true)
  const after = rig(BUSY, { now: before.now + HOUR })
  after.shaping.restore(kept)
  const ended = [
    ['reaction-ended', '', 'mx1', 'time'],
    ['reaction-ended', '', 'mx2', 'time'],
  ]
  assert.deepEqual(told(after, 'site', 'by'), ended)
  after.shaping.shapeOf('main', 'mx1', {})
  after.shaping.keep()
  assert.deepEqual(told(after, 'site', 'by'), ended)
  const third = rig(BUSY, { now: after.now })
  third.shaping.restore(after.shaping.keep(true))
  assert.deepEqual(third.events, [])
})
