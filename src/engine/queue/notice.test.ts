import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SpoolError } from '#engine/spool'
import type { Spool } from '#engine/spool'

import { next, recipient, rig, send, settled, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const hasNoBodies = (): Partial<Spool> => ({
  read: () => Promise.reject(new SpoolError('missing', 'no such body')),
})

/** The notification that waits to be sent. */
async function notice(at: Rig): Promise<string> {
  const content = await next(at, 'example.org')?.content({ eightBit: true, binary: false })
  assert(content?.kind === 'whole')
  return Buffer.from(content.bytes).toString()
}

test('who sends to many at a domain that does not exist is told of all of them in one notification', async () => {
  const at = await rig()
  at.unroutable.set('gone.example', {
    ok: false,
    kind: 'bounced',
    code: 550,
    enhanced: '5.1.2',
    text: 'no such domain',
  })
  await send(at, ['a@gone.example', 'b@gone.example', 'c@gone.example'])
  await settled(at)
  const text = await notice(at)
  assert.equal(text.match(/^Final-Recipient:/gm)?.length, 3)
  assert.equal(next(at, 'example.org'), undefined)
  await at.queue.stop()
})

test('a failure is told of even when the content is gone', async () => {
  const at = await rig({ between: hasNoBodies })
  await send(at, ['jane@example.com'])
  next(at, 'example.com')?.done([tried(at, 'bounced', 'No such user')])
  await settled(at)
  const arrived = at.log.lines.filter(({ event }) => event === 'notice.sent' || event === 'notice.lost')
  assert.deepEqual(
    arrived.map(({ event }) => event),
    ['notice.sent'],
  )
  assert.deepEqual(await states(at), ['bounced', 'active'])
  await at.queue.stop()
})

test('a success beside a failure is recorded without waiting for the words of the notification', async () => {
  const reading = Promise.withResolvers<never>()
  const between = (): Partial<Spool> => ({ read: () => reading.promise })
  const at = await rig({ between })
  await send(at, ['good@example.com', 'bad@example.com'])
  next(at, 'example.com')?.done([tried(at, 'delivered'), tried(at, 'bounced')])
  await settled(at)
  assert.deepEqual(await states(at), ['delivered', 'active'])
  reading.reject(new SpoolError('unreachable', 'no answer'))
  await settled(at)
  assert.deepEqual((await states(at)).slice(0, 2), ['delivered', 'bounced'])
  await at.queue.stop()
})

test('the notification about a message that asks for REQUIRETLS asks for it too, and returns no content', async () => {
  const at = await rig()
  await send(at, ['jane@example.com'], { requireTls: true, ret: 'full' })
  next(at, 'example.com')?.done([tried(at, 'bounced')])
  await settled(at)
  const job = next(at, 'example.org')
  assert.equal(job?.claimed[0]?.message.requireTls, true)
  const content = await job.content({ eightBit: true, binary: false })
  assert(content.kind === 'whole')
  assert.match(Buffer.from(content.bytes).toString(), /text\/rfc822-headers/)
  await at.queue.stop()
})

test('who asks to hear of failures only is told of those only, in the words of the envelope', async () => {
  const at = await rig()
  const bad = {
    ...recipient('bad@example.com'),
    notify: ['failure'] as const,
    orcpt: 'rfc822;Bad@Example.COM',
  }
  const good = { ...recipient('good@example.com'), notify: ['failure'] as const }
  await send(at, [bad, good], { envid: 'QQ314159' })
  next(at, 'example.com')?.done([tried(at, 'bounced'), tried(at, 'delivered')])
  await settled(at)
  const text = await notice(at)
  assert.match(text, /^Original-Envelope-Id: QQ314159\r$/m)
  assert.match(text, /^Original-Recipient: rfc822;Bad@Example\.COM\r$/m)
  assert.doesNotMatch(text, /good@example\.com/)
  await at.queue.stop()
})
