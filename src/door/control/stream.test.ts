import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { memoryLog } from '#platform/log'
import { OPERATION_NAMES, OperationError } from '#product/operation'
import type { Operations, Streams } from '#product/operation'

import { testDirectory } from '../../../test/directory.ts'

import { serveControl } from './server.ts'

async function opened(
  t: TestContext,
  trace: (query: unknown, signal: AbortSignal) => AsyncIterable<unknown>,
) {
  const directory = testDirectory('control-')
  const log = memoryLog()
  const operations = Object.fromEntries(
    OPERATION_NAMES.map((name) => [name, () => Promise.resolve(name)] as const),
  ) as unknown as Operations
  const streams = { trace } as unknown as Streams
  const server = await serveControl(join(directory, 'control.sock'), { ...operations, streams }, log)
  t.after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  })
  const ask = async (query: unknown): Promise<IncomingMessage> => {
    const asked = request({ socketPath: server.path, path: '/trace', method: 'POST', agent: false })
    asked.end(JSON.stringify(query))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return response.setEncoding('utf8')
  }
  return { ask, log, server }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response) text += String(part)
  return text
}

test('each value is a line, as it comes, and the query is checked before anything is begun', async (t) => {
  const queries: unknown[] = []
  const { ask } = await opened(t, async function* (query) {
    queries.push(query)
    yield [{ line: 'one\n' }, { line: 'two' }]
    yield [{ line: 'three' }]
  })
  const response = await ask({ way: 'in', domain: 'EXAMPLE.com' })
  assert.deepEqual([response.statusCode, response.headers['content-type']], [200, 'application/x-ndjson'])
  const lines = [
    '{"result":{"line":"one\\n"}}',
    '{"result":{"line":"two"}}',
    '{"result":{"line":"three"}}',
    '',
  ]
  assert.equal(await textOf(response), lines.join('\n'))
  assert.deepEqual(queries, [{ way: 'in', domain: 'example.com' }])
  for (const query of [{ way: 'sideways' }, { client: '192.0.2.0/33' }, { message: 7 }, { more: 1 }]) {
    const refused = await ask(query)
    assert.equal(refused.statusCode, 400)
    assert.match(await textOf(refused), /^\{"error":\{"code":"invalid","message":"trace: /)
  }
  assert.equal(queries.length, 1)
})

test('a failure is the last line: what is foreseen with its code, the rest logged', async (t) => {
  let why: Error = new OperationError('refused', 'too many')
  const { ask, log } = await opened(t, async function* () {
    yield [1]
    throw why
  })
  const refused = await textOf(await ask({}))
  assert.equal(refused, '{"result":1}\n{"error":{"code":"refused","message":"too many"}}\n')
  assert.deepEqual(log.lines, [])
  why = new TypeError('a mistake')
  assert.match(await textOf(await ask({})), /"error":\{"code":"failed","message":"a mistake"\}/)
  assert.deepEqual(
    log.lines.map(({ event, fields }) => [event, fields['operation']]),
    [['control.failed', 'trace']],
  )
})

/** A stream that says one thing and then nothing, until its signal ends it. */
function quiet(ended: () => void) {
  return async function* (_query: unknown, signal: AbortSignal) {
    yield ['begun']
    if (!signal.aborted) await once(signal, 'abort')
    ended()
  }
}

test('who hangs up ends the stream', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { ask } = await opened(t, quiet(resolve))
  const response = await ask({})
  await once(response, 'data')
  response.destroy()
  await promise
})

test('a server that stops ends its streams in good order, and at once', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { ask, server } = await opened(t, quiet(resolve))
  const response = await ask({})
  await once(response, 'data')
  const rest = textOf(response)
  await server[Symbol.asyncDispose]()
  await promise
  assert.equal(await rest, '')
  assert.ok(response.complete)
})

test('a reader that does not read is not asked for more', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let asked = 0
  const { ask } = await opened(t, async function* (_query, signal) {
    while (!signal.aborted) {
      asked += 1
      yield ['x'.repeat(256 * 1024)]
    }
    resolve()
  })
  const response = await ask({})
  response.pause()
  let seen = -1
  // The buffers of both sides are full when nothing more is asked for.
  for (let still = 0; still < 20; still = asked === seen ? still + 1 : 0) {
    seen = asked
    await new Promise((turn) => setImmediate(turn))
  }
  assert.ok(asked < 100, `${asked}`)
  response.destroy()
  await promise
})
