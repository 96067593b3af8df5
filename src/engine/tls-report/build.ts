/** From what was counted on one day for one domain to its report. RFC 8460 §4 */

import type { TlsReport, TlsReportDetail, TlsReportPolicy } from '#grammar/report'

import type { Counted } from './tally.ts'

export type Reporter = {
  readonly organization: string
  readonly contact: string
}

const DAY = 86_400_000

/** Details of one policy; what is beyond is still in its count of failures. */
const MOST_DETAILS = 1_000

/** `counted` is all of one day and one domain; at least one. */
export function buildReport(id: string, counted: readonly Counted[], reporter: Reporter): TlsReport {
  const from = Date.parse(`${counted[0]?.day ?? ''}T00:00:00Z`)
  const policies = Map.groupBy(counted, ({ policy }) => JSON.stringify(policy))
  return {
    ...reporter,
    id,
    from,
    // RFC 8460 §4.1: a whole day in UTC, its last second included.
    until: from + DAY - 1000,
    policies: [...policies.values()].map(policyOf),
  }
}

function policyOf(counted: readonly Counted[]): TlsReportPolicy {
  const failed = counted.filter(({ result }) => result !== 'successful')
  const { type = 'no-policy-found', domain = '', strings = [], mx = [] } = counted[0]?.policy ?? {}
  const failures = sum(failed)
  return {
    type,
    domain,
    strings,
    mx,
    successes: sum(counted) - failures,
    failures,
    details: failed
      .toSorted((a, b) => b.count - a.count)
      .slice(0, MOST_DETAILS)
      .map(detailOf),
  }
}

function sum(of: readonly Counted[]): number {
  return of.reduce((total, { count }) => total + count, 0)
}

function detailOf({ result, count, from, host, address, text }: Counted): TlsReportDetail {
  return {
    result,
    count,
    ...(from !== '' && { sendingAddress: from }),
    ...(host !== '' && { receivingHost: host }),
    ...(address !== '' && { receivingAddress: address }),
    ...(text !== '' && { reason: text }),
  }
}
