/** A time by which mail is to be delivered, passed while nothing could be sent: its sender hears at that time. RFC 2852 §4.1 */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Spool } from '#engine/spool'

import { next, rig, send, settled, START, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const BY = START + 600_000
const NOTIFY = { deliverBy: { at: BY, mode: 'notify', trace: false } } as const
const RETURN = { deliverBy: { at: BY, mode: 'return', trace: false } } as const

async function pass(at: Rig, to: number): Promise<void> {
  at.clock = to
  // What comes of one look may want another.
  for (let n = 0; n < 3; n += 1) {
    at.queue.tick()
    await settled(at)
  }
}

/** The notifications that wait for the sender, as text; none is left. */
async function told(at: Rig): Promise<readonly string[]> {
  const all: string[] = []
  for (let job = next(at, 'example.org'); job !== undefined; job = next(at, 'example.org')) {
    const content = await job.content({ eightBit: true, binary: false })
    assert(content.kind === 'whole')
    all.push(Buffer.from(content.bytes).toString())
    job.done([tried(at, 'delivered')])
    await settled(at)
  }
  return all
}

test('who wants to hear hears when the time is over, once, though the path has no room; and it goes later', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['a@example.com', 'b@example.com'], NOTIFY)
  await pass(at, BY - 1)
  assert.deepEqual(await told(at), [])
  await pass(at, BY)
  const [text = '', ...more] = await told(at)
  assert.deepEqual(more, [])
  assert.equal(text.match(/^Action: delayed\r$/gm)?.length, 2)
  assert.equal(text.match(/^Status: 4\.4\.7\r$/gm)?.length, 2)
  assert.doesNotMatch(text, /^Last-Attempt-Date/m)
  await pass(at, BY + 1_000)
  assert.deepEqual(await told(at), [])
  const job = next(at, 'example.com')
  assert.equal(job?.claimed[0]?.delivery.delayNotified, true)
  assert.equal(job.claimed[0].delivery.attempts, 0)
  await at.queue.stop()
})

test('what is to come back by then comes back, from memory and from the store', async () => {
  const at = await rig({ window: 1 })
  await at.queue.start()
  for (const name of ['a', 'b']) await send(at, [`${name}@example.com`], RETURN)
  assert.deepEqual((await states(at)).toSorted(), ['active', 'waiting'])
  await pass(at, BY)
  const texts = await told(at)
  assert.equal(texts.length, 2)
  for (const text of texts) assert.match(text, /^Action: failed\r\nStatus: 5\.4\.7\r$/m)
  assert.deepEqual((await states(at)).slice(0, 2), ['expired', 'expired'])
  assert.equal(next(at, 'example.com'), undefined)
  assert.equal(at.queue.inMemory, 0)
  await at.queue.stop()
})

test('what is on the wire is left to its end, and told of then', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['a@example.com'], NOTIFY)
  const job = next(at, 'example.com')
  await pass(at, BY)
  assert.deepEqual(await told(at), [])
  job?.done([tried(at, 'deferred')])
  await settled(at)
  await pass(at, BY + 1_000)
  assert.equal((await told(at)).length, 1)
  await at.queue.stop()
})

test('of what an operator holds the sender hears, and it stays held with his words', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['a@example.com'], NOTIFY)
  await send(at, ['b@example.com'], RETURN)
  await at.queue.change({}, 'hold', 'looks odd')
  await pass(at, BY)
  assert.equal((await told(at)).length, 1)
  const rows = await at.spool.list({ states: ['held'] }, { limit: 9 })
  assert.deepEqual(
    rows.map(({ delivery }) => delivery.lastReply),
    ['looks odd', 'looks odd'],
  )
  await at.queue.stop()
})

test('who wants to hear of nothing, and who has no address, is not told', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['a@example.com'], { ...NOTIFY, from: null })
  const never = { to: { local: 'b', domain: 'example.com' }, notify: 'never' } as const
  await send(at, [never], NOTIFY)
  await pass(at, BY)
  assert.deepEqual(await told(at), [])
  await at.queue.stop()
})

test('the time of what came before the start is known, and one that passed is told of at once', async () => {
  let asked = 0
  const between = (spool: Spool): Partial<Spool> => ({
    nextDeadline: () => {
      asked += 1
      return spool.nextDeadline()
    },
  })
  const at = await rig({ between })
  // The queue has not started: it learns of it as of what another process left.
  await send(at, ['a@example.com'], NOTIFY)
  at.clock = BY + 5_000
  await at.queue.start()
  assert.equal(asked, 1)
  await pass(at, BY + 6_000)
  assert.equal((await told(at)).length, 1)
  await pass(at, BY + 60_000)
  // The store is asked when something is expected, and not each second.
  const before = asked
  await pass(at, BY + 90_000)
  assert.equal(asked, before)
  await at.queue.stop()
})
