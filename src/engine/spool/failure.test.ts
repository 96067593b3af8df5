/** What the spool does when its store fails: an engine in memory that is broken on purpose. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SpoolEngine } from './engine.ts'
import { delivered, entry, HELLO, newId, NOON, QUEUE, stateOf, text } from './fixture.ts'
import { memoryEngine } from './memory.ts'
import { spoolOn } from './open.ts'
import type { ServiceOptions } from './service.ts'
import type { FileSystem } from './space.ts'
import { SpoolError } from './spool.ts'
import type { Spool, SpoolErrorCode } from './spool.ts'

type Trouble = { failing: SpoolErrorCode | undefined; keepsAnyway: boolean; commits: number }
type Rig = { spool: Spool; trouble: Trouble; broken: SpoolError[]; change: () => Promise<void> }

async function rig(options: Partial<ServiceOptions> = {}): Promise<Rig> {
  const trouble: Trouble = { failing: undefined, keepsAnyway: false, commits: 0 }
  const broken: SpoolError[] = []
  const spool = await spoolOn(troubled(memoryEngine(), trouble), {
    diskFree: 0.1,
    backoff: { first: 1, most: 2 },
    onBroken: (error) => void broken.push(error),
    ...options,
  })
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      const end = spool.onStatus(() => {
        end()
        resolve()
      })
    })
  return { spool, trouble, broken, change }
}

function troubled(engine: SpoolEngine, trouble: Trouble): SpoolEngine {
  return {
    ...engine,
    commit: (batches, abandoned) => {
      trouble.commits += 1
      if (!trouble.failing) return engine.commit(batches, abandoned)
      if (trouble.keepsAnyway) void engine.commit(batches, abandoned)
      throw new SpoolError(trouble.failing, `the disk is ${trouble.failing}`)
    },
  }
}

test('with a full disk an accept is refused, room is gone, and sending stops', async () => {
  const { spool, trouble } = await rig()
  trouble.failing = 'full'
  const id = newId()
  await assert.rejects(spool.accept(entry(id), HELLO), { name: 'SpoolError', code: 'full' })
  assert.deepEqual(spool.room, { ok: false, why: 'the disk is full' })
  assert.equal(spool.healthy, false)
  await assert.rejects(spool.read(id), { code: 'missing' })
  await spool.close()
})

test('when the disk has room again, so has the spool', async () => {
  const { spool, trouble, change } = await rig()
  trouble.failing = 'full'
  await assert.rejects(spool.accept(entry(newId()), HELLO))
  trouble.failing = undefined
  await change()
  assert.deepEqual([spool.room, spool.healthy], [{ ok: true }, true])
  await spool.accept(entry(newId()), HELLO)
  await spool.close()
})

test('outcomes that could not be written are kept and written later', async () => {
  const { spool, trouble } = await rig()
  const ids = [newId(), newId()] as const
  for (const id of ids) await spool.accept(entry(id), HELLO)
  trouble.failing = 'full'
  const accepted = spool.accept(entry(newId()), HELLO)
  const settled = ids.map((id) => spool.settle(delivered(id)))
  await assert.rejects(accepted, { code: 'full' })
  const before = trouble.commits
  while (trouble.commits < before + 3) await new Promise(setImmediate)
  assert.equal(await stateOf(spool, ids[0]), 'active')
  trouble.failing = undefined
  await Promise.all(settled)
  for (const id of ids) assert.equal(await stateOf(spool, id), 'delivered')
  assert.equal(spool.healthy, true)
  await spool.close()
})

test('while outcomes are kept back, more are taken and nothing is accepted', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { spool, trouble } = await rig({ backoff: { first: 1000, most: 1000 } })
  const [first, second] = [newId(), newId()]
  await spool.accept(entry(first, [{}, {}]), HELLO)
  trouble.failing = 'full'
  const one = spool.settle(delivered(first, 0))
  await assert.rejects(spool.accept(entry(second), HELLO), { code: 'full' })
  trouble.failing = undefined
  // Written it could be by now, but what waits comes first.
  const two = spool.settle(delivered(first, 1))
  await assert.rejects(spool.accept(entry(second), HELLO), { code: 'full' })
  context.mock.timers.tick(1000)
  await Promise.all([one, two])
  await spool.accept(entry(second), HELLO)
  assert.equal((await spool.show(first))?.hasBody, false)
  await spool.close()
})

test('a message that was refused for a lost answer is not sent, even if it was kept', async () => {
  const { spool, trouble, change } = await rig()
  trouble.failing = 'unreachable'
  trouble.keepsAnyway = true
  const id = newId()
  const accepted = spool.accept(entry(id), HELLO)
  await assert.rejects(accepted, { code: 'unreachable' })
  Object.assign(trouble, { failing: undefined, keepsAnyway: false })
  if (!spool.healthy) await change()
  assert.equal(await spool.show(id), undefined)
  // The log cannot take back what readers may have seen.
  const { events } = await spool.events({ limit: 9 })
  assert.deepEqual(
    events.map(({ kind, message }) => [kind, message]),
    [
      ['accepted', id],
      ['cancelled', id],
    ],
  )
  await spool.close()
})

test('an event that could not be written is refused, and one that could be is not', async () => {
  const { spool, trouble, change } = await rig()
  const event = { kind: 'opened', at: NOON, organization: 'acme', stream: 'news' } as const
  trouble.failing = 'full'
  await assert.rejects(spool.append(event), { code: 'full' })
  trouble.failing = undefined
  if (!spool.healthy) await change()
  await spool.append(event)
  assert.equal((await spool.events({ limit: 9 })).events.length, 1)
  await spool.close()
})

test('nobody is told of a key while its commit is in doubt, and it is free when the message was withdrawn', async () => {
  const { spool, trouble, change } = await rig()
  const once = { key: 'order 1', digest: 'the first', answer: '[]' }
  Object.assign(trouble, { failing: 'unreachable', keepsAnyway: true })
  await assert.rejects(spool.accept({ ...entry(newId()), once }, HELLO), { code: 'unreachable' })
  await assert.rejects(spool.keys.kept('acme', 'order 1'), { code: 'unreachable' })
  Object.assign(trouble, { failing: undefined, keepsAnyway: false })
  if (!spool.healthy) await change()
  assert.equal(await spool.keys.kept('acme', 'order 1'), undefined)
  await spool.accept({ ...entry(newId()), once }, HELLO)
  await spool.close()
})

test('an outcome whose answer was lost is counted once', async () => {
  const { spool, trouble } = await rig()
  const id = newId()
  await spool.accept(entry(id, [{}, {}]), HELLO)
  Object.assign(trouble, { failing: 'unreachable', keepsAnyway: true })
  const settled = spool.settle(delivered(id, 0))
  while (spool.healthy) await new Promise(setImmediate)
  Object.assign(trouble, { failing: undefined, keepsAnyway: false })
  await settled
  const view = await spool.show(id)
  assert.equal(view?.deliveries[0]?.attempts.length, 1)
  assert.equal(view?.hasBody, true)
  const { events } = await spool.events({ kinds: ['delivered'], limit: 9 })
  assert.equal(events.length, 1)
  await spool.close()
})

test('after an error that cannot be trusted nothing is acknowledged any more', async () => {
  const { spool, trouble, broken } = await rig()
  const id = newId()
  await spool.accept(entry(id), HELLO)
  trouble.failing = 'broken'
  const settled = spool.settle(delivered(id))
  await assert.rejects(spool.accept(entry(newId()), HELLO), { code: 'broken' })
  await assert.rejects(settled, { code: 'broken' })
  assert.equal(broken.length, 1)
  // The disk may say that all is well again: it is not believed.
  trouble.failing = undefined
  await assert.rejects(spool.accept(entry(newId()), HELLO), { code: 'broken' })
  await assert.rejects(spool.claim(QUEUE, NOON, 1), { code: 'broken' })
  assert.deepEqual([spool.room.ok, spool.healthy, broken.length], [false, false, 1])
  await spool.close()
})

test('outcomes that are kept back when the store breaks are told so', async () => {
  const { spool, trouble } = await rig()
  const id = newId()
  await spool.accept(entry(id), HELLO)
  trouble.failing = 'full'
  const settled = spool.settle(delivered(id))
  while (spool.healthy) await new Promise(setImmediate)
  trouble.failing = 'broken'
  await assert.rejects(settled, { code: 'broken' })
  await spool.close()
})

test('closing while outcomes are kept back ends, and tells them', async () => {
  const { spool, trouble } = await rig({ backoff: { first: 60_000, most: 60_000 } })
  const id = newId()
  await spool.accept(entry(id), HELLO)
  trouble.failing = 'full'
  const settled = assert.rejects(spool.settle(delivered(id)), { code: 'broken' })
  await spool.close()
  await settled
})

test('an octet that has changed in the store loses that message and no other', async () => {
  const engine = memoryEngine()
  const [good, bad] = [newId(), newId()]
  const spool = await spoolOn(
    {
      ...engine,
      read: async (id) => {
        const body = await engine.read(id)
        if (body?.kind === 'whole' && Buffer.from(body.bytes).toString() === 'damaged') body.bytes[3]! ^= 1
        return body
      },
    },
    { diskFree: 0, backoff: { first: 1, most: 1 }, onBroken: assert.fail },
  )
  await spool.accept(entry(bad), Buffer.from('damaged'))
  await spool.accept(entry(good), HELLO)
  await assert.rejects(spool.read(bad), { code: 'corrupt' })
  assert.equal(await text(await spool.read(good)), 'hello')
  assert.equal(spool.healthy, true)
  await spool.close()
})

test('a page that cannot be read loses the message on it, not the store', async () => {
  const { spool, broken } = await rig()
  const failing = await spoolOn(
    {
      ...memoryEngine(),
      read: () => {
        throw new SpoolError('broken', 'disk I/O error')
      },
    },
    { diskFree: 0, backoff: { first: 1, most: 1 }, onBroken: (error) => void broken.push(error) },
  )
  await assert.rejects(failing.read(newId()), { code: 'corrupt' })
  await failing.accept(entry(newId()), HELLO)
  assert.deepEqual(broken, [])
  await Promise.all([failing.close(), spool.close()])
})

const GIGABYTE: FileSystem = { blocks: 1000, bavail: 500, files: 1000, ffree: 500 }

test('too few free octets or inodes leave no room, and sending goes on', async () => {
  for (const [short, why] of [
    [{ bavail: 99 }, '9.9 % of the disk is free'],
    [{ ffree: 1 }, '0.1 % of the inodes are free'],
  ] as const) {
    const { spool } = await rig({ measure: async () => ({ ...GIGABYTE, ...short }) })
    assert.deepEqual(spool.room, { ok: false, why })
    assert.equal(spool.healthy, true)
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(id))
    await spool.close()
  }
})

test('a file system without inodes, or with just enough, has room', async () => {
  const { spool } = await rig({ measure: async () => ({ blocks: 1000, bavail: 100, files: 0, ffree: 0 }) })
  assert.deepEqual(spool.room, { ok: true })
  await spool.close()
})

test('the watch notices that room has gone and come back', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let now = GIGABYTE
  const { spool, change } = await rig({ measure: async () => now })
  assert.equal(spool.room.ok, true)
  for (const [next, ok] of [
    [{ ...GIGABYTE, bavail: 5 }, false],
    [GIGABYTE, true],
  ] as const) {
    now = next
    const changed = change()
    context.mock.timers.tick(1000)
    await changed
    assert.equal(spool.room.ok, ok)
  }
  await spool.close()
})
