/** What the watch tells a scrape. */

import { gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

import type { Alert } from './alert.ts'
import { MEASURES, shareOf } from './tally.ts'
import type { Tally } from './tally.ts'
import type { Standing } from './watch.ts'

export const REPUTATION_METRICS = {
  standing: gauge({
    name: 'hikyaku_reputation_bad',
    help: 'Block lists that name an address of ours, and PTR records that do not lead back; by source.',
    labels: ['source'],
  }),
}

export const RATE_METRICS = {
  rate: gauge({
    name: 'hikyaku_source_rate',
    help: 'The share of the last day’s mail of a source at a group of receivers that was complained of, refused for reputation, bounced hard or deferred.',
    labels: ['source', 'provider', 'rate'],
  }),
  alert: gauge({
    name: 'hikyaku_source_rate_alert',
    help: 'Whether such a rate is too high: 0 it is not, 1 warn, 2 bad.',
    labels: ['source', 'provider', 'rate'],
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

/** What is looked at before each scrape. */
type Rated = { readonly tallies: readonly Tally[]; readonly alerts: readonly Alert[] }

/** Sets the gauges from `watch` before each scrape; what is counted no more has 0. */
export function rateGauges(registry: MetricsRegistry, watch: Rated): void {
  const { rate, alert } = registry.register(RATE_METRICS)
  const seen = new Map<string, Labels>()
  registry.beforeSnapshot(() => {
    for (const labels of seen.values()) {
      rate(labels).set(0)
      alert(labels).set(0)
    }
    for (const tally of watch.tallies) {
      for (const measure of MEASURES) {
        const { bad, of } = shareOf(tally, measure)
        rate(labelled(seen, tally, measure)).set(of === 0 ? 0 : bad / of)
      }
    }
    for (const { level, measure, ...where } of watch.alerts)
      alert(labelled(seen, where, measure)).set(level === 'bad' ? 2 : 1)
  })
}

type Labels = { readonly source: string; readonly provider: string; readonly rate: string }

function labelled(
  seen: Map<string, Labels>,
  { source, provider }: Pick<Tally, 'source' | 'provider'>,
  rate: string,
): Labels {
  return seen.getOrInsertComputed(`${source}\0${provider}\0${rate}`, () => ({ source, provider, rate }))
}
