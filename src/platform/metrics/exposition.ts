/** What a scrape gets: the snapshots of all threads as one text, with those of the process itself. */

import type { Snapshot } from './registry.ts'

/** In the text format of Prometheus, version 0.0.4. */
export async function exposition(snapshots: readonly Snapshot[]): Promise<string> {
  // Only where it is scraped: commands that know a metric by name need not load what counts them all.
  const { AggregatorRegistry } = await import('prom-client')
  return await AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot])).metrics()
}

/** CPU, memory, descriptors and garbage collection of the whole process: once, in the main thread. */
export async function processMetrics(): Promise<() => Promise<Snapshot>> {
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return async () => await registry.getMetricsAsJSON()
}
