/** The body of a request: one JSON value, of bounded size. */

import type { IncomingMessage } from 'node:http'

import { OperationError } from '#product/operation'

const MIB = 1024 * 1024

/** A message to send, in base64, is the largest request: 48 MiB of it. */
export const REQUEST_LIMIT = 64 * MIB

/**
 * `undefined` for an empty body. A larger one than allowed is read to its end all the same, and dropped: who is cut off
 * while still writing never reads the answer. @throws {OperationError} `invalid`
 */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) chunks.length = 0
    else chunks.push(chunk)
  }
  if (size > limit)
    throw new OperationError('invalid', `a request of more than ${Math.floor(limit / MIB)} MiB`)
  return size === 0 ? undefined : parse(Buffer.concat(chunks).toString())
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new OperationError('invalid', 'the request is not JSON', { cause })
  }
}
