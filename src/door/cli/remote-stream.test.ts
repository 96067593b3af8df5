import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { testDirectory } from '../../../test/directory.ts'

import { remoteStreams } from './remote-stream.ts'

const NEVER = new AbortController().signal

async function answering(t: TestContext, answer: (response: ServerResponse, asked: string) => void) {
  const directory = testDirectory('stream-')
  const path = join(directory, 'control.sock')
  const server = createServer((request, response) => {
    let asked = `${request.method} ${request.url} `
    request.on('data', (bytes: Buffer) => (asked += bytes.toString()))
    request.on('end', () => answer(response, asked))
  })
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true })
  })
  return remoteStreams(path)
}

async function collect(values: AsyncIterable<readonly unknown[]>): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for await (const group of values) all.push(...group)
  return all
}

test('lines are values, also where a line or a character comes in two parts', async (t) => {
  const streams = await answering(t, (response, asked) => {
    assert.equal(asked, 'POST /trace {"way":"in"}')
    const bytes = Buffer.from('{"result":"飛脚"}\n{"result":2}\n')
    response.write(bytes.subarray(0, 13))
    setImmediate(() => response.end(bytes.subarray(13)))
  })
  assert.deepEqual(await collect(streams.trace({ way: 'in' }, NEVER)), ['飛脚', 2])
})

test('a refusal is thrown as the node said it, at the beginning and in the middle', async (t) => {
  const error = { error: { code: 'refused', message: 'too many' } }
  const streams = await answering(t, (response, asked) => {
    if (asked.endsWith('{"way":"in"}')) response.end(`{"result":1}\n${JSON.stringify(error)}\n`)
    else response.writeHead(400).end(`${JSON.stringify(error)}\n`)
  })
  const refused = { name: 'OperationError', code: 'refused', message: 'too many' }
  await assert.rejects(collect(streams.trace({}, NEVER)), refused)
  await assert.rejects(collect(streams.trace({ way: 'in' }, NEVER)), refused)
})

test('an aborted stream ends, whether something was said or not', async (t) => {
  const streams = await answering(t, (response, asked) => {
    response.flushHeaders()
    if (asked.endsWith('{"way":"in"}')) response.write('{"result":1}\n')
  })
  const enough = new AbortController()
  const seen: unknown[] = []
  for await (const group of streams.trace({ way: 'in' }, enough.signal)) {
    seen.push(...group)
    enough.abort()
  }
  assert.deepEqual(seen, [1])
  assert.deepEqual(await collect(streams.trace({}, AbortSignal.timeout(20))), [])
})

test('a node that is killed is an error, and one that does not run is not-running', async (t) => {
  const streams = await answering(t, (response) => {
    response.write('{"result":1}\n', () => response.socket?.destroy())
  })
  await assert.rejects(collect(streams.trace({}, NEVER)), { message: 'the node ended without saying so' })
  const nobody = remoteStreams(join(testDirectory('stream-'), 'control.sock'))
  await assert.rejects(collect(nobody.trace({}, NEVER)), { name: 'OperationError', code: 'not-running' })
})
