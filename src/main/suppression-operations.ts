/** What an operator does with suppressions. */

import type { Control } from '#platform/store'
import type { Operations } from '#product/operation'
import { openSuppressions } from '#product/suppression'

import { told } from './organizations.ts'

type SuppressionOperations = Pick<
  Operations,
  'suppressions' | 'suppressionShow' | 'suppressionAdd' | 'suppressionRemove'
>

/** After `openAccounts` of the same database. */
export async function suppressionOperations({
  control,
  now,
}: {
  readonly control: Control
  readonly now: () => number
}): Promise<SuppressionOperations> {
  const suppressions = await openSuppressions(control, now)
  return {
    suppressions: (query) => suppressions.list(query),
    suppressionShow: ({ organization, address }) => told(() => suppressions.of(organization, address)),
    suppressionAdd: ({ rows }) => told(() => suppressions.add(rows)),
    suppressionRemove: (request) => told(() => suppressions.remove(request)),
  }
}
