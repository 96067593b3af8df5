/** What this room tells of its certificate. */

import { gauge } from '#platform/metrics'

export const CERTIFICATE_METRICS = {
  expires: gauge({
    name: 'hikyaku_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of the listeners expires, in seconds since the epoch.',
    over: 'min',
  }),
}
