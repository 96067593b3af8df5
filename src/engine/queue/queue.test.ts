import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Unreachable } from '#engine/egress'

import { readOwnAddress } from './return-path.ts'
import {
  BODY,
  next,
  NO_PAUSES,
  recipient,
  rig,
  SECRET,
  send,
  settled,
  START,
  states,
  tried,
} from './rig.fixture.ts'

test('a fresh message goes to a path with its bytes, and its success is recorded', async () => {
  const at = await rig()
  await send(at, ['jane@example.com'])
  const job = next(at, 'example.com')
  assert(job)
  assert.deepEqual(await job.content({ eightBit: true, binary: false }), { kind: 'whole', bytes: BODY })
  assert.equal(at.queue.onWire, 1)
  job.done([tried(at, 'delivered')])
  await settled(at)
  assert.deepEqual(await states(at), ['delivered'])
  assert.equal(at.queue.inMemory, 0)
  await at.queue.stop()
})

test('recipients of one domain share a transaction, up to the limit', async () => {
  const at = await rig({ perTransaction: 2 })
  await send(at, ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.net'])
  assert.equal(next(at, 'example.com')?.claimed.length, 2)
  assert.equal(next(at, 'example.com')?.claimed.length, 1)
  assert.equal(next(at, 'example.com'), undefined)
  assert.equal(next(at, 'example.net')?.claimed.length, 1)
  await at.queue.stop()
})

test('with a return path of its own each delivery has a transaction of its own', async () => {
  const at = await rig({ returnPathDomain: 'bounce.example.org' })
  await send(at, ['a@example.com', 'b@example.com'])
  const job = next(at, 'example.com')
  assert.equal(job?.claimed.length, 1)
  assert.equal(job.from?.domain, 'bounce.example.org')
  assert.deepEqual(readOwnAddress(job.from.local, SECRET)?.key, job.claimed[0]?.delivery.key)
  await at.queue.stop()
})

test('a deferred delivery comes back at its time, read from the spool', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  next(at, 'example.com')?.done([tried(at, 'deferred')])
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  at.clock += 299_000
  at.queue.tick()
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  at.clock += 2_000
  at.queue.tick()
  await settled(at)
  const again = next(at, 'example.com')
  assert.equal(again?.claimed[0]?.delivery.attempts, 1)
  const content = await again.content({ eightBit: true, binary: false })
  assert(content.kind === 'whole')
  assert.deepEqual(Buffer.from(content.bytes), BODY)
  await at.queue.stop()
})

test('a bounce is told to the sender by a message of the platform, and a double bounce to nobody', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  next(at, 'example.com')?.done([tried(at, 'bounced', 'No such user')])
  await settled(at)
  const notice = next(at, 'example.org')
  assert.equal(notice?.from, null)
  const content = await notice.content({ eightBit: true, binary: false })
  assert(content.kind === 'whole')
  assert.match(Buffer.from(content.bytes).toString(), /Final-Recipient: rfc822; ?jane@example\.com/)
  notice.done([tried(at, 'bounced')])
  await settled(at)
  assert.deepEqual(await states(at), ['bounced', 'bounced'])
  assert.equal(next(at, 'example.org'), undefined)
  await at.queue.stop()
})

test('who says NOTIFY=NEVER is told nothing', async () => {
  const at = await rig()
  await send(at, [{ ...recipient('jane@example.com'), notify: 'never' }])
  next(at, 'example.com')?.done([tried(at, 'bounced')])
  await settled(at)
  assert.deepEqual(await states(at), ['bounced'])
  await at.queue.stop()
})

