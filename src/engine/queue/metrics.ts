/** What the queue counts. */

import type { Settlement } from '#engine/spool'
import { counter, gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

export const QUEUE_METRICS = {
  attempts: counter({
    name: 'hikyaku_queue_outcomes_total',
    help: 'Attempts and decisions written down, by what became of the delivery.',
    labels: ['state'],
  }),
  refusals: counter({
    name: 'hikyaku_queue_refusals_total',
    help: 'Attempts that did not deliver, by why: the classes of docs/bounces.md.',
    labels: ['class'],
  }),
  notices: counter({
    name: 'hikyaku_queue_notices_total',
    help: 'Delivery status notifications stored for sending, withheld by the hourly limit, or lost.',
    labels: ['result'],
  }),
  inMemory: gauge({
    name: 'hikyaku_queue_in_memory',
    help: 'Deliveries in memory: ready for a path, being committed, or on the wire.',
  }),
  onWire: gauge({ name: 'hikyaku_queue_on_wire', help: 'Deliveries whose transaction is under way.' }),
}

export type QueueMetrics = {
  ended(state: Settlement['state']): void
  refused(why: string): void
  notice(result: 'sent' | 'withheld' | 'lost'): void
}

export function queueMetrics(registry: MetricsRegistry): QueueMetrics {
  const { attempts, refusals, notices } = registry.register(QUEUE_METRICS)
  return {
    ended: (state) => attempts({ state }).add(),
    refused: (why) => refusals({ class: why }).add(),
    notice: (result) => notices({ result }).add(),
  }
}

/** Sets the gauges from `counts` before each scrape. */
export function queueGauges(
  registry: MetricsRegistry,
  counts: () => { readonly inMemory: number; readonly onWire: number },
): void {
  const { inMemory, onWire } = registry.register(QUEUE_METRICS)
  registry.beforeSnapshot(() => {
    const now = counts()
    inMemory.set(now.inMemory)
    onWire.set(now.onWire)
  })
}
