/**
 * The control socket: the operator's table of functions, over HTTP on a Unix socket in the data directory.
 *
 * `POST /<operation>` with one JSON value, answered by one JSON value. Who may open the socket may do everything:
 * it is mode 0600, and the directory 0700.
 */

import { chmodSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

import type { Log } from '#platform/log'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

/** A message to send, base64, is the largest request. */
const REQUEST_LIMIT = 64 * 1024 * 1024

export type ControlServer = AsyncDisposable & { readonly path: string }

/** Resolves when the socket listens. A stale socket of a process that died is replaced: the data lock tells them apart. */
export async function serveControl(path: string, operations: Operations, log: Log): Promise<ControlServer> {
  rmSync(path, { force: true })
  const server = createServer((request, response) => void serve(request, response, operations, log))
  await listen(server, path)
  chmodSync(path, 0o600)
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      rmSync(path, { force: true })
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  operations: Operations,
  log: Log,
): Promise<void> {
  const name = (request.url ?? '/').slice(1)
  try {
    const argument = await readJson(request)
    const found = Object.hasOwn(operations, name) ? operations[name as keyof Operations] : undefined
    if (request.method !== 'POST' || found === undefined)
      throw new OperationError('invalid', `no operation ${name}`)
    const result: unknown = await Reflect.apply(found, operations, [argument])
    answer(response, 200, { result })
  } catch (error) {
    const known = error instanceof OperationError
    if (!known) log.error('control.failed', { operation: name, cause: error })
    const message = error instanceof Error ? error.message : String(error)
    answer(response, known ? 400 : 500, { error: { code: known ? error.code : 'failed', message } })
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > REQUEST_LIMIT)
      throw new OperationError('invalid', `a request of more than ${REQUEST_LIMIT} octets`)
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch (cause) {
    throw new OperationError('invalid', 'the request is not JSON', { cause })
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}
