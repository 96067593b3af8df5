/** What goes on and on: one line of JSON for each value, as it comes, until nobody reads or the node stops. */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** A failure that has an answer, as the operations' have. */
export type Failed = (error: unknown) => {
  readonly error: { readonly code: string; readonly message: string }
}

/** Resolves when it is over. Never rejects: a failure is the last line. */
export async function sendStream(
  response: ServerResponse,
  groups: AsyncIterable<readonly unknown[]>,
  failed: Failed,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // Who follows wants to know that there is somebody, before there is something to say.
  response.flushHeaders()
  try {
    for await (const group of groups) {
      if (response.destroyed) break
      const isTaken = response.write(group.map((value) => line({ result: value })).join(''))
      // Nothing more is asked for before this was read: what is slow here fills no memory.
      if (!isTaken) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  } catch (error) {
    response.write(line(failed(error)))
  }
  response.end()
}

/** Aborted when the response cannot be written any more, or with `stopping`. */
export function untilClosed(response: ServerResponse, stopping: AbortSignal): AbortSignal {
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  return AbortSignal.any([closed.signal, stopping])
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
