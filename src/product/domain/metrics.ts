/** What is counted of looks into the DNS of domains. */

import { counter } from '#platform/metrics'

export const DOMAIN_METRICS = {
  looks: counter({
    name: 'hikyaku_domain_looks_total',
    help: 'Looks into the DNS of domains that mail is sent from.',
  }),
  changes: counter({
    name: 'hikyaku_domain_changes_total',
    help: 'What such looks changed of a domain: verified, lost (to another organization), refused, broken, recovered.',
    labels: ['change'],
  }),
}
