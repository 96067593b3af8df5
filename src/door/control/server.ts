/**
 * The control socket: the operator's table of functions, over HTTP on a Unix socket in the data directory.
 *
 * `POST /<operation>` with one JSON value, answered by one JSON value, or by one a line where it goes on and on. Who may open the socket may do everything:
 * it is mode 0600, and the directory 0700.
 */

import { chmodSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

import type { Log } from '#platform/log'
import { follow, isStream, OperationError, perform } from '#product/operation'
import type { Operations, Streams } from '#product/operation'

import { readJson, REQUEST_LIMIT } from './request.ts'
import { sendStream, untilClosed } from './stream.ts'

/** Octets of a socket's path: `sun_path` of unix(7) has 108, the last of them NUL. */
const PATH_OCTETS = 107

/** How long operations under way may take to end when the node stops, in ms. */
const PATIENCE = 3_000

/** What is offered: streams only by a node that runs. */
export type Offered = Operations & { readonly streams?: Streams }

export type ControlServer = AsyncDisposable & { readonly path: string }

/**
 * Resolves when the socket listens. A stale socket of a process that died is replaced: who calls this holds the data
 * directory's lock. Requests have at most `limit` octets.
 * @throws when the path is too long for a socket, or its directory cannot be written
 */
export async function serveControl(
  path: string,
  operations: Offered,
  log: Log,
  limit = REQUEST_LIMIT,
): Promise<ControlServer> {
  if (Buffer.byteLength(path) > PATH_OCTETS)
    throw new Error(`${path} is too long for a socket (${PATH_OCTETS} octets): give node.data a shorter path`)
  rmSync(path, { force: true })
  const stopping = new AbortController()
  const served = { operations, log, limit, stopping: stopping.signal }
  const server = createServer((request, response) => void serve(request, response, served))
  await listen(server, path)
  return {
    path,
    async [Symbol.asyncDispose]() {
      stopping.abort()
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

type Served = {
  readonly operations: Offered
  readonly log: Log
  readonly limit: number
  readonly stopping: AbortSignal
}

/** Never rejects: whatever goes wrong is an answer. */
async function serve(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const operation = (request.url ?? '/').slice(1)
  const { operations, limit, stopping } = served
  const failed = (error: unknown): Failure => failureOf(error, operation, served)
  try {
    const argument = await readJson(request, limit)
    if (request.method !== 'POST') throw new OperationError('invalid', 'operations are called by POST')
    if (operations.streams !== undefined && isStream(operation)) {
      const groups = follow(operations.streams, operation, argument, untilClosed(response, stopping))
      return await sendStream(response, groups, failed)
    }
    answer(response, 200, { result: (await perform(operations, operation, argument)) ?? null })
  } catch (error) {
    // Who hangs up before the question is complete gets no answer, and has asked nothing.
    if (!request.complete && request.destroyed) return
    answer(response, error instanceof OperationError ? 400 : 500, failed(error))
  }
}

type Failure = { readonly error: { readonly code: string; readonly message: string } }

/** What was foreseen is told to who asked; everything else is for the log as well. */
function failureOf(error: unknown, operation: string, { log }: Served): Failure {
  const known = error instanceof OperationError
  if (!known) log.error('control.failed', { operation, cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return { error: { code: known ? error.code : 'failed', message } }
}

function answer(response: ServerResponse, status: number, body: object): void {
  // Before the head: a result that cannot be written must still become an answer.
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}
