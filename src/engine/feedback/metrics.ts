/** What came back to the addresses of ours. */

import { counter } from '#platform/metrics'
import type { MetricsRegistry } from '#platform/metrics'

export const FEEDBACK_METRICS = {
  received: counter({
    name: 'hikyaku_feedback_received_total',
    help: 'Messages to return paths and other addresses of ours, by what they were: bounce, complaint, auto-reply, report and others; repeated: said before; forgotten: the record of the delivery is gone.',
    labels: ['kind'],
  }),
  bounces: counter({
    name: 'hikyaku_feedback_bounces_total',
    help: 'Bounces that came after the host had taken the message, by why: the classes of docs/bounces.md.',
    labels: ['class'],
  }),
}

export type FeedbackMetrics = { received(kind: string): void; bounced(why: string): void }

export function feedbackMetrics(registry: MetricsRegistry): FeedbackMetrics {
  const { received, bounces } = registry.register(FEEDBACK_METRICS)
  return {
    received: (kind) => received({ kind }).add(),
    bounced: (why) => bounces({ class: why }).add(),
  }
}
