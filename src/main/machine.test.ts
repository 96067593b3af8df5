import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { thisMachine } from './machine.ts'

const machine = thisMachine()

async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

test('a greeting is the first line, however it comes, and the host hears QUIT', async () => {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => heard.push(text))
    socket.on('end', () => heard.push('end'))
    socket.write('220 mx.exa')
    setImmediate(() => socket.write('mple ESMTP\r\n250 more\r\n'))
  })
  await using host = await listening(server)
  const ended = new Promise<void>(
    (resolve) => void server.once('connection', (socket) => socket.once('close', resolve)),
  )
  const said = await machine.greeting({ address: '127.0.0.1', port: host.port, from: '127.0.0.1' })
  assert.deepEqual(said, { ok: true, line: '220 mx.example ESMTP' })
  await ended
  assert.deepEqual(heard, ['QUIT\r\n', 'end'])
})

test('a host that says nothing sensible, nothing, or is not there, is an answer too', async () => {
  await using endless = await listening(
    createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .write('x'.repeat(5000)),
    ),
  )
  const long = await machine.greeting({ address: '127.0.0.1', port: endless.port })
  assert.deepEqual(long, { ok: true, line: 'x'.repeat(512) })
  const { port } = await closedPort()
  assert.deepEqual(await machine.greeting({ address: '127.0.0.1', port }), {
    ok: false,
    code: 'ECONNREFUSED',
  })
  await using silent = await listening(createServer((socket) => void socket.resume().end()))
  const closed = await machine.greeting({ address: '127.0.0.1', port: silent.port })
  assert.deepEqual(closed, { ok: false, code: 'closed without a greeting' })
})

/** A port on which somebody has just listened. */
async function closedPort(): Promise<{ readonly port: number }> {
  await using opened = await listening(createServer())
  return { port: opened.port }
}

test('a port in use is told from a free one', async () => {
  await using host = await listening(createServer())
  assert.equal(await machine.bind('127.0.0.1', host.port), 'EADDRINUSE')
  assert.equal(await machine.bind('127.0.0.1', 0), undefined)
  assert.equal(await machine.bind('192.0.2.1', 0), 'EADDRNOTAVAIL')
})

test('a directory shows what it is, and one that is not there is none', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'hikyaku-machine-'))
  t.after(() => rm(path, { recursive: true }))
  const found = await machine.directory(path)
  assert.ok(found !== undefined && !('denied' in found))
  assert.deepEqual([found.mode, found.owner, found.writable], [0o700, process.getuid?.(), true])
  assert.ok(found.blocks > 0 && found.bavail <= found.blocks)
  assert.equal(await machine.directory(join(path, 'none')), undefined)
  assert.deepEqual(await machine.directory(join(path, 'x\0y')), { denied: 'ERR_INVALID_ARG_VALUE' })
  assert.equal(await machine.readFile(join(path, 'none')), undefined)
  await assert.rejects(machine.readFile(path), { code: 'EISDIR' })
})

test('the date of a web server is read, and one that has none has none', async () => {
  const dated = createHttpServer((request, response) => response.end(request.headers.host))
  await using host = await listening(dated)
  const seen = await machine.httpDate('127.0.0.1', 'www.example', host.port)
  assert.ok(seen !== undefined && Math.abs(seen.ours - seen.theirs) < 60_000)
  const undated = createHttpServer((_request, response) => {
    response.sendDate = false
    response.end()
  })
  await using other = await listening(undated)
  assert.equal(await machine.httpDate('127.0.0.1', 'www.example', other.port), undefined)
})
