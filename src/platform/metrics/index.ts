export { counter, gauge, histogram, SECONDS } from './declaration.ts'
export type {
  AnyDeclaration,
  CounterDeclaration,
  GaugeDeclaration,
  HistogramDeclaration,
} from './declaration.ts'
export { exposition, processMetrics } from './exposition.ts'
export { watchEventLoop } from './metrics.ts'
export { MetricsRegistry } from './registry.ts'
export type { Cell, GaugeCell, Handle, Handles, HistogramCell, Labels, Snapshot } from './registry.ts'