test('a success is reported as relayed only when the next host did not take that over', async () => {
  const at = await rig()
  const to = { ...recipient('jane@example.com'), notify: ['success'] as const }
  await send(at, [to])
  next(at, 'example.com')?.done([tried(at, 'delivered', 'ok', { dsnPassedOn: true })])
  await settled(at)
  assert.equal(next(at, 'example.org'), undefined)
  await send(at, [to])
  next(at, 'example.com')?.done([tried(at, 'delivered', 'ok')])
  await settled(at)
  const content = await next(at, 'example.org')?.content({ eightBit: true, binary: false })
  assert(content?.kind === 'whole')
  assert.match(Buffer.from(content.bytes).toString(), /Action: relayed/)
  await at.queue.stop()
})

test('a sender hears of so many bounces an hour, and the record of each says whether', async () => {
  const at = await rig({ perTransaction: 1 })
  await send(at, ['a@example.com', 'b@example.com', 'c@example.com'])
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) job.done([tried(at, 'bounced')])
  await settled(at)
  assert.equal(at.log.lines.filter(({ event }) => event === 'notice.sent').length, 2)
  assert.equal(at.log.lines.filter(({ event }) => event === 'notice.withheld').length, 1)
  const rows = (await at.spool.list({ recipient: '@example.com' }, { limit: 9 })).toReversed()
  const view = await at.spool.show((rows[0] ?? assert.fail()).message.id)
  const notices = view?.deliveries.map(({ attempts }) => attempts[0]?.notice)
  const told = at.log.lines
    .filter(({ event }) => event === 'notice.sent')
    .map(({ fields }) => fields['message'])
  assert.deepEqual(notices, [
    { kind: 'sent', message: told[0] },
    { kind: 'sent', message: told[1] },
    { kind: 'withheld', limit: 2 },
  ])
  await at.queue.stop()
})

test('beyond its window a queue keeps deliveries in the spool, and takes them as the window empties', async () => {
  const at = await rig({ window: 20 })
  await at.queue.start()
  for (let i = 0; i < 50; i += 1) await send(at, [`user${i}@example.com`])
  assert.equal(at.queue.inMemory, 20)
  const seen = new Set<string>()
  for (let round = 0; round < 20 && seen.size < 50; round += 1) {
    for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
      for (const { delivery } of job.claimed) seen.add(delivery.to.local)
      job.done(job.claimed.map(() => tried(at, 'delivered')))
    }
    await settled(at)
  }
  assert.equal(seen.size, 50)
  assert.deepEqual(new Set(await states(at)), new Set(['delivered']))
  await at.queue.stop()
})

test('urgent mail goes before ordinary, and queues of one site take turns', async () => {
  const at = await rig()
  await send(at, ['ordinary@example.com'])
  await send(at, ['ordinary2@example.com'])
  await send(at, ['urgent@example.com'], { priority: 6 })
  await send(at, ['bulk@example.com'], { priority: -3 })
  const order: string[] = []
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
    order.push(job.claimed[0]?.delivery.to.local ?? '')
  }
  assert.deepEqual(order, ['urgent', 'ordinary', 'ordinary2', 'bulk'])
  await at.queue.stop()
})

test('a message for later waits for its time', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'], { holdUntil: START + 60_000 })
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  at.clock += 60_001
  at.queue.tick()
  await settled(at)
  assert(next(at, 'example.com'))
  await at.queue.stop()
})

test('a domain without a host bounces at once, or waits when the DNS does not answer', async () => {
  const at = await rig()
  at.unroutable.set('gone.example', {
    ok: false,
    kind: 'bounced',
    code: 550,
    enhanced: '5.1.2',
    text: 'no such domain',
  })
  at.unroutable.set('slow.example', {
    ok: false,
    kind: 'deferred',
    code: 451,
    enhanced: '4.4.3',
    text: 'DNS timeout',
  })
  await send(at, [{ ...recipient('a@gone.example'), notify: 'never' }])
  await send(at, ['b@slow.example'])
  await settled(at)
  assert.deepEqual(await states(at), ['bounced', 'waiting'])
  await at.queue.stop()
})

