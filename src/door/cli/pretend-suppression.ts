/** For tests: suppressions in memory. */

import type { Operations, PastExperience } from '#product/operation'
import type { NewSuppression, Suppression } from '#product/suppression'

import type { CliHost } from './host.ts'

type SuppressionOperations = Pick<
  Operations,
  'suppressions' | 'suppressionShow' | 'suppressionAdd' | 'suppressionRemove' | 'experiences'
>

/** Two mailboxes that were full, one of them twice and the other fine between; and what the list is there for. */
function past(now: number): readonly PastExperience[] {
  const day = 86_400_000
  const of = { organization: 'default', stream: 'transactional', site: 'mx.example.com' }
  const bounced = (delivery: string, address: string, what: string, at: number): PastExperience => ({
    ...of,
    kind: 'bounced',
    delivery,
    address,
    class: what,
    at,
    type: what === 'user-unknown' ? 'hard' : 'soft',
    evidence: what === 'user-unknown' ? '550 5.1.1 No such user' : '452 4.2.2 Mailbox full',
  })
  return [
    bounced('0aaaaaaaaaa.0', 'full@example.com', 'mailbox-full', now - 3 * day),
    bounced('0aaaaaaaaab.0', 'fine@example.com', 'mailbox-full', now - 3 * day),
    { ...of, kind: 'delivered', delivery: '0aaaaaaaaac.0', address: 'fine@example.com', at: now - 2 * day },
    bounced('0aaaaaaaaad.0', 'full@example.com', 'mailbox-full', now - 2 * day),
    bounced('0ab3xk9m2pq.0', 'gone@example.com', 'user-unknown', now - 3_600_000),
  ]
}

export const pretendPolicy: Pick<CliHost, 'suppressionPolicy'> = {
  suppressionPolicy: async ({ policy }) => {
    const day = 86_400_000
    const soft = { softCount: policy === 'strict.toml' ? 2 : 5, softWithin: 30 * day, softExpire: 90 * day }
    const hard = { unknownExpire: 0, hostUnknownExpire: 30 * day, complaintExpire: 0 }
    return {
      policy: { enabled: true, ...hard, ...soft },
      providerOf: (_, site) => (site ? 'example' : 'others'),
    }
  },
}

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
    experiences: async () => ({ rows: past(now), looked: 5, through: now }),
    suppressionAdd: async (query) => query.rows.map(add),
    async suppressionRemove({ organization, address, why }) {
      const row = rows.get(address)
      if (row === undefined || row.organization !== organization || row.removedAt !== undefined) return []
      rows.set(address, { ...row, removedAt: now, removedWhy: why })
      return [row]
    },
  }
}
