/** The streams of mail, as the configuration has them: of all organizations alike. */

import { Type } from 'typebox'

import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'
import { ShownStream } from './stream-schema.ts'

const Name = Type.Object({ stream: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) })

export const streamRoutes: Routes = (app, { authenticate, streams }) => {
  app.route({
    method: 'GET',
    url: '/v1/streams',
    schema: {
      operationId: 'listStreams',
      summary: 'The streams that the configuration names; mail in others is like mail in `transactional`',
      tags: ['streams'],
      ...needs('messages:read'),
      response: { 200: Type.Object({ data: Type.Array(ShownStream) }) },
    },
    async handler(request) {
      await authenticate(request, 'messages:read')
      return { data: [...streams()] }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/streams/:stream',
    schema: {
      operationId: 'showStream',
      summary: 'One of them',
      tags: ['streams'],
      ...needs('messages:read'),
      params: Name,
      response: { 200: ShownStream },
    },
    async handler(request) {
      await authenticate(request, 'messages:read')
      const { stream } = request.params
      const found = streams().find((one) => one.stream === stream)
      if (found === undefined) throw new Problem('missing', `The configuration names no stream ${stream}.`)
      return found
    },
  })
}
