/** A site whose every path is suspended: nothing is tried, nothing is lost, and memory is for what can be sent. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Live } from '#engine/shaping'

import { next, rig, send, settled, START, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const HOUR = 3_600_000

function suspension(at: Rig, until = START + HOUR): Live {
  return {
    id: 'r1',
    rule: 'default: busy',
    place: {},
    act: { do: 'suspend', for: HOUR },
    source: 'default',
    site: 'mx.example.com',
    cause: { attempt: tried(at, 'deferred', 'not now') },
    from: at.clock,
    until,
    again: 0,
  }
}

test('what is ready goes back to the store untried, and comes again when an operator ends it', async () => {
  const at = await rig()
  await at.queue.start()
  for (let n = 0; n < 3; n += 1) await send(at, [`user${n}@example.com`])
  const { work } = at.paths.get('mx.example.com') ?? {}
  work?.suspended('default', suspension(at))
  await settled(at)
  assert.equal(at.queue.inMemory, 0)
  assert.equal(next(at, 'example.com'), undefined)
  assert.deepEqual(await states(at), ['waiting', 'waiting', 'waiting'])
  at.clock += 60_000
  at.queue.tick()
  await settled(at)
  assert.equal(at.queue.inMemory, 0)
  work?.suspended('default', undefined)
  await settled(at)
  assert.equal(next(at, 'example.com')?.claimed[0]?.delivery.attempts, 0)
  await at.queue.stop()
})

test('when it has come to its end the mail goes on by itself', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  at.paths.get('mx.example.com')?.work.suspended('default', suspension(at))
  await settled(at)
  at.clock = START + HOUR + 1
  at.queue.tick()
  await settled(at)
  assert.equal(next(at, 'example.com')?.claimed.length, 1)
  await at.queue.stop()
})

test('other sites are not touched', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  await send(at, ['jane@example.net'])
  at.paths.get('mx.example.com')?.work.suspended('default', suspension(at))
  await settled(at)
  assert.equal(next(at, 'example.net')?.claimed.length, 1)
  await at.queue.stop()
})

test('whoever asks is told of the site for as long as it rests, also when the DNS is forgotten', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  at.paths.get('mx.example.com')?.work.suspended('default', suspension(at))
  await settled(at)
  at.cold.add('example.com')
  for (let second = 0; second < 100; second += 1) {
    at.clock += 1_000
    at.queue.tick()
    await settled(at)
  }
  assert.equal(at.queue.describe('default/transactional/example.com').site, 'mx.example.com')
  await at.queue.stop()
})
