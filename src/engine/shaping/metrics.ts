/** What shaping counts. */

import type { Action } from '#engine/rule'
import { counter, gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

import type { Live } from './live.ts'

export const SHAPING_METRICS = {
  reactions: counter({
    name: 'hikyaku_shaping_reactions_total',
    help: 'What replies have set off, by what it does, and whether it was started, renewed, ended, cancelled or extended.',
    labels: ['does', 'event'],
  }),
  live: gauge({
    name: 'hikyaku_shaping_reactions',
    help: 'Reactions that have set in and not ended, by what they do.',
    labels: ['does'],
  }),
  deliveries: counter({
    name: 'hikyaku_shaping_deliveries_total',
    help: 'Deliveries whose outcome a rule decided otherwise than the code of the reply did.',
    labels: ['outcome'],
  }),
}

export type ShapingMetrics = {
  reaction(does: Action, event: 'started' | 'renewed' | 'ended' | 'cancelled' | 'extended'): void
  delivery(outcome: 'deferred' | 'bounced'): void
}

const LASTING = ['suspend', 'slow', 'one-connection', 'reroute', 'pause-stream'] as const

/** Sets the gauge from `live` before each scrape. */
export function shapingMetrics(registry: MetricsRegistry, live: () => readonly Live[]): ShapingMetrics {
  const metrics = registry.register(SHAPING_METRICS)
  registry.beforeSnapshot(() => {
    const all = live()
    for (const does of LASTING) metrics.live({ does }).set(all.filter(({ act }) => act.do === does).length)
  })
  return {
    reaction: (does, event) => metrics.reactions({ does, event }).add(),
    delivery: (outcome) => metrics.deliveries({ outcome }).add(),
  }
}
