/** What every spool must do, whatever keeps it. Each implementation's test file runs this. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { WHOLE_LIMIT } from './content.ts'
import { countContract, eventContract } from './event.contract.ts'
import { firstContract } from './first.contract.ts'
import { labelContract } from './label.contract.ts'
import { logContract } from './log.contract.ts'
import { deferred, delivered, entry, HELLO, newId, NOON, QUEUE, stateOf, text } from './fixture.ts'
import { idempotencyContract } from './idempotency.contract.ts'
import {
  changeContract,
  claimContract,
  filterContract,
  listContract,
  queueContract,
  recordContract,
} from './operation.contract.ts'
import { dataContract } from './data.contract.ts'
import { searchContract } from './search.contract.ts'
import { manyContract } from './many.contract.ts'
import type { It, Opened } from './operation.contract.ts'

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

export function spoolContract(name: string, open: () => Promise<Opened>): void {
  const it = (title: string, run: (opened: Opened) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.end()
      }
    })
  }
  bodies(it)
  streams(it)
  refusals(it)
  outcomes(it)
  interruptions(it)
  claimContract(it)
  manyContract(it)
  dataContract(it)
  queueContract(it)
  listContract(it)
  filterContract(it)
  changeContract(it)
  recordContract(it)
  eventContract(it)
  firstContract(it)
  labelContract(it)
  logContract(it)
  searchContract(it)
  countContract(it)
  idempotencyContract(it)
  restarts(it)
}

function bodies(it: It): void {
  it('gives back every octet that was accepted', async ({ spool }) => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256))
    const id = newId()
    await spool.accept(entry(id), bytes)
    assert.deepEqual(await text(await spool.read(id)), bytes.toString('latin1'))
  })

  it('leaves the bytes of the caller usable', async ({ spool }) => {
    const bytes = Buffer.from('still here')
    await spool.accept(entry(newId()), bytes)
    assert.equal(bytes.toString(), 'still here')
  })

  it('keeps messages that come at once apart', async ({ spool }) => {
    const ids = Array.from({ length: 50 }, () => newId())
    await Promise.all(ids.map((id) => spool.accept(entry(id), Buffer.from(`body of ${id}`))))
    for (const id of ids) assert.equal(await text(await spool.read(id)), `body of ${id}`)
  })

  it('keeps a body of no octets', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), Buffer.alloc(0))
    assert.equal(await text(await spool.read(id)), '')
  })
}

function streams(it: It): void {
  it('streams what is too large for one buffer, in and out', async ({ spool }) => {
    const id = newId()
    const writing = spool.write(id)
    const chunk = Buffer.alloc(100_000, 'x')
    for (const letter of LETTERS) await writing.write(chunk.fill(letter))
    await writing.accept(entry(id, [{}], { size: 800_000 }))
    const content = await spool.read(id)
    assert.ok(content.kind === 'chunked')
    assert.equal(content.size, 800_000)
    const expected = LETTERS.map((letter) => letter.repeat(100_000)).join('')
    assert.ok((await text(content)) === expected)
    for await (const part of content.chunks()) assert.ok(part.length < 2 * WHOLE_LIMIT)
  })

  it('keeps nothing of a message that was begun and discarded', async ({ spool }) => {
    const id = newId()
    const writing = spool.write(id)
    await writing.write(Buffer.alloc(WHOLE_LIMIT, 'x'))
    await writing.discard()
    await assert.rejects(spool.read(id), { name: 'SpoolError', code: 'missing' })
    // The id is free: nothing of the first attempt is mixed into the second.
    const again = spool.write(id)
    await again.write(Buffer.from('second'))
    await again.accept(entry(id, [{}], { size: 6 }))
    assert.equal(await text(await spool.read(id)), 'second')
  })
}

function refusals(it: It): void {
  it('has no body for what it never accepted', async ({ spool }) => {
    await assert.rejects(spool.read(newId()), { name: 'SpoolError', code: 'missing' })
  })

  it('refuses an id that is taken, and keeps the others of the same commit', async ({ spool }) => {
    const [first, second] = [newId(), newId()]
    await spool.accept(entry(first), HELLO)
    const results = await Promise.allSettled([
      spool.accept(entry(first), Buffer.from('twice')),
      spool.accept(entry(second), Buffer.from('other')),
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    assert.equal(await text(await spool.read(first)), 'hello')
    assert.equal(await text(await spool.read(second)), 'other')
  })

  it('refuses a message without a delivery', async ({ spool }) => {
    await assert.rejects(spool.accept(entry(newId(), []), HELLO), { code: 'refused' })
  })
}

function outcomes(it: It): void {
  it('removes the body when the last delivery has ended, not before', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{}, {}]), HELLO)
    await spool.settle(delivered(id, 0))
    assert.equal(await text(await spool.read(id)), 'hello')
    await spool.settle(delivered(id, 1, { state: 'bounced' }))
    await assert.rejects(spool.read(id), { code: 'missing' })
    assert.equal((await spool.show(id))?.hasBody, false)
  })

  it('removes a chunked body too', async ({ spool }) => {
    const id = newId()
    const writing = spool.write(id)
    await writing.write(Buffer.alloc(2 * WHOLE_LIMIT, 'x'))
    await writing.accept(entry(id, [{}], { size: 2 * WHOLE_LIMIT }))
    const content = await spool.read(id)
    await spool.settle(delivered(id))
    await assert.rejects(spool.read(id), { code: 'missing' })
    // Whoever was reading it learns that it is gone, and does not take the rest for the end.
    await assert.rejects(text(content), { code: 'missing' })
  })

  it('records an attempt with all it says', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    const first = deferred(id, NOON + 60_000)
    await spool.settle({ ...first, delayNotified: true })
    await spool.claim(QUEUE, NOON + 60_000, 10)
    const second = delivered(id, 0, { at: NOON + 61_000 })
    await spool.settle(second)
    const view = await spool.show(id)
    const [only] = view?.deliveries ?? []
    assert.deepEqual(only?.attempts, [first.attempt, second.attempt])
    assert.equal(only?.delivery.state, 'delivered')
    assert.equal(only?.delivery.attempts, 2)
    assert.equal(only?.delivery.delayNotified, true)
    assert.equal(only?.delivery.endedAt, NOON + 61_000)
    assert.equal(only?.delivery.lastReply, '250 2.0.0 Ok')
  })

  it('counts an outcome that is told twice once', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{}, {}]), HELLO)
    await spool.settle(delivered(id, 0))
    await spool.settle(delivered(id, 0))
    assert.equal(await text(await spool.read(id)), 'hello')
    assert.equal((await spool.show(id))?.deliveries[0]?.attempts.length, 1)
  })
}

function interruptions(it: It): void {
  it('ends without an attempt, as when a delivery expires', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    const { attempt: _, ...expired } = delivered(id, 0, { state: 'expired', reason: 'five days' })
    await spool.settle(expired)
    const [only] = (await spool.show(id))?.deliveries ?? []
    assert.deepEqual(
      [only?.delivery.state, only?.delivery.lastReply, only?.attempts],
      ['expired', 'five days', []],
    )
  })

  it('believes a delivery that was under way when it was cancelled', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.change({ message: id }, 'cancel', NOON, 'operator')
    await spool.settle(deferred(id, NOON + 60_000))
    assert.equal(await stateOf(spool, id), 'cancelled')
    await spool.settle(delivered(id))
    assert.equal(await stateOf(spool, id), 'delivered')
    await assert.rejects(spool.read(id), { code: 'missing' })
  })

  it('believes a delivery that was under way when it was held, and lets go of the body', async ({
    spool,
  }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.change({ message: id }, 'hold', NOON, 'operator')
    await spool.settle(deferred(id, NOON + 60_000))
    assert.equal(await stateOf(spool, id), 'held')
    await spool.settle(delivered(id))
    assert.equal(await stateOf(spool, id), 'delivered')
    await assert.rejects(spool.read(id), { code: 'missing' })
  })

  it('takes an outcome of what it does not know for nothing', async ({ spool }) => {
    await spool.settle(delivered(newId()))
  })
}

function restarts(it: It): void {
  it('lets what was active wait again after a restart, and counts it', async (opened) => {
    if (!opened.reopen) return
    const [active, done] = [newId(), newId()]
    await opened.spool.accept(entry(active, [{}, { state: 'waiting' }, { state: 'held' }]), HELLO)
    await opened.spool.accept(entry(done), HELLO)
    await opened.spool.settle(delivered(done))
    const again = await opened.reopen()
    assert.equal(again.recovered, 1)
    assert.equal(await text(await again.read(active)), 'hello')
    const claimed = await again.claim(QUEUE, NOON, 10)
    assert.deepEqual(
      claimed.map(({ delivery }) => [delivery.key.message, delivery.key.n]),
      [
        [active, 0],
        [active, 1],
      ],
    )
    assert.equal(await stateOf(again, done), 'delivered')
  })

  it('removes what was written and never accepted, and keeps what was', async (opened) => {
    if (!opened.reopen) return
    const [orphan, kept] = [newId(), newId()]
    await opened.spool.write(orphan).write(Buffer.alloc(WHOLE_LIMIT))
    const writing = opened.spool.write(kept)
    await writing.write(Buffer.alloc(WHOLE_LIMIT + 5, 'k'))
    await writing.accept(entry(kept, [{}], { size: WHOLE_LIMIT + 5 }))
    const again = await opened.reopen()
    assert.equal((await text(await again.read(kept))).length, WHOLE_LIMIT + 5)
    const second = again.write(orphan)
    await second.write(Buffer.from('new'))
    await second.accept(entry(orphan, [{}], { size: 3 }))
    assert.equal(await text(await again.read(orphan)), 'new')
  })

  it('knows its newest id after a restart, even when its record was forgotten', async (opened) => {
    if (!opened.reopen) return
    const id = newId()
    await opened.spool.accept(entry(id), HELLO)
    await opened.spool.settle(delivered(id))
    await opened.spool.forget(Infinity, 10)
    const again = await opened.reopen()
    assert.equal(again.newest, id)
  })
}
