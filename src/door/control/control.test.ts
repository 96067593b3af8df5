import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, linkSync, lstatSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { memoryLog } from '#platform/log'
import { OPERATION_NAMES, OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

import { testDirectory } from '../../../test/directory.ts'

import { serveControl } from './server.ts'

type Implemented = { readonly [name: string]: (argument: never) => unknown }

/** Operations that say which one they are, but for those given. */
function operationsOf(implemented: Implemented): Operations {
  const others = OPERATION_NAMES.map((name) => [name, () => Promise.resolve({ operation: name })] as const)
  return { ...Object.fromEntries(others), ...implemented } as unknown as Operations
}

const MIB = 1024 * 1024

async function opened(t: TestContext, implemented: Implemented = {}) {
  const directory = testDirectory('control-')
  const path = join(directory, 'control.sock')
  const log = memoryLog()
  const server = await serveControl(path, operationsOf(implemented), log, MIB)
  t.after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  })
  return { path, log, server }
}

type Answer = { readonly status: number | undefined; readonly body: unknown }

async function ask(path: string, operation: string, body: string | Buffer, method = 'POST'): Promise<Answer> {
  const asked = request({ socketPath: path, path: `/${operation}`, method, agent: false })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }
}

function refusal(message: string): Answer {
  return { status: 400, body: { error: { code: 'invalid', message } } }
}

test('an operation is answered with its result, for the owner of the socket alone', async (t) => {
  const { path } = await opened(t)
  assert.equal(lstatSync(path).mode & 0o777, 0o600)
  assert.deepEqual(await ask(path, 'status', ''), { status: 200, body: { result: { operation: 'status' } } })
})

test('the mask of the process is what it was', async (t) => {
  const before = process.umask()
  await opened(t)
  assert.equal(process.umask(), before)
})

test('an operation without a result answers null', async (t) => {
  const { path } = await opened(t, { message: () => Promise.resolve(undefined) })
  const answer = await ask(path, 'message', '{"id":"0ab3xk9m2pq"}')
  assert.deepEqual(answer, { status: 200, body: { result: null } })
})

test('what is no request is answered with invalid, and the server goes on', async (t) => {
  const { path, log } = await opened(t)
  assert.deepEqual(await ask(path, 'queues', '{"limit":'), refusal('the request is not JSON'))
  assert.deepEqual(await ask(path, 'queues', Buffer.from([0xff, 0xfe])), refusal('the request is not JSON'))
  assert.deepEqual(await ask(path, 'shutdown', '{}'), refusal('there is no operation "shutdown"'))
  assert.deepEqual(await ask(path, '__proto__', '{}'), refusal('there is no operation "__proto__"'))
  assert.deepEqual(await ask(path, 'status', '', 'GET'), refusal('operations are called by POST'))
  assert.deepEqual(
    await ask(path, 'message', '{"id":7}'),
    refusal('message: id: expected a message id such as 0ab3xk9m2pq'),
  )
  assert.equal((await ask(path, 'status', '')).status, 200)
  assert.deepEqual(log.lines, [])
})

test('a request that is too large is answered, not cut off while it still writes', async (t) => {
  const { path } = await opened(t)
  const large = Buffer.alloc(8 * MIB, ' ')
  assert.deepEqual(await ask(path, 'send', large), refusal('a request of more than 1 MiB'))
})

test('errors for the operator keep their code and are not logged', async (t) => {
  const { path, log } = await opened(t, {
    send: () => Promise.reject(new OperationError('refused', 'not your domain')),
    status: () => Promise.reject(new OperationError('not-running', 'status needs a running node')),
  })
  const send = JSON.stringify({ organization: 'a', stream: 'b', from: '', to: ['c@d.example'], content: '' })
  assert.deepEqual(await ask(path, 'send', send), {
    status: 400,
    body: { error: { code: 'refused', message: 'not your domain' } },
  })
  assert.deepEqual(await ask(path, 'status', ''), {
    status: 400,
    body: { error: { code: 'not-running', message: 'status needs a running node' } },
  })
  assert.deepEqual(log.lines, [])
})

