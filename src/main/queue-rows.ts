/** Scheduled queues for people: what the store counts, joined with what the transport thread knows of them. */

import type { QueueDepth, Spool } from '#engine/spool'
import type { Remote } from '#platform/thread'
import { explainQueue } from '#product/explanation'
import type { QueueRow, QueuesQuery, QueuesView } from '#product/operation'

import type { TransportService } from './transport-thread.ts'

export type QueueParts = {
  readonly spool: Pick<Spool, 'room'>
  /** Absent when no node runs. */
  readonly running?: { readonly transport: Pick<Remote<TransportService>, 'queues'> }
  readonly now: () => number
}

/** Queues that one call asks the transport thread for: with 100,000 of them mail must not wait for the answer. */
const SLICE = 1_000

/** One answer for each of `all`, in order. */
export async function inSlices<T, R>(
  all: readonly T[],
  ask: (slice: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const answers: R[] = []
  for (let from = 0; from < all.length; from += SLICE)
    answers.push(...(await ask(all.slice(from, from + SLICE))))
  return answers
}

export function queueRows(
  { spool, running, now }: QueueParts,
  depths: readonly QueueDepth[],
): Promise<readonly QueueRow[]> {
  return inSlices(depths, async (slice) => {
    const asked = await running?.transport.queues(slice.map(({ queue }) => queue))
    return slice.map((depth, i) => {
      const queue = asked?.states[i]
      const { overview, holds } = asked ?? {}
      const node = overview && queue && { overview, queue, holds, trouble: spool.room.why }
      const reasons = explainQueue({ depth, now: now(), node })
      const { ready = 0, onWire = 0, site, paths, pool } = queue ?? {}
      return {
        ...depth,
        ready,
        onWire,
        ...(site && { site }),
        ...(paths && { paths }),
        ...(pool && { pool }),
        reasons,
      }
    })
  })
}

/** Only a search looks at every queue's site; otherwise the transport thread is asked for the rows shown. */
export async function queuesView(
  parts: QueueParts,
  depths: readonly QueueDepth[],
  { organization, match, limit, order = 'size', after }: QueuesQuery,
): Promise<QueuesView> {
  const theirs =
    organization === undefined ? depths : depths.filter(({ queue }) => queue.startsWith(`${organization}/`))
  const asked = after === undefined ? theirs : theirs.filter(({ queue }) => queue > after)
  const found = match === undefined ? asked : await search(parts, asked, match.toLowerCase())
  return {
    rows: await queueRows(parts, found.toSorted(ORDERS[order]).slice(0, limit)),
    queues: found.length,
    deliveries: found.reduce((sum, depth) => sum + unfinished(depth), 0),
  }
}

const ORDERS: {
  readonly [K in NonNullable<QueuesQuery['order']>]: (a: QueueDepth, b: QueueDepth) => number
} = {
  size: (a, b) => unfinished(b) - unfinished(a) || a.oldest - b.oldest,
  name: (a, b) => (a.queue < b.queue ? -1 : 1),
}

async function search(
  parts: QueueParts,
  depths: readonly QueueDepth[],
  text: string,
): Promise<readonly QueueDepth[]> {
  const rows = await queueRows(parts, depths)
  return rows.filter(({ queue, site }) => queue.includes(text) || site?.includes(text) === true)
}

function unfinished({ waiting, active, held }: QueueDepth): number {
  return waiting + active + held
}
