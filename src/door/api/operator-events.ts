/** What has happened in the whole installation, in order: of all organizations, and of the node itself. */

import { Type } from 'typebox'

import { published } from '#product/event'

import { EVENT_FILTER, EventShown, filterOf } from './event-schema.ts'
import { toldOfOperations } from './operator-route.ts'
import { DEFAULT_LIMIT, PAGE } from './page.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { needs } from './security.ts'
import { Line } from './text.ts'

const Row = Type.Interface(
  [EventShown],
  {
    organization: Type.String({
      description: 'Empty: it concerns no organization alone, such as a reaction on a whole path.',
    }),
  },
  { title: 'OperatorEvent' },
)

export const operatorEventRoutes: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/operator/events',
    schema: {
      operationId: 'operatorEvents',
      summary: 'What has happened, in the order of the log: of all organizations, and of the node itself',
      tags: ['operator'],
      ...needs('operator:read'),
      querystring: Type.Object(
        {
          ...EVENT_FILTER,
          organization: Type.Optional(
            Type.String({
              pattern: '^(?:[a-z0-9][a-z0-9-]{0,62})?$',
              description: 'Empty: what concerns none alone.',
            }),
          ),
          limit: PAGE.limit,
          cursor: Type.Optional(Line({ maxLength: 1000, description: 'The `next` of an earlier answer.' })),
          since: Type.Optional(Time),
          until: Type.Optional(Time),
        },
        CLOSED,
      ),
      response: {
        200: Type.Object(
          { data: Type.Array(Row), next: Type.String(), more: Type.Boolean() },
          { title: 'OperatorEventPage' },
        ),
      },
    },
    async handler(request) {
      await authenticate(request, 'operator:read')
      const { limit = DEFAULT_LIMIT, cursor, since, until, organization, ...filter } = request.query
      const place = cursor === undefined || cursor === '' ? {} : { after: cursor }
      const query = {
        limit,
        ...filterOf(filter),
        ...place,
        ...(organization !== undefined && { organization }),
        ...(since !== undefined && { since: Date.parse(since) }),
        ...(until !== undefined && { until: Date.parse(until) }),
      }
      const { events, next, more } = await toldOfOperations(() => operations.events(query))
      const data = events.map((event) => ({ organization: event.organization, ...published(event) }))
      return { data, next, more }
    },
  })
}
