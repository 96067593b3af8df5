import assert from 'node:assert/strict'
import { test } from 'node:test'

import { next, rig, send, settled, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const KEY = 'default/transactional/example.com'

async function newest(at: Rig): ReturnType<Rig['spool']['list']> {
  return at.spool.list({}, { limit: 1 })
}

test('a queue that memory does not know has nothing in it', async () => {
  const at = await rig()
  assert.deepEqual(at.queue.describe(KEY), {
    queue: KEY,
    pool: 'default',
    ready: 0,
    onWire: 0,
    routing: false,
  })
  assert.deepEqual(at.queue.places(KEY, at.intake.newId()), [])
  await at.queue.stop()
})

test('a delivery is ready behind others of its queue, urgent ones first, then on the wire, then nowhere', async () => {
  const at = await rig()
  await send(at, ['a@example.com', 'b@example.com'])
  await send(at, ['c@example.com', 'd@example.net'])
  const [row] = await newest(at)
  assert(row)
  const { id } = row.message
  assert.deepEqual(at.queue.places(KEY, id), [{ n: 0, at: 'ready', ahead: 2 }])
  assert.deepEqual(at.queue.places('default/transactional/example.net', id), [
    { n: 1, at: 'ready', ahead: 0 },
  ])
  await send(at, ['urgent@example.com'], { priority: 6 })
  assert.deepEqual(at.queue.places(KEY, id), [{ n: 0, at: 'ready', ahead: 3 }])
  next(at, 'example.com')
  next(at, 'example.com')
  const job = next(at, 'example.com')
  assert.deepEqual(at.queue.places(KEY, id), [{ n: 0, at: 'on-wire' }])
  const { ready, onWire } = at.queue.describe(KEY)
  assert.deepEqual([ready, onWire], [0, 4])
  job?.done([tried(at, 'delivered')])
  assert.deepEqual(at.queue.places(KEY, id), [])
  await settled(at)
  await at.queue.stop()
})

test('a queue says when its window is full, and no longer when there is room', async () => {
  const at = await rig({ window: 2 })
  await send(at, ['a@example.com'])
  assert.equal(at.queue.describe(KEY).full, 'queue')
  await send(at, ['b@example.com', 'c@example.com'])
  assert.equal(at.queue.describe(KEY).full, 'queue')
  for (let job = next(at, 'example.com'); job !== undefined; job = next(at, 'example.com')) {
    job.done(job.claimed.map(() => tried(at, 'delivered')))
    await settled(at)
  }
  assert.equal(at.queue.describe(KEY).full, undefined)
  await at.queue.stop()
})

test('the overview tells the limits, and whether anything is begun', async () => {
  const at = await rig({ window: 7 })
  const limits = { window: 7, windowTotal: 10_000, retry: [300_000, 600_000] }
  assert.deepEqual(at.queue.overview, { gate: 'open', ...limits })
  await at.queue.stop()
  assert.deepEqual(at.queue.overview, { gate: 'stopping', ...limits })
})
