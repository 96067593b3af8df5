/** What shaping counts. */

import type { Action } from '#engine/rule'
import { counter, gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

import type { Live } from './live.ts'
import type { WarmUpState } from './state.ts'

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
  warmUpStep: gauge({
    name: 'hikyaku_warm_up_step',
    help: 'The step of the warm-up of a source at a group of receivers, from 1; 0 when it is over.',
    labels: ['source', 'provider'],
  }),
  warmUpFull: counter({
    name: 'hikyaku_warm_up_full_total',
    help: 'Days on which a source has sent what its warm-up allows at a group of receivers.',
    labels: ['source', 'provider'],
  }),
}

export type ShapingMetrics = {
  reaction(does: Action, event: 'started' | 'renewed' | 'ended' | 'cancelled' | 'extended'): void
  delivery(outcome: 'deferred' | 'bounced'): void
  warmUpFull(source: string, provider: string): void
}

const LASTING = ['suspend', 'slow', 'one-connection', 'reroute', 'pause-stream', 'hold-campaign'] as const

/** What is looked at before each scrape. */
type Looked = { readonly live: () => readonly Live[]; readonly warmUps: () => readonly WarmUpState[] }

export function shapingMetrics(registry: MetricsRegistry, { live, warmUps }: Looked): ShapingMetrics {
  const metrics = registry.register(SHAPING_METRICS)
  registry.beforeSnapshot(() => {
    const all = live()
    for (const does of LASTING) metrics.live({ does }).set(all.filter(({ act }) => act.do === does).length)
    for (const { source, provider, step = 0 } of warmUps()) metrics.warmUpStep({ source, provider }).set(step)
  })
  return {
    reaction: (does, event) => metrics.reactions({ does, event }).add(),
    delivery: (outcome) => metrics.deliveries({ outcome }).add(),
    warmUpFull: (source, provider) => metrics.warmUpFull({ source, provider }).add(),
  }
}
