import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { test } from 'node:test'

import { dial, HEAD_START } from './dial.ts'
import { ManualTimers } from './rig.fixture.ts'
import { systemTimers } from './timers.ts'

async function listening(host: string, port = 0): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()))
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

const signal = new AbortController().signal

test('an address that refuses costs nothing: the next one is tried at once', async () => {
  const server = await listening('127.0.0.1')
  const { port } = server.address() as AddressInfo
  const dialled = await dial(['127.0.0.9', '127.0.0.1'], {
    port,
    timeout: 60_000,
    timers: systemTimers,
    signal,
  })
  assert.ok(dialled.ok)
  assert.equal(dialled.address, '127.0.0.1')
  dialled.socket.destroy()
  server.close()
})

test('an address that does not answer has a head start, and the loser is closed', async () => {
  const server = await listening('0.0.0.0')
  const { port } = server.address() as AddressInfo
  const timers = new ManualTimers()
  const dialling = dial(['127.0.0.1', '127.0.0.2'], { port, timeout: 60_000, timers, signal })
  // Before either could answer.
  timers.pass(HEAD_START)
  const dialled = await dialling
  assert.ok(dialled.ok)
  dialled.socket.destroy()
  server.close()
  await once(server, 'close')
})

test('when none answers, the last one’s reason is told', async () => {
  const server = await listening('127.0.0.1')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const dialled = await dial(['127.0.0.8', '127.0.0.9'], {
    port,
    timeout: 60_000,
    timers: systemTimers,
    signal,
  })
  assert.deepEqual(dialled, {
    ok: false,
    address: '127.0.0.9',
    text: `connect to 127.0.0.9:${port}: ECONNREFUSED`,
  })
})

test('a source address that this machine does not have is a failure, and no exception', async () => {
  const options = { port: 25, localAddress: '192.0.2.1', timeout: 60_000, timers: systemTimers, signal }
  const dialled = await dial(['127.0.0.1'], options)
  assert.ok(!dialled.ok)
  assert.equal(
    dialled.text,
    'nothing can be sent from 192.0.2.1: it is no address of this machine (EADDRNOTAVAIL)',
  )
})

test('the source address is bound', async () => {
  const server = await listening('127.0.0.1')
  const { port } = server.address() as AddressInfo
  const options = { port, localAddress: '127.0.0.5', timeout: 60_000, timers: systemTimers, signal }
  const dialled = await dial(['127.0.0.1'], options)
  assert.ok(dialled.ok)
  assert.equal(dialled.socket.localAddress, '127.0.0.5')
  dialled.socket.destroy()
  server.close()
})

test('whoever is aborted gets an answer', async () => {
  const aborted = AbortSignal.abort()
  const dialled = await dial(['127.0.0.1'], {
    port: 9,
    timeout: 60_000,
    timers: systemTimers,
    signal: aborted,
  })
  assert.deepEqual(dialled, { ok: false, address: '', text: 'egress is closing' })
})
