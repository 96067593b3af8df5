import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Tried } from '#engine/egress'
import { SpoolError } from '#engine/spool'
import type { Content, MessageView } from '#engine/spool'

import { next, rig, send, settled, tried } from './rig.fixture.ts'

/** A message that waits in the spool, where its content is lost: its next attempt, and what comes of it. */
async function atDamage(content: Content | SpoolError, outcome: Tried['outcome']): Promise<MessageView> {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  next(at, 'example.com')?.done([tried(at, 'deferred')])
  await settled(at)
  at.clock += 301_000
  at.queue.tick()
  await settled(at)
  const job = next(at, 'example.com') ?? assert.fail()
  at.spool.read = () => (content instanceof SpoolError ? Promise.reject(content) : Promise.resolve(content))
  await assert.rejects(async () => {
    const given = await job.content({ eightBit: true, binary: false })
    if (given.kind === 'chunked') for await (const _ of given.chunks());
  }, SpoolError)
  job.done([tried(at, outcome, 'the message could not be read here to its end')])
  await settled(at)
  await at.queue.stop()
  const [row] = await at.spool.list({ recipient: '@example.com' }, { limit: 1 })
  return (await at.spool.show((row ?? assert.fail()).message.id)) ?? assert.fail()
}

const CORRUPT = new SpoolError('corrupt', 'its checksum differs')
const cutOff: Content = {
  kind: 'chunked',
  size: 1_000_000,
  async *chunks() {
    yield Buffer.from('From: <jane@example.org>')
    await Promise.resolve()
    throw CORRUPT
  },
}
for (const [when, content] of [
  ['when it is read', CORRUPT],
  ['half-way to the peer', cutOff],
] as const) {
  test(`a message whose content the spool has damaged is held, with what is wrong, found ${when}`, async () => {
    const { deliveries } = await atDamage(content, 'deferred')
    const [{ delivery, attempts } = assert.fail()] = deliveries
    assert.equal(delivery.state, 'held')
    assert.equal(delivery.lastReply, 'its checksum differs')
    assert.deepEqual(
      [attempts.at(-1)?.stage, attempts.at(-1)?.text],
      ['damaged content', 'its checksum differs'],
    )
    assert.equal(
      attempts.some(({ notice }) => notice !== undefined),
      false,
    )
  })
}

test('a recipient that was refused is not held for a content that proved to be damaged', async () => {
  const { deliveries } = await atDamage(cutOff, 'bounced')
  assert.equal(deliveries[0]?.delivery.state, 'bounced')
})

test('a store that does not answer while a message is read puts it off, and holds nothing', async () => {
  const { deliveries } = await atDamage(new SpoolError('unreachable', 'no answer'), 'deferred')
  assert.equal(deliveries[0]?.delivery.state, 'waiting')
})
