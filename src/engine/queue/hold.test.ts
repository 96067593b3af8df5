/** A campaign that shaping holds: whatever of it comes to memory goes back held, and waits again when that is over. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isHeldBy, isOf } from '#engine/shaping'
import type { Live } from '#engine/shaping'
import { CHANGE_LIMIT } from '#engine/spool'

import { next, rig, send, settled, START, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const HOUR = 3_600_000

type Held = Rig & { live: Live | undefined }

/** Everything of `default/transactional` is held as soon as `live` is set. */
async function held(options: Parameters<typeof rig>[0] = {}): Promise<Held> {
  const heldBy: NonNullable<typeof options.heldBy> = ({ message, delivery }) =>
    at.live && isOf(at.live, message) && !isHeldBy(at.live, delivery) ? at.live : undefined
  const at: Held = Object.assign(await rig({ ...options, heldBy }), { live: undefined })
  await at.queue.start()
  return at
}

function holding(at: Rig): Live {
  return {
    id: 'r1',
    rule: 'default: spam',
    place: {},
    act: { do: 'hold-campaign', for: HOUR },
    source: 'default',
    site: 'mx.example.com',
    campaign: { organization: 'default', stream: 'transactional' },
    cause: { attempt: tried(at, 'bounced', 'spam') },
    from: at.clock,
    until: START + HOUR,
    again: 0,
  }
}

test('what is ready, what comes in and what becomes due is held with the reply, and waits again afterwards', async () => {
  const at = await held()
  for (let n = 0; n < 3; n += 1) await send(at, [`user${n}@example.com`])
  const under = next(at, 'example.com')
  at.live = holding(at)
  at.queue.hold()
  await send(at, ['user3@example.com'])
  under?.done([tried(at, 'deferred')])
  await settled(at)
  assert.deepEqual(await states(at), ['waiting', 'held', 'held', 'held'])
  assert.equal(at.queue.inMemory, 0)
  assert.equal(next(at, 'example.com'), undefined)
  const [last] = await at.spool.list({}, { limit: 1 })
  assert.equal(last?.delivery.lastReply, 'held by shaping reaction r1: default: spam: 550 5.1.1 spam')
  assert.equal(last.delivery.attempts, 0)
  assert.equal(at.log.lines.filter(({ event }) => event === 'delivery.held').length, 3)
  at.clock += 300_000
  at.queue.tick()
  await settled(at)
  assert.deepEqual(await states(at), ['held', 'held', 'held', 'held'])

  const { live } = at
  at.live = undefined
  await at.queue.release(live)
  await settled(at)
  assert.equal(at.queue.inMemory, 4)
  assert.equal(next(at, 'example.com')?.claimed.length, 1)
  await at.queue.stop()
})

test('what an operator held stays held, and what one releases goes', async () => {
  const at = await held()
  await send(at, ['user0@example.com'])
  await send(at, ['user1@example.com'])
  await at.queue.change({ recipient: 'user0@example.com' }, 'hold', 'looks odd')
  at.live = holding(at)
  at.queue.hold()
  await settled(at)
  await at.queue.change({ recipient: 'user1@example.com' }, 'release', '')
  await settled(at)
  assert.equal(next(at, 'example.com')?.claimed[0]?.delivery.to.local, 'user1')
  const { live } = at
  at.live = undefined
  await at.queue.release(live)
  await settled(at)
  assert.equal((await states(at))[0], 'held')
  await at.queue.stop()
})

test('a campaign of more than memory has room for is held and let go, whatever its size', async () => {
  const at = await held({ window: 20 })
  const all = CHANGE_LIMIT + 100
  const to = Array.from({ length: all }, (_, n) => `user${n}@example.com`)
  await send(at, to)
  at.live = holding(at)
  at.queue.hold()
  for (let round = 0; round < 300 && (await at.spool.totals()).held < all; round += 1) {
    at.queue.tick()
    await settled(at)
  }
  assert.deepEqual(await at.spool.totals(), { waiting: 0, active: 0, held: all })
  const { live } = at
  at.live = undefined
  await at.queue.release(live)
  await settled(at)
  assert.equal((await at.spool.totals()).held, 0)
  assert.ok(next(at, 'example.com') !== undefined)
  await at.queue.stop()
})
