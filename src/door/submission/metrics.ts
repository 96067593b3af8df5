/** What the submission door counts. */

import { counter, gauge } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

export const SUBMISSION_METRICS = {
  accepted: counter({
    name: 'hikyaku_submission_messages_accepted_total',
    help: 'Messages answered with 250 after they were stored; at an MX listener, after what they mean was.',
    labels: ['listener'],
  }),
  rejected: counter({
    name: 'hikyaku_submission_rejected_total',
    help: 'Commands, messages and connections answered with 4yz or 5yz, by the reply code.',
    labels: ['listener', 'code'],
  }),
  loginsFailed: counter({
    name: 'hikyaku_submission_logins_failed_total',
    help: 'Logins that were wrong, or refused unheard after too many that were.',
    labels: ['listener'],
  }),
  notAccepted: counter({
    name: 'hikyaku_submission_not_accepted_total',
    help: 'Connections that could not be accepted, and seconds in which none could be for want of file descriptors.',
  }),
  connections: gauge({
    name: 'hikyaku_submission_connections',
    help: 'Connections to the submission listeners that are open.',
  }),
}

export type SubmissionMetrics = {
  accepted(listener: string): void
  rejected(listener: string, code: number): void
  loginFailed(listener: string): void
  notAccepted(): void
}

/** `open` is asked before each scrape. */
export function submissionMetrics(registry: MetricsRegistry, open: () => number): SubmissionMetrics {
  const { accepted, rejected, loginsFailed, notAccepted, connections } = registry.register(SUBMISSION_METRICS)
  registry.beforeSnapshot(() => connections.set(open()))
  // For every message; the names of listeners are few, and the operator's.
  const cells = new Map<string, ReturnType<typeof accepted>>()
  return {
    accepted: (listener) => cells.getOrInsertComputed(listener, () => accepted({ listener })).add(),
    rejected: (listener, code) => rejected({ listener, code: String(code) }).add(),
    loginFailed: (listener) => loginsFailed({ listener }).add(),
    notAccepted: () => notAccepted.add(),
  }
}
