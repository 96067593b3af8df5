/** What an operator does with the quotas of all organizations. */

import type { QuotaChange, QuotaStanding } from '#product/quota'

export type QuotaOperations = {
  /** With what is used of each, of whichever node; of all organizations when none is named. */
  quotas(query: { readonly organization?: string }): Promise<readonly QuotaStanding[]>
  /** As it stands then, with all its limits or none. @throws {OperationError} `invalid` */
  quotaSet(change: QuotaChange): Promise<QuotaStanding>
}
