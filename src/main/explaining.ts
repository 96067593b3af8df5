/** What is known of the deliveries of a message, from the store and from memory, explained. */

import type { Place } from '#engine/queue'
import type { DeliveryState, MessageId, MessageView, QueueDepth, Spool } from '#engine/spool'
import type { Remote } from '#platform/thread'
import { explainDelivery } from '#product/explanation'
import type { DeliveryFacts } from '#product/explanation'
import type { Explained } from '#product/operation'

import { inSlices } from './queue-rows.ts'
import type { TransportService } from './transport-thread.ts'

export type ExplainingParts = {
  readonly spool: Pick<Spool, 'show' | 'depths' | 'room'>
  /** Absent when no node runs. */
  readonly running?: { readonly transport: Pick<Remote<TransportService>, 'queues' | 'places'> }
  readonly now: () => number
}

export async function explained(
  parts: ExplainingParts,
  id: MessageId,
  n: number | undefined,
): Promise<Explained | null> {
  const view = await parts.spool.show(id)
  const asked = view?.deliveries.filter(({ delivery }) => n === undefined || delivery.key.n === n) ?? []
  if (view === undefined || asked.length === 0) return null
  const nodeOf = await memory(parts, id, asked)
  const now = parts.now()
  const { message } = view
  const deliveries = asked.map(({ delivery, attempts, reports }) => {
    const node = nodeOf(delivery)
    const reasons = explainDelivery({ message, delivery, attempts, reports, now, node })
    return { delivery, ...(node && { pool: node.queue.pool }), reasons }
  })
  return { message, deliveries }
}

type Asked = MessageView['deliveries']
type NodeOf = (delivery: Asked[number]['delivery']) => DeliveryFacts['node']

/** Asks the transport thread for what is not over; nothing else is in memory. */
async function memory(
  { spool, running, now }: ExplainingParts,
  id: MessageId,
  asked: Asked,
): Promise<NodeOf> {
  if (running === undefined) return () => undefined
  const { transport } = running
  const open = asked.filter(({ delivery: { state } }) => OPEN.has(state))
  const keys = [...new Set(open.map(({ delivery }) => delivery.queue))]
  // Only what is due may be behind others of the store.
  const isDue = ({ delivery }: Asked[number]): boolean =>
    delivery.state === 'waiting' && delivery.due <= now()
  const due = new Set(open.filter(isDue).map(({ delivery }) => delivery.queue))
  const backlogs = backlogsOf(due.size === 0 ? [] : await spool.depths([...due]))
  const places = new Map<number, Place>()
  const states = await inSlices(keys, async (slice) => {
    for (const place of await transport.places(slice, id)) places.set(place.n, place)
    const answer = await transport.queues(slice)
    const { overview, holds } = answer
    return answer.states.map((queue) => ({ overview, queue, holds }))
  })
  const byQueue = new Map(states.map((state) => [state.queue.queue, state]))
  const { why: trouble } = spool.room
  return ({ key, queue }) => {
    const state = byQueue.get(queue)
    if (state === undefined) return undefined
    return { ...state, place: places.get(key.n), backlog: backlogs.get(queue), trouble }
  }
}

const OPEN: ReadonlySet<DeliveryState> = new Set(['waiting', 'active', 'held'])

function backlogsOf(depths: readonly QueueDepth[]): ReadonlyMap<string, number> {
  return new Map(depths.map(({ queue, waiting }) => [queue, waiting]))
}
