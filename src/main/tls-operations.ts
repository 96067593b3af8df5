/** What an operator sees of TLS with receivers: policies, broken hosts, reports. */

import { openBrokenTlsStore } from '#engine/egress'
import { openTlsReportStore } from '#engine/tls-report'
import type { StoredReport } from '#engine/tls-report'
import { openStsStore } from '#engine/transport-security'
import { parseStsPolicy } from '#grammar/mta-sts'
import { readTlsReport } from '#grammar/report'
import type { TlsReport } from '#grammar/report'
import type { Config } from '#platform/config'
import type { Control } from '#platform/store'
import type { Remote } from '#platform/thread'
import type { Operations, TlsReportRow } from '#product/operation'

import type { TransportService } from './transport-thread.ts'

type TlsOperations = Pick<Operations, 'tlsReports' | 'tlsReport' | 'tlsPolicies' | 'brokenTls'>

export type TlsParts = {
  readonly config: Config
  readonly control: Control
  /** Absent when no node runs. */
  readonly running?: { readonly transport: Pick<Remote<TransportService>, 'brokenTls'> }
  readonly now: () => number
}

export async function tlsOperations({ control, config, running, now }: TlsParts): Promise<TlsOperations> {
  const reports = await openTlsReportStore(control)
  const policies = await openStsStore(control)
  const broken = await openBrokenTlsStore(control, config.node.number)
  return {
    tlsReports: async ({ limit }) => (await reports.list(limit)).map(rowOf),
    async tlsReport({ id }) {
      const found = await reports.show(id)
      return found === undefined
        ? null
        : { ...rowOf(found), deliveries: found.deliveries, report: read(found) }
    },
    async tlsPolicies({ limit }) {
      const stored = await policies.list(now(), limit)
      return stored.flatMap(({ domain, id, text, fetchedAt, expiresAt }) => {
        const parsed = parseStsPolicy(text)
        if (!parsed.ok) return []
        const { mode, mx } = parsed.value
        return [{ domain, id, mode, mx, fetchedAt, expiresAt }]
      })
    },
    async brokenTls() {
      // Without a node, what the last one left.
      const hosts = await (running?.transport.brokenTls() ?? broken.load())
      return hosts.filter(({ until }) => until > now())
    },
  }
}

function rowOf(report: StoredReport): TlsReportRow {
  const { id, day, domain, state, due } = report
  const sum = (of: 'successes' | 'failures'): number =>
    read(report).policies.reduce((total, policy) => total + policy[of], 0)
  return { id, day, domain, state, due, successes: sum('successes'), failures: sum('failures') }
}

/** Ours, which we wrote. */
function read({ id, json }: StoredReport): TlsReport {
  const found = readTlsReport(json)
  if (found.ok) return found.report
  throw new Error(`the report ${id} is damaged: ${found.why}`)
}
