/** What the organization may send, and what is left of it. Set by who runs the node. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { SPANS } from '#product/quota'
import type { QuotaStanding } from '#product/quota'

import type { Routes } from './parts.ts'
import { needs } from './security.ts'
import { isoTime } from './text.ts'

const Window = Type.Object({
  name: Type.Enum(SPANS),
  limit: Type.Integer({ description: 'Recipients of messages that are accepted, now or for later.' }),
  used: Type.Integer(),
  left: Type.Integer(),
  resets_at: Type.String({ format: 'date-time' }),
})

export const QuotaShown = Type.Object(
  {
    stream: Type.Optional(Type.String({ description: 'Absent: of all streams together.' })),
    windows: Type.Array(Window),
    recipients: Type.Optional(Type.Integer({ description: 'Of one message.' })),
    size: Type.Optional(Type.Integer({ description: 'Octets of one message.' })),
  },
  { title: 'Quota' },
)

export const quotaRoutes: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/quotas',
    schema: {
      operationId: 'listQuotas',
      summary: 'What the organization may send, and what is left',
      description: 'None: nothing is limited. Those of the organization come before those of its streams.',
      tags: ['quotas'],
      ...needs('accounts:read'),
      response: { 200: Type.Object({ data: Type.Array(QuotaShown) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'accounts:read')
      return { data: (await operations.quotas({ organization })).map(shownQuota) }
    },
  })
}

export function shownQuota({
  stream,
  windows,
  limits: { recipients, size },
}: QuotaStanding): Static<typeof QuotaShown> {
  return {
    ...(stream !== undefined && { stream }),
    windows: windows.map(({ span, limit, used, until }) => ({
      name: span,
      limit,
      used,
      left: Math.max(0, limit - used),
      resets_at: isoTime(until),
    })),
    ...(recipients !== undefined && { recipients }),
    ...(size !== undefined && { size }),
  }
}