test('when a site cannot be reached, all that waits for it is put off with the reason, also from the spool', async () => {
  const at = await rig({ window: 16 })
  await at.queue.start()
  for (let i = 0; i < 30; i += 1) await send(at, [`user${i}@example.com`])
  const path = at.paths.get('mx.example.com')
  const why: Unreachable = { attempt: tried(at, 'deferred', 'connection refused'), until: START + 120_000 }
  path?.work.failed(why)
  at.clock += 1_000
  at.queue.tick()
  await settled(at)
  const rows = await at.spool.list({}, { limit: 100 })
  assert.equal(rows.length, 30)
  for (const { delivery } of rows) {
    assert.equal(delivery.state, 'waiting')
    assert.equal(delivery.attempts, 1)
    assert.match(delivery.lastReply ?? '', /connection refused/)
  }
  await at.queue.stop()
})

test('what an operator holds, cancels, releases and retries is found in memory and in the spool', async () => {
  const at = await rig({ window: 16 })
  await at.queue.start()
  for (let i = 0; i < 20; i += 1) await send(at, [`user${i}@example.com`])
  assert.equal((await at.queue.change({ recipient: '@example.com' }, 'hold', 'a look first')).count, 20)
  assert.deepEqual(new Set(await states(at)), new Set(['held']))
  assert.equal(next(at, 'example.com'), undefined)
  assert.equal((await at.queue.change({ recipient: 'user3@example.com' }, 'cancel', 'not this one')).count, 1)
  assert.equal((await at.queue.change({}, 'release', 'go')).count, 19)
  await settled(at)
  let sent = 0
  for (let round = 0; round < 10; round += 1) {
    for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
      sent += job.claimed.length
      job.done(job.claimed.map(() => tried(at, 'delivered')))
    }
    await settled(at)
  }
  assert.equal(sent, 19)
  await at.queue.stop()
})

test('a delivery cancelled on the wire stays cancelled when it is deferred, and is delivered when it was', async () => {
  const at = await rig({ perTransaction: 1 })
  await send(at, ['late@example.com'])
  await send(at, ['done@example.com'])
  const [late, done] = [next(at, 'example.com'), next(at, 'example.com')]
  await at.queue.change({}, 'cancel', 'stop it')
  late?.done([tried(at, 'deferred')])
  done?.done([tried(at, 'delivered')])
  await settled(at)
  assert.deepEqual(await states(at), ['cancelled', 'delivered'])
  await at.queue.stop()
})

test('nothing starts once the queue was stopped, and what was ready waits in the spool', async () => {
  const at = await rig()
  await send(at, ['jane@example.com'])
  await at.queue.stop()
  assert.equal(next(at, 'example.com'), undefined)
  assert.deepEqual(await states(at), ['waiting'])
})

test('after a reload what waits goes the new way, also what waited for a site that was down', async () => {
  const at = await rig({ window: 16 })
  await at.queue.start()
  for (let i = 0; i < 20; i += 1) await send(at, [`user${i}@example.com`])
  await send(at, ['jane@example.net'])
  const why: Unreachable = { attempt: tried(at, 'deferred', 'refused'), until: START + 600_000 }
  at.paths.get('mx.example.com')?.work.failed(why)
  for (const domain of ['example.com', 'example.net']) at.moved.set(domain, `smart.${domain}`)
  at.queue.reload()
  await settled(at)
  assert.equal(
    at.paths.get('smart.example.net')?.work.next('default', Infinity, NO_PAUSES)?.claimed.length,
    1,
  )
  assert.equal(at.paths.get('mx.example.net')?.work.next('default', Infinity, NO_PAUSES), undefined)
  let sent = 0
  const work = at.paths.get('smart.example.com')?.work
  for (
    let job = work?.next('default', Infinity, NO_PAUSES);
    job;
    job = work?.next('default', Infinity, NO_PAUSES)
  )
    sent += job.claimed.length
  // The others were put off when the site failed.
  assert.equal(sent, 4)
  await at.queue.stop()
})
