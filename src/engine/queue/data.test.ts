import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Personaliser } from './index.ts'
import { next, rig, sendTemplate, settled, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const PEER = { eightBit: true, binary: false }

/** Sends the data itself. */
const PLAIN: Personaliser = {
  concerns: ({ content }) => content === 'template',
  personalise: async ({ delivery }) => ({ kind: 'whole', bytes: Buffer.from(delivery.data ?? 'none') }),
}

async function sent(at: Rig, outcome: 'delivered' | 'deferred'): Promise<readonly string[]> {
  const all: string[] = []
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
    const content = await job.content(PEER)
    assert(content.kind === 'whole')
    all.push(Buffer.from(content.bytes).toString())
    job.done(job.claimed.map(() => tried(at, outcome)))
  }
  await settled(at)
  return all
}

test('each recipient of a template is sent what comes of their data, at once and when it waited', async () => {
  const at = await rig({ personaliser: PLAIN })
  await at.queue.start()
  await sendTemplate(at, ['{"n":0}', '{"n":1}'])
  assert.deepEqual(await sent(at, 'deferred'), ['{"n":0}', '{"n":1}'])
  at.clock += 301_000
  at.queue.tick()
  await settled(at)
  assert.deepEqual((await sent(at, 'delivered')).toSorted(), ['{"n":0}', '{"n":1}'])
  await at.queue.stop()
})

test('of a message to many, memory has a window; the rest waits in the store, and its turn comes', async () => {
  const at = await rig({ personaliser: PLAIN, window: 20 })
  await at.queue.start()
  const data = Array.from({ length: 90 }, (_, n) => `${n}`)
  await sendTemplate(at, data)
  assert.equal(at.queue.inMemory, 20)
  const all: string[] = []
  for (let round = 0; round < 20 && all.length < data.length; round += 1)
    all.push(...(await sent(at, 'delivered')))
  assert.deepEqual(
    all.toSorted((a, b) => Number(a) - Number(b)),
    data,
  )
  assert.equal(at.queue.inMemory, 0)
  await at.queue.stop()
})

test('much data takes the room of more deliveries, for as long as it is in memory', async () => {
  const at = await rig({ personaliser: PLAIN })
  const data = JSON.stringify('x'.repeat(5_000))
  await sendTemplate(at, [data, data, '{}'])
  assert.equal(at.queue.inMemory, 3 + 4 + 4)
  await sent(at, 'delivered')
  assert.equal(at.queue.inMemory, 0)
  assert.deepEqual(await states(at), ['delivered', 'delivered', 'delivered'])
  await at.queue.stop()
})

test('where windows are full of data, no more is taken up from the store until some of it has gone', async () => {
  const at = await rig({ personaliser: PLAIN, windowTotal: 40, window: 30 })
  await at.queue.start()
  const data = JSON.stringify('x'.repeat(9_000))
  await sendTemplate(
    at,
    Array.from({ length: 60 }, () => data),
  )
  let most = 0
  let count = 0
  for (let round = 0; round < 60 && count < 60; round += 1) {
    most = Math.max(most, at.queue.inMemory)
    count += (await sent(at, 'delivered')).length
  }
  assert.equal(count, 60)
  // One load may find more data than there is room for; it is not followed by another.
  assert.ok(most <= 30 * 9, String(most))
  await at.queue.stop()
})
