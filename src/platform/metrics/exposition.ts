/** What a scrape gets: the snapshots of all threads as one text, with those of the process itself. */

import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'

import type { Snapshot } from './registry.ts'

/** In the text format of Prometheus, version 0.0.4. */
export function exposition(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot])).metrics()
}

/** CPU, memory, descriptors and garbage collection of the whole process: once, in the main thread. */
export function processMetrics(): () => Promise<Snapshot> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return async () => await registry.getMetricsAsJSON()
}
