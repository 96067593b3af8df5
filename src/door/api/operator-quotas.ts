/** Quotas of all organizations, as who runs the node sees and sets them. */

import { Type } from 'typebox'

import { LIMITS } from '#product/quota'

import { operatorRoute } from './operator-route.ts'
import type { Routes } from './parts.ts'
import { CLOSED } from './person-schema.ts'
import { QuotaShown, shownQuota } from './quotas.ts'

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })
const OfWindow = Type.Optional(Type.Integer({ minimum: 0, description: 'Recipients of accepted messages.' }))

const Row = Type.Interface([QuotaShown], { organization: Type.String() }, { title: 'OperatorQuota' })

const Limits = Type.Object(
  {
    stream: Type.Optional(Name),
    hour: OfWindow,
    day: OfWindow,
    month: OfWindow,
    recipients: Type.Optional(Type.Integer({ minimum: 1, description: 'Of one message.' })),
    size: Type.Optional(Type.Integer({ minimum: 1, description: 'Octets of one message.' })),
  },
  { ...CLOSED, description: 'What is not named is not limited.' },
)

export const operatorQuotaRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/quotas',
    operationId: 'operatorQuotas',
    summary: 'What organizations and their streams may send, and what is left',
    querystring: Type.Object({ organization: Type.Optional(Name) }, CLOSED),
    answer: Type.Object({ data: Type.Array(Row) }),
    act: async ({ query }) => {
      const all = await operations.quotas(query)
      return { data: all.map((one) => ({ organization: one.organization, ...shownQuota(one) })) }
    },
  })
  operatorRoute(app, parts, {
    method: 'PUT',
    url: '/organizations/:organization/quota',
    operationId: 'operatorSetQuota',
    summary: 'Limit an organization, or one stream of it, to this and nothing else',
    params: Type.Object({ organization: Name }),
    body: Limits,
    answer: Row,
    act: async ({ params: { organization }, body: { stream, ...wanted } }) => {
      const limits = Object.fromEntries(LIMITS.map((name) => [name, wanted[name] ?? null]))
      const of = { organization, ...(stream !== undefined && { stream }) }
      return { organization, ...shownQuota(await operations.quotaSet({ ...of, limits })) }
    },
  })
}
