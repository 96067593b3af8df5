/** Scheduled queues for people: what the store counts, joined with what the transport thread knows of them. */

import type { QueueState } from '#engine/queue'
import type { QueueDepth } from '#engine/spool'
import type { Remote } from '#platform/thread'
import type { QueueRow, QueuesQuery, QueuesView } from '#product/operation'

import type { TransportService } from './transport-thread.ts'

/** Queues that one call asks the transport thread for: with 100,000 of them mail must not wait for the answer. */
const SLICE = 1_000

type Transport = Pick<Remote<TransportService>, 'queues'> | undefined

export async function queueRows(
  transport: Transport,
  depths: readonly QueueDepth[],
): Promise<readonly QueueRow[]> {
  const rows: QueueRow[] = []
  for (let from = 0; from < depths.length; from += SLICE) {
    const slice = depths.slice(from, from + SLICE)
    const states = (await transport?.queues(slice.map(({ queue }) => queue))) ?? []
    rows.push(...slice.map((depth, i) => ({ ...depth, ...(states[i] ?? idle(depth.queue)) })))
  }
  return rows
}

/** Only a search looks at every queue's site; otherwise the transport thread is asked for the rows shown. */
export async function queuesView(
  transport: Transport,
  depths: readonly QueueDepth[],
  { match, limit }: QueuesQuery,
): Promise<QueuesView> {
  const found = match === undefined ? depths : await search(transport, depths, match.toLowerCase())
  const largest = found.toSorted((a, b) => unfinished(b) - unfinished(a) || a.oldest - b.oldest)
  return {
    rows: await queueRows(transport, largest.slice(0, limit)),
    queues: found.length,
    deliveries: found.reduce((sum, depth) => sum + unfinished(depth), 0),
  }
}

async function search(
  transport: Transport,
  depths: readonly QueueDepth[],
  text: string,
): Promise<readonly QueueDepth[]> {
  const rows = await queueRows(transport, depths)
  return rows.filter(({ queue, site }) => queue.includes(text) || site?.includes(text) === true)
}

function unfinished({ waiting, active, held }: QueueDepth): number {
  return waiting + active + held
}

function idle(queue: string): QueueState {
  return { queue, ready: 0, onWire: 0 }
}
