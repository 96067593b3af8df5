/** What an operator does with quotas: those of every organization, with what is used of them. */

import type { Spool } from '#engine/spool'
import type { Control } from '#platform/store'
import type { QuotaOperations } from '#product/operation'
import { openQuotas, standingsOf } from '#product/quota'

import { told } from './organizations.ts'

export type QuotaParts = {
  readonly control: Control
  readonly spool: Pick<Spool, 'counts'>
  readonly now: () => number
}

/** After `openAccounts` of the same database. */
export async function quotaOperations({ control, spool, now }: QuotaParts): Promise<QuotaOperations> {
  const quotas = await openQuotas(control, now)
  return {
    quotas: async ({ organization }) => standingsOf(spool, await quotas.list(organization), now()),
    async quotaSet(change) {
      const quota = await told(() => quotas.set(change))
      const [standing] = await standingsOf(spool, [quota], now())
      return standing ?? { ...quota, windows: [] }
    },
  }
}
