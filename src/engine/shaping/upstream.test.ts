/** A source that hands all of its mail to one relay: what the relay bears is shared by all sites. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PathShape, ShapeOwner } from './path-shape.ts'
import { attempt, claimed, rig } from './shaping.fixture.ts'
import type { Rig } from './shaping.fixture.ts'
import type { Kept } from './shaping.ts'

const RELAY = [{ host: 'smtp.example.net', port: 587, implicitTls: false }]
const OTHER = { ehlo: 'client.example.org', relay: [], relayTls: 'required' } as const
const SOURCES = [
  { ...OTHER, name: 'through', relay: RELAY },
  { ...OTHER, name: 'plain' },
]
const RULES = `
[default]
connections = 5
[provider.big]
hosts = ["*.big.example"]
[provider.big.shared]
connections = 1
[site."smtp.example.net:587"]
connections = 3
messages_per_minute = 4
messages_per_connection = 7
[site."smtp.example.net:587".source.through]
connections_per_minute = 20
[site."smtp.example.net:587".reactions.busy]
code = [421]
do = "suspend"
for = "1h"
[site.a]
messages_per_connection = 2
[site.a.reactions.busy]
code = [450]
do = "suspend"
for = "1h"
`

class Owner implements ShapeOwner {
  held = 0
  placeFree(): void {}
  shareFree(): void {}
  reshaped(): void {}
  spareOne(): boolean {
    return false
  }
}

function joined(shape: PathShape): Owner {
  const owner = new Owner()
  shape.attach(owner)
  return owner
}

/** Connections that may be opened at once, over all of these sites by turns. */
function opened({ shaping }: Rig, source: string, sites: readonly string[]): number {
  const all = sites.map((site) => {
    const shape = shaping.shapeOf(source, site, site.endsWith('.big.example') ? { provider: 'big' } : {})
    return { shape, owner: joined(shape) }
  })
  let count = 0
  for (let turn = 0; turn < 10; turn += 1)
    for (const { shape, owner } of all) {
      if (shape.openingWait(owner) > 0) continue
      shape.open(owner)
      owner.held += 1
      count += 1
    }
  return count
}

test('connections to the relay are counted together, whatever site they are for', () => {
  assert.equal(opened(rig(RULES, { sources: SOURCES }), 'through', ['a', 'b', 'c']), 3)
  assert.equal(opened(rig(RULES, { sources: SOURCES }), 'plain', ['a', 'b', 'c']), 15)
})

test('so are its messages, and the limit is told with where it comes from', () => {
  const at = rig(RULES, { sources: SOURCES })
  const shapes = ['a', 'b'].map((site) => at.shaping.shapeOf('through', site, {}))
  const owners = shapes.map(joined)
  let count = 0
  for (let turn = 0; turn < 10; turn += 1)
    for (const [i, shape] of shapes.entries()) {
      const owner = owners[i]
      if (owner === undefined || shape.messageWait(owner) > 0) continue
      shape.begin()
      shape.end()
      count += 1
    }
  assert.equal(count, 4)
  const pace = shapes[0]?.pace()
  assert.deepEqual(pace?.at === 'paced' && [pace.limit.key, pace.limit.value, pace.limit.provider], [
    'messages_per_minute',
    4,
    'smtp.example.net:587',
  ])
  assert.equal(pace?.at === 'paced' && pace.limit.origin?.layer, 'site smtp.example.net:587')
})

test('what providers bear together is about who sends to them, which is the relay', () => {
  const sites = ['a.big.example', 'b.big.example']
  assert.equal(opened(rig(RULES, { sources: SOURCES }), 'through', sites), 3)
  assert.equal(opened(rig(RULES, { sources: SOURCES }), 'plain', sites), 1)
})

test('rules about the relay hold for what goes by it, and rules about receivers for who speaks to them', () => {
  const { shaping } = rig(RULES, { sources: SOURCES })
  const through = shaping.shapeOf('through', 'a', {})
  const plain = shaping.shapeOf('plain', 'a', {})
  assert.deepEqual([through.limits.messagesPerConnection, plain.limits.messagesPerConnection], [7, 2])
  assert.equal(through.where.site, 'a', 'what waits is for the site all the same')
  for (const [shape, code, rule] of [
    [through, 450, undefined],
    [through, 421, 'site smtp.example.net:587: busy'],
    [plain, 421, undefined],
    [plain, 450, 'site a: busy'],
  ] as const) {
    shape.tried([claimed()], [attempt(code, 'x')])
    assert.equal(shape.suspended?.rule, rule)
  }
})

test('where no rule speaks of the relay, the configuration says what one place bears', () => {
  assert.equal(opened(rig('', { sources: SOURCES }), 'through', ['a', 'b', 'c']), 10)
})

test('what was counted of the relay outlives the process', () => {
  const before = rig(RULES, { sources: SOURCES })
  const shape = before.shaping.shapeOf('through', 'a', {})
  joined(shape)
  for (let n = 0; n < 4; n += 1) {
    shape.begin()
    shape.end()
  }
  const kept = JSON.parse(JSON.stringify(before.shaping.keep(true))) as Kept
  const waits = (passed: number): boolean => {
    const after = rig(RULES, { sources: SOURCES, now: before.now + passed })
    after.shaping.restore(kept)
    const other = after.shaping.shapeOf('through', 'b', {})
    return other.messageWait(joined(other)) > 0
  }
  assert.deepEqual([waits(1_000), waits(61_000)], [true, false])
})
