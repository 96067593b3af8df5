/** For tests: suppressions in memory. */

import type { Operations } from '#product/operation'
import type { NewSuppression, Suppression } from '#product/suppression'

type SuppressionOperations = Pick<
  Operations,
  'suppressions' | 'suppressionShow' | 'suppressionAdd' | 'suppressionRemove'
>

/** One that bounced, of the organization `default`. */
export function pretendSuppressions(now: number): SuppressionOperations {
  const rows = new Map<string, Suppression>()
  const add = (one: NewSuppression): Suppression => {
    const row = { ...one, address: one.address.toLowerCase(), createdAt: one.createdAt ?? now }
    rows.set(row.address, row)
    return row
  }
  add({
    organization: 'default',
    stream: '*',
    address: 'gone@example.com',
    reason: 'bounce',
    class: 'user-unknown',
    evidence: '550 5.1.1 No \u001b[31msuch user',
    delivery: '0ab3xk9m2pq.0',
    createdAt: now - 3_600_000,
  })
  return {
    async suppressions({ organization, match = '', reason, all = false, limit }) {
      const found = [...rows.values()].filter(
        (row) =>
          row.organization === organization &&
          row.address.includes(match) &&
          (reason === undefined || row.reason === reason) &&
          (all || row.removedAt === undefined),
      )
      return found.slice(0, limit)
    },
    async suppressionShow({ organization, address }) {
      return [...rows.values()].filter((row) => row.organization === organization && row.address === address)
    },
    suppressionAdd: async (query) => query.rows.map(add),
    async suppressionRemove({ organization, address, why }) {
      const row = rows.get(address)
      if (row === undefined || row.organization !== organization || row.removedAt !== undefined) return []
      rows.set(address, { ...row, removedAt: now, removedWhy: why })
      return [row]
    },
  }
}
