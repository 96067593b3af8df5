/** What waits of an organization's mail, by stream and domain, and why; and changing much of it at once. */

import { Type } from 'typebox'

import { languageOf, tell } from '#product/explanation'
import { CHANGES } from '#product/operation'
import type { QueueRow } from '#product/operation'

import { State } from './delivery-schema.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'
import { isoTime, Line } from './text.ts'

const Reason = Type.Object({
  what: Type.String(),
  until: Type.String(),
  change: Type.String({ description: 'What would change it.' }),
})

const Shown = Type.Object(
  {
    stream: Type.String(),
    domain: Type.String(),
    waiting: Type.Integer(),
    active: Type.Integer(),
    held: Type.Integer(),
    oldest_at: Time,
    next_attempt_at: Type.Optional(Time),
    reasons: Type.Array(Reason),
  },
  { title: 'Queue' },
)

export const queueRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  changeRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, operations, now }) => {
  app.route({
    method: 'GET',
    url: '/v1/queues',
    schema: {
      operationId: 'listQueues',
      summary: 'What waits, by stream and domain, the largest first, and why',
      description: 'In Japanese or English, as Accept-Language prefers.',
      tags: ['queues'],
      ...needs('messages:read'),
      querystring: Type.Object(
        { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
        CLOSED,
      ),
      response: {
        200: Type.Object({
          data: Type.Array(Shown),
          queues: Type.Integer({ description: 'How many there are.' }),
          deliveries: Type.Integer({ description: 'That wait in all of them.' }),
        }),
      },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'messages:read')
      const { limit = 100 } = request.query
      const { rows, queues, deliveries } = await operations.queues({ organization, limit })
      const language = languageOf(request.headers['accept-language'] ?? '')
      return { data: rows.map((row) => shown(row, language, now())), queues, deliveries }
    },
  })
}

function shown(
  { queue, waiting, active, held, oldest, nextDue, reasons }: QueueRow,
  language: 'ja' | 'en',
  now: number,
) {
  const [, stream = '', domain = ''] = queue.split('/')
  return {
    stream,
    domain,
    waiting,
    active,
    held,
    oldest_at: isoTime(oldest),
    ...(nextDue !== undefined && { next_attempt_at: isoTime(nextDue) }),
    reasons: reasons.map((reason) => {
      const { what, until, change } = tell(reason, language, { name: queue, now })
      return { what, until, change }
    }),
  }
}

const Filter = Type.Object(
  {
    change: Type.Enum(CHANGES),
    recipient: Type.Optional(
      Line({ maxLength: 320, description: 'An address, or `@domain` for all of one.' }),
    ),
    from: Type.Optional(Line({ maxLength: 320, description: 'The reverse-path.' })),
    stream: Type.Optional(Line({ maxLength: 63 })),
    state: Type.Optional(State),
  },
  CLOSED,
)

const changeRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'POST',
    url: '/v1/deliveries/change',
    schema: {
      operationId: 'changeDeliveries',
      summary:
        'Hold, release, cancel or retry all deliveries that match; say at least one thing that they match',
      tags: ['queues'],
      ...needs('messages:write'),
      body: Filter,
      response: { 200: Type.Object({ changed: Type.Integer({ description: 'Deliveries.' }) }) },
    },
    async handler(request) {
      const { organization, actor } = await authenticate(request, 'messages:write')
      const { change, recipient, from: sender, stream, state } = request.body
      if ([recipient, sender, stream, state].every((one) => one === undefined))
        throw new Problem('invalid', 'Say which deliveries: by recipient, from, stream or state.')
      const filter = {
        organization,
        ...(recipient !== undefined && { recipient }),
        ...(sender !== undefined && { sender }),
        ...(stream !== undefined && { stream }),
        ...(state !== undefined && { states: [state] }),
      }
      const { count } = await operations.change({ filter, change, reason: actor })
      return { changed: count }
    },
  })
}
