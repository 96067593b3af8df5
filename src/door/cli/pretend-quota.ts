/** For tests: one organization with quotas, of which most is used. */

import type { QuotaOperations } from '#product/operation'
import { LIMITS, SPANS } from '#product/quota'
import type { QuotaStanding } from '#product/quota'

export function pretendQuotas(now: number): QuotaOperations {
  const until = now + 600_000
  const all: readonly QuotaStanding[] = [
    {
      organization: 'acme',
      limits: { hour: 1_000, size: 10_485_760 },
      windows: [{ span: 'hour', limit: 1_000, used: 830, until }],
    },
    {
      organization: 'acme',
      stream: 'marketing',
      limits: { day: 100 },
      windows: [{ span: 'day', limit: 100, used: 100, until }],
    },
  ]
  return {
    quotas: ({ organization }) =>
      Promise.resolve(all.filter((one) => organization === undefined || one.organization === organization)),
    quotaSet: ({ limits, ...whose }) => {
      const set = LIMITS.flatMap((name) => {
        const limit = limits[name] ?? undefined
        return limit === undefined ? [] : [[name, limit] as const]
      })
      const windows = SPANS.flatMap((span) => {
        const limit = limits[span] ?? undefined
        return limit === undefined ? [] : [{ span, limit, used: 0, until }]
      })
      return Promise.resolve({ ...whose, limits: Object.fromEntries(set), windows })
    },
  }
}
