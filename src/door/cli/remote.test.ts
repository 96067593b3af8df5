import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { OperationError } from '#product/operation'

import { testDirectory } from '../../../test/directory.ts'

import { remoteOperations } from './remote.ts'

/** A node that says these octets to whatever it is asked, or does something else with the connection. */
async function saying(t: TestContext, answer: string | ((socket: Socket) => void)): Promise<string> {
  const directory = testDirectory('remote-')
  const path = join(directory, 'control.sock')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => (typeof answer === 'string' ? socket.end(answer) : answer(socket)))
  })
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(directory, { recursive: true })
  })
  return path
}

function http(status: number, body: string): string {
  return `HTTP/1.1 ${status} x\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}

test('a result is the result', async (t) => {
  const path = await saying(t, http(200, '{"result":[]}'))
  assert.deepEqual(await remoteOperations(path).domains(), [])
})

test('errors of the node come through with their code; failures of it do not pretend to be the operator’s', async (t) => {
  for (const code of ['refused', 'invalid', 'not-running']) {
    const path = await saying(t, http(400, JSON.stringify({ error: { code, message: 'so it is' } })))
    await assert.rejects(remoteOperations(path).domains(), {
      name: 'OperationError',
      code,
      message: 'so it is',
    })
  }
  const path = await saying(t, http(500, '{"error":{"code":"failed","message":"disk on fire"}}'))
  await assert.rejects(
    remoteOperations(path).domains(),
    (error) =>
      error instanceof Error && !(error instanceof OperationError) && error.message === 'disk on fire',
  )
})

test('no node is not-running, whether a socket was left behind or none is there', async (t) => {
  const directory = testDirectory('remote-')
  t.after(() => rmSync(directory, { recursive: true }))
  await assert.rejects(remoteOperations(join(directory, 'none.sock')).status(), {
    name: 'OperationError',
    code: 'not-running',
  })
  const path = join(directory, 'left.sock')
  // A process that ends without closing its socket, as one that was killed.
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  await assert.rejects(remoteOperations(path).status(), { name: 'OperationError', code: 'not-running' })
})

test('a node that dies before it answers leaves the question open, and says so', async (t) => {
  const path = await saying(t, (socket) => socket.destroy())
  await assert.rejects(
    remoteOperations(path).reload(),
    /ended before it answered: whether it did what was asked is not known/,
  )
})

test('a node that dies in the middle of its answer, too', async (t) => {
  const path = await saying(t, 'HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n{"result"')
  await assert.rejects(remoteOperations(path).reload(), /ended before it answered/)
})

test('a node that does not answer is not waited for forever', async (t) => {
  const path = await saying(t, () => {})
  await assert.rejects(
    remoteOperations(path, 30).reload(),
    /has not answered within 0\.03 s; it may still be at it/,
  )
})

test('an answer of something else is told as such', async (t) => {
  for (const body of ['<html>', '7', '{}']) {
    const path = await saying(t, http(200, body))
    await assert.rejects(
      remoteOperations(path).domains(),
      /answered in a way that this program does not understand/,
    )
  }
})
