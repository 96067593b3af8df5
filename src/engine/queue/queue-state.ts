/** What an operator sees of the queue: one scheduled queue, the deliveries of a message in it, and what holds for all. */

import type { Path, PathState } from '#engine/egress'
import type { MessageId } from '#engine/spool'

import type { Destination, ScheduledQueue } from './scheduled-queue.ts'

export type QueueState = {
  readonly queue: string
  /** In memory: waiting for a path, and on the wire. */
  readonly ready: number
  readonly onWire: number
  /** Why no more of it is taken into memory: its own window, or that of all. Absent while there is room. */
  readonly full?: 'queue' | 'all'
  /** The pool whose sources may take its mail. */
  readonly pool: string
  /** Its route is being asked for. */
  readonly routing: boolean
  /** Absent until a route was found. */
  readonly site?: string
  readonly paths?: readonly PathState[]
}

/** What holds for all scheduled queues of the thread. */
export type QueueOverview = {
  /** `unhealthy`: outcomes cannot be recorded, so nothing is begun. */
  readonly gate: 'open' | 'stopping' | 'unhealthy'
  /** Deliveries in memory at most: of one queue, and of all. */
  readonly window: number
  readonly windowTotal: number
  /** Milliseconds from each failed attempt to the next; the last repeats. */
  readonly retry: readonly number[]
}

/** Where in memory one delivery is. */
export type Place =
  | { readonly n: number; readonly at: 'on-wire' }
  /** `ahead` others of its queue go before it. */
  | { readonly n: number; readonly at: 'ready'; readonly ahead: number }

export function stateOf(
  queue: ScheduledQueue,
  full: 'queue' | 'all' | undefined,
  site: Destination | undefined,
): Omit<QueueState, 'pool'> {
  const { key, stream, waitingHere, onWire, routing } = queue
  return {
    queue: key,
    ready: waitingHere,
    onWire: onWire.size,
    routing,
    ...(full === undefined ? {} : { full }),
    ...(site === undefined ? {} : { site: site.name, paths: statesOf(site.pathsOf(stream)) }),
  }
}

/** Where one keeps its share to itself, the others take nothing either, and it alone says why. */
function statesOf(paths: readonly Path[]): readonly PathState[] {
  const keeping = paths.filter((path) => path.keepsShare)
  return (keeping.length > 0 ? keeping : paths).map((path) => path.describe())
}

/** Of the deliveries of `message` that `queue` has in memory. One pass over its window. */
export function placesOf(queue: ScheduledQueue, message: MessageId): readonly Place[] {
  const places: Place[] = []
  for (const { claimed } of queue.onWire) {
    const { key } = claimed.delivery
    if (key.message === message) places.push({ n: key.n, at: 'on-wire' })
  }
  let ahead = 0
  for (const band of queue.ready) {
    for (const { claimed } of band) {
      const { key } = claimed.delivery
      if (key.message === message) places.push({ n: key.n, at: 'ready', ahead })
      ahead += 1
    }
  }
  return places
}
