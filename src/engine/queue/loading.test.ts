import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Unreachable } from '#engine/egress'
import { SpoolError } from '#engine/spool'
import type { Spool } from '#engine/spool'

import { next, rig, send, settled, START, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

/** A promise that the test lets go, and what tells the test that somebody waits for it. */
function gate(): {
  readonly pass: () => Promise<void>
  readonly reached: Promise<void>
  readonly open: () => void
} {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const pass = (): Promise<void> => {
    reached.resolve()
    return opened.promise
  }
  return { pass, reached: reached.promise, open: opened.resolve }
}

/** As if of each page all but one had ended. */
const changesOne = (spool: Spool): Partial<Spool> => ({
  async change(filter, ...args) {
    const [newest] = await spool.list({ ...filter, states: ['waiting'] }, { limit: 1 })
    if (newest === undefined) return []
    const { message, n } = newest.delivery.key
    return spool.change({ message, n }, ...args)
  },
})

const takesNothingBack = (): Partial<Spool> => ({
  unclaim: () => Promise.reject(new SpoolError('unreachable', 'no answer')),
})

/** Sends what is ready for `domain`, and gives the local parts. */
function sendReady(at: Rig, domain: string): string[] {
  const seen: string[] = []
  for (let job = next(at, domain); job; job = next(at, domain)) {
    seen.push(...job.claimed.map(({ delivery }) => delivery.to.local))
    job.done(job.claimed.map(() => tried(at, 'delivered')))
  }
  return seen
}

test('however many queues are due at start, they have no more in memory than all windows allow', async () => {
  const at = await rig({ window: 50, windowTotal: 200 })
  const later = START + 60_000
  for (let queue = 0; queue < 20; queue += 1) {
    const to = Array.from({ length: 30 }, (_, i) => `user${i}@d${queue}.example`)
    await send(at, to, { holdUntil: later })
  }
  await settled(at)
  at.clock = later + 1
  await at.queue.start()
  await settled(at)
  assert(at.queue.inMemory > 100, `${at.queue.inMemory} in memory`)
  assert(at.queue.inMemory <= 200, `${at.queue.inMemory} in memory`)
  let sent = 0
  for (let round = 0; round < 40 && sent < 600; round += 1) {
    for (let queue = 0; queue < 20; queue += 1) sent += sendReady(at, `d${queue}.example`).length
    at.clock += 1_000
    at.queue.tick()
    await settled(at)
    assert(at.queue.inMemory <= 200, `${at.queue.inMemory} in memory`)
  }
  assert.equal(sent, 600)
  await at.queue.stop()
  assert.equal(at.queue.inMemory, 0)
})

test('a steady stream of fresh mail does not keep waiting what came before it', async () => {
  const at = await rig({ window: 4, perTransaction: 1 })
  await at.queue.start()
  for (let i = 0; i < 6; i += 1) await send(at, [`old${i}@example.com`])
  const seen = new Set<string>()
  for (let i = 0; i < 8; i += 1) {
    const job = next(at, 'example.com')
    if (job !== undefined) seen.add(job.claimed[0]?.delivery.to.local ?? '')
    job?.done([tried(at, 'delivered')])
    await send(at, [`new${i}@example.com`])
    await settled(at)
  }
  for (let i = 0; i < 6; i += 1) assert(seen.has(`old${i}`), `old${i} still waits`)
  await at.queue.stop()
})

test('a backlog behind a site that was down is sent when it is back, though it was never put off', async () => {
  const at = await rig({ window: 16 })
  await at.queue.start()
  for (let i = 0; i < 140; i += 1) await send(at, [`user${i}@example.com`])
  const why: Unreachable = { attempt: tried(at, 'deferred', 'connection refused'), until: START + 1_500 }
  at.paths.get('mx.example.com')?.work.failed(why)
  at.clock += 1_000
  at.queue.tick()
  await settled(at)
  at.clock += 1_000
  at.queue.tick()
  await settled(at)
  let sent = 0
  for (let round = 0; round < 4; round += 1) {
    sent += sendReady(at, 'example.com').length
    await settled(at)
  }
  // Sixteen were in memory when it failed, and a hundred were put off in one second.
  assert.equal(sent, 140 - 16 - 100)
  await at.queue.stop()
})

test('one backlog behind a dead site does not keep the other from being put off', async () => {
  const at = await rig({ window: 16 })
  await at.queue.start()
  const domains = Array.from({ length: 8 }, (_, i) => `d${i}.example`)
  for (const domain of domains) for (let i = 0; i < 120; i += 1) await send(at, [`user${i}@${domain}`])
  for (const domain of domains) {
    const why: Unreachable = { attempt: tried(at, 'deferred', 'refused'), until: START + 600_000 }
    at.paths.get(`mx.${domain}`)?.work.failed(why)
  }
  for (let second = 0; second < 2; second += 1) {
    at.clock += 1_000
    at.queue.tick()
    await settled(at)
  }
  for (const domain of domains) {
    const rows = await at.spool.list({ recipient: `@${domain}` }, { limit: 200 })
    const heard = rows.filter(({ delivery }) => delivery.attempts > 0).length
    assert(heard > 16, `${domain}: ${heard} of ${rows.length} were put off`)
  }
  await at.queue.stop()
})

test('a message that was refused leaves its place to what waits', async () => {
  let isFull = false
  const between = (spool: Spool): Partial<Spool> => ({
    accept: async (...args) => {
      if (isFull) throw new SpoolError('full', 'no space')
      return spool.accept(...args)
    },
  })
  const at = await rig({ window: 1, between })
  await send(at, ['held@example.com'], { holdUntil: START + 10 })
  isFull = true
  const refused = send(at, ['refused@example.com'])
  at.clock += 20
  at.queue.tick()
  await assert.rejects(refused)
  await settled(at)
  assert.deepEqual(sendReady(at, 'example.com'), ['held'])
  await at.queue.stop()
})

test('what an operator cancels while it is being claimed is not sent', async () => {
  const { pass, reached, open } = gate()
  const between = (spool: Spool): Partial<Spool> => ({
    claim: async (...args) => {
      const claimed = await spool.claim(...args)
      await pass()
      return claimed
    },
  })
  const at = await rig({ between })
  await send(at, ['jane@example.com'], { holdUntil: START + 10 })
  at.clock += 20
  at.queue.tick()
  await reached
  const changing = at.queue.change({}, 'cancel', 'stop it')
  open()
  assert.equal((await changing).count, 1)
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  assert.deepEqual(await states(at), ['cancelled'])
  await at.queue.stop()
})

test('what an operator cancels between its commit and its arrival is not sent', async () => {
  const { pass, reached, open } = gate()
  const between = (spool: Spool): Partial<Spool> => ({
    accept: async (...args) => {
      await spool.accept(...args)
      await pass()
    },
    change: async (...args) => {
      const changed = await spool.change(...args)
      open()
      await new Promise((resolve) => setImmediate(resolve))
      return changed
    },
  })
  const at = await rig({ between })
  const sending = send(at, ['jane@example.com'])
  await reached
  assert.equal((await at.queue.change({}, 'cancel', 'stop it')).count, 1)
  await sending
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  assert.deepEqual(await states(at), ['cancelled'])
  assert.equal(at.queue.inMemory, 0)
  await at.queue.stop()
})

test('mail that comes while an operator changes something is sent after it', async () => {
  const { pass, reached, open } = gate()
  const between = (spool: Spool): Partial<Spool> => ({
    change: async (...args) => {
      await pass()
      return spool.change(...args)
    },
  })
  const at = await rig({ between })
  const changing = at.queue.change({ recipient: 'nobody@example.net' }, 'hold', '')
  await reached
  await send(at, ['jane@example.com'])
  assert.equal(next(at, 'example.com'), undefined)
  open()
  assert.equal((await changing).count, 0)
  await settled(at)
  assert.deepEqual(sendReady(at, 'example.com'), ['jane'])
  await at.queue.stop()
})

test('a change goes on after a page of which some had ended meanwhile', async () => {
  const at = await rig({ between: changesOne })
  for (const user of ['a', 'b', 'c']) await send(at, [`${user}@example.com`])
  const { count, rows } = await at.queue.change({}, 'cancel', 'all of it', 2)
  assert.deepEqual([count, rows.length], [3, 2])
  assert.deepEqual(await states(at), ['cancelled', 'cancelled', 'cancelled'])
  await at.queue.stop()
})

test('what the store did not take back is kept, and sent when it answers again', async () => {
  let answers = false
  const between = (spool: Spool): Partial<Spool> => ({
    unclaim: async (...args) => {
      if (!answers) throw new SpoolError('unreachable', 'no answer')
      return spool.unclaim(...args)
    },
  })
  const at = await rig({ between })
  await send(at, ['jane@example.com'])
  await assert.rejects(at.queue.change({}, 'hold', 'a look first'), { code: 'unreachable' })
  at.queue.tick()
  await settled(at)
  assert.equal(next(at, 'example.com'), undefined)
  answers = true
  at.queue.tick()
  await settled(at)
  assert.deepEqual(sendReady(at, 'example.com'), ['jane'])
  await settled(at)
  assert.deepEqual(await states(at), ['delivered'])
  await at.queue.stop()
})

test('a store that does not answer does not keep the queue from stopping', async () => {
  const at = await rig({ between: takesNothingBack })
  await send(at, ['jane@example.com'])
  await at.queue.stop()
  assert.equal(next(at, 'example.com'), undefined)
})

test('a message to a thousand domains is a thousand transactions, and leaves nothing behind', async () => {
  const at = await rig()
  await at.queue.start()
  const domains = Array.from({ length: 1_000 }, (_, i) => `d${i}.example`)
  await send(
    at,
    domains.map((domain) => `jane@${domain}`),
  )
  const seen = new Map<string, number>()
  for (let round = 0; round < 20 && seen.size < 1_000; round += 1) {
    for (const domain of domains)
      for (const _ of sendReady(at, domain)) seen.set(domain, (seen.get(domain) ?? 0) + 1)
    await settled(at)
    at.clock += 1_000
    at.queue.tick()
    await settled(at)
  }
  assert.equal(seen.size, 1_000)
  assert(seen.values().every((count) => count === 1))
  at.queue.tick()
  assert.equal(at.queue.inMemory, 0)
  assert.equal(at.queue.describe('default/transactional/d7.example').site, undefined)
  await at.queue.stop()
})

/** A message to so many domains whose sites will not answer. */
async function sendToMany(at: Rig, count: number, name: string): Promise<readonly string[]> {
  const domains = Array.from({ length: count }, (_, i) => `${name}${i}.example`)
  await send(
    at,
    domains.map((domain) => `jane@${domain}`),
  )
  await settled(at)
  return domains
}

test('a message to two thousand silent sites leaves room for one to somebody else', async () => {
  const at = await rig()
  await at.queue.start()
  await sendToMany(at, 2_000, 'silent')
  await send(at, ['jane@example.com'])
  assert.deepEqual(sendReady(at, 'example.com'), ['jane'])
  await at.queue.stop()
})

test('what waits for many silent sites is tried a few sites at a time, and all of it in the end', async () => {
  const at = await rig()
  await at.queue.start()
  const domains = await sendToMany(at, 2_000, 'silent')
  const failed = new Set<string>()
  for (let round = 0; round < 60 && failed.size < domains.length; round += 1) {
    assert(at.queue.inMemory <= 1_500, `${at.queue.inMemory} in memory`)
    for (const domain of domains) {
      if (failed.has(domain) || at.queue.describe(`default/transactional/${domain}`).ready === 0) continue
      failed.add(domain)
      const why: Unreachable = { attempt: tried(at, 'deferred', 'no answer'), until: at.clock + 900_000 }
      at.paths.get(`mx.${domain}`)?.work.failed(why)
    }
    await settled(at)
    at.clock += 1_000
    at.queue.tick()
    await settled(at)
  }
  assert.equal(failed.size, domains.length)
  const rows = await at.spool.list({}, { limit: 3_000 })
  assert(rows.every(({ delivery }) => delivery.state === 'waiting' && delivery.attempts === 1))
  await at.queue.stop()
})

test('deliveries that hear of one failure together come back together', async () => {
  let throws = 0
  const at = await rig({ random: () => (throws += 1) / 100, jitter: 0.2 })
  for (const user of ['a', 'b', 'c']) await send(at, [`${user}@example.com`])
  const why: Unreachable = { attempt: tried(at, 'deferred', 'refused'), until: START + 15_000 }
  at.paths.get('mx.example.com')?.work.failed(why)
  await settled(at)
  const rows = await at.spool.list({}, { limit: 10 })
  assert.equal(new Set(rows.map(({ delivery }) => delivery.due)).size, 1)
  assert(rows.every(({ delivery }) => delivery.attempts === 1))
  await at.queue.stop()
})

test('a queue that only waits is no longer in memory, and is sent when its time has come', async () => {
  const at = await rig()
  await at.queue.start()
  await send(at, ['jane@example.com'])
  next(at, 'example.com')?.done([tried(at, 'deferred', 'greylisted')])
  await settled(at)
  at.clock += 60_000
  at.queue.tick()
  assert.equal(at.queue.queues, 0)
  at.clock = START + 300_001
  at.queue.tick()
  await settled(at)
  assert.deepEqual(sendReady(at, 'example.com'), ['jane'])
  await at.queue.stop()
})

test('a start with very many queues learns of them a page at a time', async () => {
  const later = START + 86_400_000
  const full = Array.from({ length: 5_000 }, (_, i) => [`transactional/d${i}.example`, later] as const)
  const asked: string[] = []
  const between = (spool: Spool): Partial<Spool> => ({
    async waiting(after, limit) {
      asked.push(after)
      return asked.length === 1 ? full : spool.waiting('', limit)
    },
  })
  const at = await rig({ between })
  await send(at, ['jane@example.com'], { holdUntil: START + 10 })
  const again = await rig({ between: () => at.spool })
  again.clock += 20
  await again.queue.start()
  await settled(again)
  again.queue.tick()
  await settled(again)
  assert.deepEqual(asked, ['', 'transactional/d4999.example'])
  assert.deepEqual(sendReady(again, 'example.com'), ['jane'])
  await again.queue.stop()
  await at.queue.stop()
})
