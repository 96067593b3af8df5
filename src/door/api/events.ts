/** What has happened, in order: in pages that can be gone on with, and live. Of the key's own organization. */

import { Type } from 'typebox'

import { SpoolError } from '#engine/spool'
import { formatPlace, parsePlace, readEvents } from '#product/event'
import type { LogPlace } from '#product/event'

import { EVENT_FILTER, EventShown, filterOf } from './event-schema.ts'
import { EventStreams, tellEvents } from './event-stream.ts'
import { DEFAULT_LIMIT, PAGE } from './page.ts'
import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'

const CLOSED = { additionalProperties: false }
const Time = Type.String({ format: 'date-time' })

/** Each node of a cluster has its part of a place. */
const Place = Type.String({ maxLength: 1000, description: 'The `next` of an earlier answer.' })

const Page = Type.Object(
  {
    data: Type.Array(EventShown),
    next: Type.String({ description: 'Where to go on: later, as well, when there is more.' }),
    more: Type.Boolean({
      description: 'Whether there was more then. A page may have no event and more after it.',
    }),
  },
  { title: 'EventPage' },
)

export const eventRoutes: Routes = (app, parts) => {
  pageRoute(app, parts)
  streamRoute(app, parts)
}

const pageRoute: Routes = (app, { authenticate, events }) => {
  app.route({
    method: 'GET',
    url: '/v1/events',
    schema: {
      operationId: 'listEvents',
      summary: 'What has happened, in the order of the log',
      tags: ['events'],
      ...needs('events:read'),
      querystring: Type.Object(
        {
          ...EVENT_FILTER,
          limit: PAGE.limit,
          cursor: Type.Optional(Place),
          since: Type.Optional(
            Type.String({
              format: 'date-time',
              description: 'Without a cursor: nothing written down before.',
            }),
          ),
          until: Type.Optional(Time),
        },
        CLOSED,
      ),
      response: { 200: Page },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'events:read')
      const { limit = DEFAULT_LIMIT, cursor, since, until, ...filter } = request.query
      const query = {
        organization,
        limit,
        ...filterOf(filter),
        ...(until !== undefined && { until: Date.parse(until) }),
      }
      const place = startOf(cursor, since === undefined ? 0 : Date.parse(since))
      const page = await refusing(() => readEvents(events, query, place))
      return { data: page.events.map(({ event }) => event), next: formatPlace(page.next), more: page.more }
    },
  })
}

const streamRoute: Routes = (app, { authenticate, events, log, now, wait }) => {
  const streams = new EventStreams()
  // Streams have no end of their own: closing would wait for them.
  app.addHook('preClose', async () => streams.end())
  app.route({
    method: 'GET',
    url: '/v1/events/stream',
    schema: {
      operationId: 'followEvents',
      summary: 'What happens, as it happens: server-sent events',
      description:
        'Begins with what happens from now on, at `since`, or behind Last-Event-ID. A reader that takes nothing for half a minute is cut, and may come back with Last-Event-ID.',
      tags: ['events'],
      ...needs('events:read'),
      querystring: Type.Object(
        { ...EVENT_FILTER, cursor: Type.Optional(Place), since: Type.Optional(Time) },
        CLOSED,
      ),
      // Each event is the data of one.
      response: {
        200: { description: 'Without end', content: { 'text/event-stream': { schema: EventShown } } },
      },
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'events:read')
      const { cursor, since, ...filter } = request.query
      const query = { organization, ...filterOf(filter) }
      const last = request.headers['last-event-id']
      const place = startOf(
        typeof last === 'string' && last !== '' ? last : cursor,
        since === undefined ? now() : Date.parse(since),
      )
      // Nothing can be refused once the answer has begun.
      await refusing(() => readEvents(events, { ...query, limit: 1 }, place))
      using stream = streams.begin(organization)
      reply.hijack()
      const ended = await tellEvents(reply.raw, {
        signal: stream.signal,
        read: (from, limit) => readEvents(events, { ...query, limit }, from),
        place,
        check: async () => void (await authenticate(request, 'events:read')),
        now,
        wait,
      })
      if (ended !== 'left') log.info('api.stream-cut', { request: request.id, organization, why: ended })
    },
  })
}

/** @throws {Problem} `invalid` */
function startOf(cursor: string | undefined, since: number): LogPlace {
  if (cursor === undefined) return { after: '', since }
  const place = parsePlace(cursor)
  if (place === undefined) throw noPlace()
  return place
}

async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof SpoolError && error.code === 'refused') throw noPlace()
    throw error
  }
}

function noPlace(): Problem {
  return new Problem('invalid', 'The cursor is none that this log has given.')
}
