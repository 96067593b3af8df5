/** What waits in the spool in memory, by queue. */

import { timeOf } from '#grammar/message-id'

import type { MessageRow } from './engine.ts'
import type { DeliveryState } from './message.ts'
import type { QueueDepth, Totals } from './spool.ts'

type Held = {
  readonly row: MessageRow
  readonly deliveries: readonly {
    readonly queue: string
    readonly state: DeliveryState
    readonly due: number
  }[]
}

/** The queues that have something left. */
export function depths(messages: ReadonlyMap<number, Held>): readonly QueueDepth[] {
  const found = new Map<
    string,
    { queue: string; waiting: number; active: number; held: number; nextDue?: number; oldest: number }
  >()
  for (const { row, deliveries } of messages.values()) {
    for (const { queue, state, due } of deliveries) {
      if (state !== 'waiting' && state !== 'active' && state !== 'held') continue
      const depth = found.get(queue) ?? { queue, waiting: 0, active: 0, held: 0, oldest: Infinity }
      depth[state] += 1
      depth.oldest = Math.min(depth.oldest, timeOf(row[0]))
      if (state === 'waiting') depth.nextDue = Math.min(depth.nextDue ?? Infinity, due)
      found.set(queue, depth)
    }
  }
  return [...found.values()]
}

/** All queues together. */
export function totals(messages: ReadonlyMap<number, Held>): Totals {
  const sum = { waiting: 0, active: 0, held: 0 }
  for (const { waiting, active, held } of depths(messages)) {
    sum.waiting += waiting
    sum.active += active
    sum.held += held
  }
  return sum
}
