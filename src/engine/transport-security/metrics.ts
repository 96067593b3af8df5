/** What this room counts. */

import { counter } from '#platform/metrics'

export const STS_METRICS = {
  fetches: counter({
    name: 'hikyaku_mta_sts_fetches_total',
    help: 'MTA-STS policies asked for, by what came of it: ok, or what a TLS report calls the failure.',
    labels: ['result'],
  }),
}