test('errors of ours are answered with failed, and logged', async (t) => {
  const { path, log } = await opened(t, {
    status: () => Promise.reject(new TypeError('undefined is not a function')),
    reload: () => {
      throw new Error('at once')
    },
    // JSON has no bigint: the answer cannot be written.
    domains: () => Promise.resolve([1n]),
  })
  assert.deepEqual(await ask(path, 'status', ''), {
    status: 500,
    body: { error: { code: 'failed', message: 'undefined is not a function' } },
  })
  assert.equal((await ask(path, 'reload', '')).status, 500)
  assert.equal((await ask(path, 'domains', '')).status, 500)
  const logged = log.lines.map(({ level, event, fields }) => [level, event, fields['operation']])
  assert.deepEqual(logged, [
    ['error', 'control.failed', 'status'],
    ['error', 'control.failed', 'reload'],
    ['error', 'control.failed', 'domains'],
  ])
})

test('who hangs up in the middle of a question asks nothing and is no error', async (t) => {
  const { path, log, server } = await opened(t)
  const socket = connect(path)
  socket.write('POST /reload HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
  await once(socket, 'connect')
  await ask(path, 'status', '')
  socket.destroy()
  await server[Symbol.asyncDispose]()
  assert.deepEqual(log.lines, [])
})

test('bytes that are no HTTP end their own connection only', async (t) => {
  const { path } = await opened(t)
  const socket = connect(path)
  socket.end('EHLO there\r\n\r\n')
  let heard = ''
  for await (const chunk of socket) heard += String(chunk)
  assert.match(heard, /^HTTP\/1\.1 400 /)
  assert.equal((await ask(path, 'status', '')).status, 200)
})

test('a socket that a dead process left behind is replaced', async (t) => {
  const directory = testDirectory('control-')
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'control.sock')
  const dead = createServer().listen(path)
  await once(dead, 'listening')
  // As kill -9 would leave it: nobody listens, and the file is there.
  const kept = join(directory, 'kept')
  linkSync(path, kept)
  dead.close()
  await once(dead, 'close')
  renameSync(kept, path)
  assert.ok(statSync(path).isSocket())
  await using server = await serveControl(path, operationsOf({}), memoryLog())
  assert.equal((await ask(server.path, 'status', '')).status, 200)
})

test('what stands in the way of the socket and is not one goes too', async (t) => {
  const directory = testDirectory('control-')
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'control.sock')
  writeFileSync(path, 'left by an editor')
  await using server = await serveControl(path, operationsOf({}), memoryLog())
  assert.equal((await ask(server.path, 'status', '')).status, 200)
})

test('a path that is too long for a socket says what to do', async () => {
  const path = join('/tmp', 'x'.repeat(200), 'control.sock')
  await assert.rejects(
    serveControl(path, operationsOf({}), memoryLog()),
    /is too long for a socket \(107 octets\): give node\.data/,
  )
})

test('a directory that is not there is an error, not a crash', async () => {
  const path = join(testDirectory('control-'), 'gone', 'control.sock')
  await assert.rejects(serveControl(path, operationsOf({}), memoryLog()), { code: 'EACCES' })
})

test('an operation under way ends before the server does, and the socket goes with it', async (t) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const begun = Promise.withResolvers<void>()
  const reload = (): Promise<unknown> => {
    begun.resolve()
    return promise
  }
  const { path, server } = await opened(t, { reload })
  const answer = ask(path, 'reload', '')
  await begun.promise
  const closed = server[Symbol.asyncDispose]()
  resolve({ problems: [], restart: [] })
  assert.deepEqual(await answer, { status: 200, body: { result: { problems: [], restart: [] } } })
  await closed
  assert.ok(!existsSync(path))
})
