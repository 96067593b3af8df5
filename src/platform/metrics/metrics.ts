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

/** Milliseconds between two looks at the clock. */
const RESOLUTION = 10

/** Measures until disposed. */
export function watchEventLoop(registry: MetricsRegistry, thread: string): Disposable {
  const { delay } = registry.register(THREAD_METRICS)
  const [p99, most] = [delay({ thread, quantile: '0.99' }), delay({ thread, quantile: '1' })]
  const measured = monitorEventLoopDelay({ resolution: RESOLUTION })
  measured.enable()
  registry.beforeSnapshot(() => {
    // Before the first look the histogram holds nonsense, not nothing.
    p99.set(measured.count === 0 ? 0 : lateness(measured.percentile(99)))
    most.set(measured.count === 0 ? 0 : lateness(measured.max))
    measured.reset()
  })
  return { [Symbol.dispose]: () => void measured.disable() }
}

/** Seconds, from the nanoseconds between two looks: without the time that was meant to pass between them. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000)
}
