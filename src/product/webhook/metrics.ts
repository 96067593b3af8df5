/** What the dispatcher counts. */

import { counter } from '#platform/metrics'

export const WEBHOOK_METRICS = {
  requests: counter({
    name: 'hikyaku_webhook_requests_total',
    help: 'Requests to webhooks, by what came of them: ok, refused (an answer other than 2xx), failed (no answer).',
    labels: ['result'],
  }),
  events: counter({
    name: 'hikyaku_webhook_events_total',
    help: 'Events that webhooks have taken.',
  }),
  paused: counter({
    name: 'hikyaku_webhook_given_up_total',
    help: 'Webhooks that were paused because their receiver took nothing for too long.',
  }),
}
