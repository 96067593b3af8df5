/** What is counted of opens, clicks and wishes. */

import { counter } from '#platform/metrics'

export const TRACKING_METRICS = {
  told: counter({
    name: 'hikyaku_tracking_events_total',
    help: 'Opens and clicks that were told as events, by who seems to have done it: human, proxy, machine.',
    labels: ['kind', 'class'],
  }),
  dropped: counter({
    name: 'hikyaku_tracking_dropped_total',
    help: 'Opens and clicks that were answered and not told: too many of one delivery, too many at once, or the store could not keep them.',
    labels: ['why'],
  }),
  wishes: counter({
    name: 'hikyaku_tracking_wishes_total',
    help: 'What recipients asked for over HTTPS: one-click, stream, all, again.',
    labels: ['wish'],
  }),
}
