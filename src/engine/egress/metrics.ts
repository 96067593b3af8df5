/** What egress counts. */

import { counter, gauge, histogram, SECONDS } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

import type { Tried } from './job.ts'
import type { PathState } from './path-state.ts'

export const EGRESS_METRICS = {
  attempts: counter({
    name: 'hikyaku_egress_attempts_total',
    help: 'Recipients tried over a connection, by outcome and by the stage that decided it.',
    labels: ['outcome', 'stage'],
  }),
  duration: histogram({
    name: 'hikyaku_egress_job_seconds',
    help: 'From taking a message for a connection to its last reply.',
    buckets: SECONDS,
  }),
  opened: counter({
    name: 'hikyaku_egress_connections_opened_total',
    help: 'Connections whose peer let us in, by what TLS was worth: none, unverified, verified.',
    labels: ['tls'],
  }),
  opening: histogram({
    name: 'hikyaku_egress_opening_seconds',
    help: 'From the first address tried to a peer that takes mail.',
    buckets: SECONDS,
  }),
  failed: counter({
    name: 'hikyaku_egress_connections_failed_total',
    help: 'Connections that could not be had from any host of the site, by the stage that decided it.',
    labels: ['stage'],
  }),
  connections: gauge({
    name: 'hikyaku_egress_connections',
    help: 'Connections by what they do: opening, busy, idle, closing.',
    labels: ['state'],
  }),
  paths: gauge({
    name: 'hikyaku_egress_paths',
    help: 'Paths, by what holds their next transaction.',
    labels: ['hold'],
  }),
}

export type EgressMetrics = {
  tried(tried: readonly Tried[]): void
  opened(tls: 'none' | 'unverified' | 'verified', milliseconds: number): void
  failed(stage: string): void
}

export function egressMetrics(registry: MetricsRegistry): EgressMetrics {
  const { attempts, duration, opened, opening, failed } = registry.register(EGRESS_METRICS)
  return {
    tried(tried) {
      duration.observe((tried[0]?.duration ?? 0) / 1000)
      for (const { outcome, stage } of tried) attempts({ outcome, stage }).add()
    },
    opened(tls, milliseconds) {
      opened({ tls }).add()
      opening.observe(milliseconds / 1000)
    },
    failed: (stage) => failed({ stage }).add(),
  }
}

const HOLDS = [
  'open',
  'connecting',
  'full',
  'single',
  'opening-paced',
  'refused-more',
  'paced',
  'slowed',
  'warming',
  'suspended',
  'down',
  'closing',
] as const satisfies readonly PathState['hold']['at'][]

/** Sets the gauges from `describe` before each scrape. */
export function egressGauges(registry: MetricsRegistry, describe: () => readonly PathState[]): void {
  const { connections, paths } = registry.register(EGRESS_METRICS)
  registry.beforeSnapshot(() => {
    const all = describe()
    const sum = (of: (path: PathState) => number): number => all.reduce((total, path) => total + of(path), 0)
    connections({ state: 'opening' }).set(sum((path) => path.opening))
    connections({ state: 'busy' }).set(sum((path) => path.busy))
    connections({ state: 'idle' }).set(sum((path) => path.idle))
    connections({ state: 'closing' }).set(sum(closing))
    for (const hold of HOLDS) paths({ hold }).set(sum((path) => (path.hold.at === hold ? 1 : 0)))
  })
}

function closing({ connections, opening, busy, idle }: PathState): number {
  return connections - opening - busy - idle
}
