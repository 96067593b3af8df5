/** What the watch tells a scrape. */

import { gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

import type { Standing } from './watch.ts'

export const REPUTATION_METRICS = {
  standing: gauge({
    name: 'hikyaku_reputation_bad',
    help: 'Block lists that name an address of ours, and PTR records that do not lead back; by source.',
    labels: ['source'],
  }),
}

/** Sets the gauge from `standings` before each scrape; a source all of whose addresses are good has 0. */
export function reputationGauges(registry: MetricsRegistry, standings: () => readonly Standing[]): void {
  const { standing: bad } = registry.register(REPUTATION_METRICS)
  registry.beforeSnapshot(() => {
    for (const [source, all] of Map.groupBy(standings(), (one) => one.source))
      bad({ source }).set(all.filter(({ state }) => state === 'bad').length)
  })
}
