/** What this room counts. */

import { counter } from '#platform/metrics'

export const TLS_REPORT_METRICS = {
  sessions: counter({
    name: 'hikyaku_tls_sessions_total',
    help: 'Sessions with receivers as TLS reports count them, by policy (tlsa, sts, no-policy-found) and result.',
    labels: ['policy', 'result'],
  }),
  reports: counter({
    name: 'hikyaku_tls_reports_total',
    help: 'Reports about TLS, by what became of them: sent, failed.',
    labels: ['result'],
  }),
}
