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
import { OperationError, perform } from '#product/operation'
import type { Operations } from '#product/operation'

import { readJson, REQUEST_LIMIT } from './request.ts'

/** Octets of a socket's path: `sun_path` of unix(7) has 108, the last of them NUL. */
const PATH_OCTETS = 107

/** How long operations under way may take to end when the node stops, in ms. */
const PATIENCE = 3_000

export type ControlServer = AsyncDisposable & { readonly path: string }

/**
 * Resolves when the socket listens. A stale socket of a process that died is replaced: who calls this holds the data
 * directory's lock. Requests have at most `limit` octets.
 * @throws when the path is too long for a socket, or its directory cannot be written
 */
export async function serveControl(
  path: string,
  operations: Operations,
  log: Log,
  limit = REQUEST_LIMIT,
): Promise<ControlServer> {
  if (Buffer.byteLength(path) > PATH_OCTETS)
    throw new Error(`${path} is too long for a socket (${PATH_OCTETS} octets): give node.data a shorter path`)
  rmSync(path, { force: true })
  const server = createServer(
    (request, response) => void serve(request, response, { operations, log, limit }),
  )
  await listen(server, path)
  return {
    path,
    async [Symbol.asyncDispose]() {
      await close(server)
      rmSync(path, { force: true })
    },
  }
}

/** The socket is made within `listen`, so that the mask never holds for longer than this call; no moment leaves it open. */
async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const mask = process.umask(0o077)
  try {
    server.listen(path, resolve)
  } finally {
    process.umask(mask)
  }
  await promise
  server.off('error', reject)
  chmodSync(path, 0o600)
}

/** What is under way ends first: an operator who is cut off does not know whether it was done. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const impatient = setTimeout(() => server.closeAllConnections(), PATIENCE)
  server.close(() => resolve())
  await promise
  clearTimeout(impatient)
}

type Served = { readonly operations: Operations; readonly log: Log; readonly limit: number }

/** Never rejects: whatever goes wrong is an answer. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { operations, log, limit }: Served,
): Promise<void> {
  const operation = (request.url ?? '/').slice(1)
  try {
    const argument = await readJson(request, limit)
    if (request.method !== 'POST') throw new OperationError('invalid', 'operations are called by POST')
    answer(response, 200, { result: (await perform(operations, operation, argument)) ?? null })
  } catch (error) {
    // Who hangs up before the question is complete gets no answer, and has asked nothing.
    if (!request.complete && request.destroyed) return
    const known = error instanceof OperationError
    if (!known) log.error('control.failed', { operation, cause: error })
    const message = error instanceof Error ? error.message : String(error)
    answer(response, known ? 400 : 500, { error: { code: known ? error.code : 'failed', message } })
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  // Before the head: a result that cannot be written must still become an answer.
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}
