/** What can be followed on a running node, read from its control socket line by line. */

import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'

import type { Streams } from '#product/operation'

import { explain, resultOf } from './remote.ts'

/**
 * A stream ends when the node ends it and when `signal` is aborted; it throws OperationError as the node did, with
 * `not-running` when nobody listens on the socket.
 */
export function remoteStreams(socketPath: string): Streams {
  // The node promises of each line that it is what its type says.
  const open = (name: string) => (query: unknown, signal: AbortSignal) =>
    lines(socketPath, name, query, signal)
  return { trace: open('trace') as Streams['trace'] }
}

async function* lines(
  socketPath: string,
  name: string,
  query: unknown,
  signal: AbortSignal,
): AsyncGenerator<readonly unknown[]> {
  try {
    const response = await post(socketPath, name, query, signal)
    let rest = ''
    for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      if (parts.length > 0) yield parts.map(resultOf)
    }
  } catch (cause) {
    if (signal.aborted) return
    throw cause instanceof Error && 'code' in cause ? why(socketPath, cause) : cause
  }
}

function why(socketPath: string, cause: Error & { readonly code: unknown }): Error {
  if (cause.code === 'ECONNRESET') return new Error('the node ended without saying so', { cause })
  return explain(socketPath, undefined, cause)
}

function post(
  socketPath: string,
  name: string,
  query: unknown,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request({ socketPath, path: `/${name}`, method: 'POST', signal, agent: false }, resolve)
  asked.on('error', reject)
  asked.end(JSON.stringify(query))
  return promise
}
