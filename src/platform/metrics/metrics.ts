/** What every thread tells of itself. */

import { monitorEventLoopDelay } from 'node:perf_hooks'

import { gauge } from './declaration.ts'
import type { MetricsRegistry } from './registry.ts'

export const THREAD_METRICS = {
  delay: gauge({
    name: 'hikyaku_event_loop_delay_seconds',
    help: 'How late timers fired in a thread since the last scrape: the 99th percentile and the maximum.',
    labels: ['thread', 'quantile'],
    over: 'max',
  }),
}

/** Measures until disposed. */
export function watchEventLoop(registry: MetricsRegistry, thread: string): Disposable {
  const { delay } = registry.register(THREAD_METRICS)
  const [p99, most] = [delay({ thread, quantile: '0.99' }), delay({ thread, quantile: '1' })]
  const measured = monitorEventLoopDelay({ resolution: 10 })
  measured.enable()
  registry.beforeSnapshot(() => {
    // Nothing was measured yet: the histogram then says 2⁶³ − 1 nanoseconds, or not a number.
    const isEmpty = measured.count === 0
    p99.set(isEmpty ? 0 : measured.percentile(99) / 1e9)
    most.set(isEmpty ? 0 : measured.max / 1e9)
    measured.reset()
  })
  return { [Symbol.dispose]: () => void measured.disable() }
}
