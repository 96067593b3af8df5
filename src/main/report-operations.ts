/** What an operator sees of the reports that others sent about domains of ours. */

import type { Control } from '#platform/store'
import type { Operations } from '#product/operation'
import { openReceivedReports } from '#product/received-report'

type ReportOperations = Pick<Operations, 'domainReports' | 'domainReport'>

export async function reportOperations(control: Control): Promise<ReportOperations> {
  const reports = await openReceivedReports(control)
  return {
    domainReports: (query) => reports.list(query),
    domainReport: async ({ id }) => (await reports.show(id)) ?? null,
  }
}
