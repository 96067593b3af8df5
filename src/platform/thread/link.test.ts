import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'

import { link, ThreadError, transfer } from './link.ts'

const sums = { add: (a: number, b: number): number => a + b }

const fail = (): never => {
  throw Object.assign(new RangeError('too far'), { code: 'FAR' })
}
const bounce = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => transfer(bytes, [bytes.buffer])

test('a call is carried out on the other side and its result comes back', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, sums)
  const { remote, close } = link<typeof sums>(port2)
  assert.deepEqual(await Promise.all([remote.add(1, 2), remote.add(3, 4)]), [3, 7])
  close()
})

test('both sides may call', async () => {
  const { port1, port2 } = new MessageChannel()
  const here = link<{ half(n: number): number }>(port1, sums)
  const there = link<typeof sums>(port2, { half: (n: number) => n / 2 })
  assert.deepEqual([await here.remote.half(8), await there.remote.add(1, 1)], [4, 2])
  here.close()
})

test('an error keeps its name, code and message', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, { fail })
  const { remote, close } = link<{ fail(): void }>(port2)
  await assert.rejects(remote.fail(), { name: 'RangeError', code: 'FAR', message: 'too far' })
  close()
})

test('what is inherited, absent or no function cannot be called', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, { secret: 'x' })
  const { remote, close } = link<Record<string, () => void>>(port2)
  for (const name of ['toString', 'constructor', '__proto__', 'nothing', 'secret']) {
    await assert.rejects(remote[name]!(), { name: 'ThreadError', code: 'unknown' })
  }
  close()
})

test('closing rejects what is pending and what comes later, on both sides', async () => {
  const { port1, port2 } = new MessageChannel()
  const server = link<typeof sums>(port1, { never: () => new Promise(() => {}) })
  const client = link<{ never(): void }>(port2, sums)
  const pending = assert.rejects(client.remote.never(), { name: 'ThreadError', code: 'closed' })
  client.close()
  await pending
  await server.closed
  await assert.rejects(client.remote.never(), ThreadError)
  await assert.rejects(server.remote.add(1, 2), ThreadError)
})

test('arguments that cannot be cloned reject, and leave the link as it was', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, { echo: (value: unknown) => value })
  const { remote, close } = link<{ echo(value: unknown): unknown }>(port2)
  await assert.rejects(
    remote.echo(() => {}),
    { name: 'DataCloneError' },
  )
  assert.equal(await remote.echo(1), 1)
  close()
})

test('a result that cannot be cloned rejects at the caller', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, { odd: () => Symbol('odd') })
  const { remote, close } = link<{ odd(): unknown }>(port2)
  await assert.rejects(remote.odd(), { name: 'DataCloneError' })
  close()
})

test('a transferred buffer moves, as argument and as result', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, { bounce })
  const { remote, close } = link<{ bounce(bytes: Uint8Array): Uint8Array }>(port2)
  const bytes = new Uint8Array([1, 2, 3])
  const back = remote.bounce(transfer(bytes, [bytes.buffer]))
  assert.equal(bytes.byteLength, 0)
  assert.deepEqual(await back, new Uint8Array([1, 2, 3]))
  close()
})

test('several ports share one served object', async () => {
  let count = 0
  const served = { next: () => (count += 1) }
  const links = [0, 1, 2].map(() => {
    const { port1, port2 } = new MessageChannel()
    link(port1, served)
    return link<typeof served>(port2)
  })
  const numbers = await Promise.all(links.map(({ remote }) => remote.next()))
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    [1, 2, 3],
  )
  for (const { close } of links) close()
})

test('awaiting a remote by mistake is harmless', async () => {
  const { port1, port2 } = new MessageChannel()
  link(port1, sums)
  const { remote, close } = link<typeof sums>(port2)
  const awaited = await Promise.resolve(remote)
  assert.equal(await awaited.add(2, 2), 4)
  close()
})

test('the death of a worker closes the link', async () => {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(
    'require("node:worker_threads").workerData.on("message", () => process.exit(3))',
    {
      eval: true,
      workerData: port1,
      transferList: [port1],
    },
  )
  // Asked before: the thread may have ended by the time that its port is known to be closed.
  const ended = once(worker, 'exit')
  const { remote } = link<{ die(): void }>(port2)
  await assert.rejects(remote.die(), { code: 'closed' })
  await ended
})
