/** The API keys of an organization: made, listed, revoked. A key or user gives no scope away that it has not itself. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { AccountError } from '#product/account'
import type { ApiKey } from '#product/account'

import type { Routes } from './parts.ts'
import { CLOSED, ScopeName, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const Stream = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })

const SHOWN = {
  id: Type.String(),
  stream: Type.String(),
  note: Type.String(),
  scopes: Type.Array(ScopeName),
  networks: Type.Array(Type.String()),
  created_at: Time,
  expires_at: Type.Optional(Time),
  revoked_at: Type.Optional(Time),
  used_at: Type.Optional(Time),
}

const Shown = Type.Object(SHOWN, { title: 'ApiKey' })

const New = Type.Object(
  {
    stream: Type.Optional(Type.String({ ...Stream, description: 'Where messages go that name no stream.' })),
    note: Type.Optional(Line({ maxLength: 255 })),
    scopes: Type.Array(ScopeName, { minItems: 1 }),
    networks: Type.Optional(
      Type.Array(Line({ maxLength: 50 }), { maxItems: 50, description: 'CIDR; empty: from everywhere.' }),
    ),
    expires_at: Type.Optional(Time),
  },
  CLOSED,
)

export const apiKeyRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  addRoute(app, parts)
  revokeRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, apiKeys }) => {
  app.route({
    method: 'GET',
    url: '/v1/api-keys',
    schema: {
      operationId: 'listApiKeys',
      summary: 'The API keys, without their secrets, oldest first',
      tags: ['api-keys'],
      ...needs('accounts:read'),
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'accounts:read')
      return { data: (await apiKeys.list(organization)).map(shown) }
    },
  })
}

const addRoute: Routes = (app, { authenticate, apiKeys, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/api-keys',
    schema: {
      operationId: 'addApiKey',
      summary: 'Make an API key; its token is in this answer and nowhere else, ever',
      tags: ['api-keys'],
      ...needs('accounts:write'),
      body: New,
      response: { 201: Type.Object({ ...SHOWN, token: Type.String() }) },
    },
    async handler(request, reply) {
      const by = await authenticate(request, 'accounts:write')
      const { stream, note: words = '', scopes, networks = [], expires_at: expires } = request.body
      const more = scopes.find((scope) => !by.scopes.includes(scope))
      if (more !== undefined) throw new Problem('forbidden', `You have not the scope ${more} to give away.`)
      const { key, token } = await toldOfAccounts(() =>
        apiKeys.add({
          organization: by.organization,
          stream: stream ?? by.stream,
          note: words,
          scopes,
          networks,
          ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
        }),
      )
      note(request, { subject: key.id })
      return reply.status(201).send({ ...shown(key), token })
    },
  })
}

const revokeRoute: Routes = (app, { authenticate, apiKeys }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/api-keys/:id',
    schema: {
      operationId: 'revokeApiKey',
      summary: 'End an API key, within a second',
      tags: ['api-keys'],
      ...needs('accounts:write'),
      params: Type.Object({ id: Type.String({ pattern: '^[0-9a-z]{10}$' }) }),
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'accounts:write')
      const { id } = request.params
      const revoked = await apiKeys.revoke(organization, id)
      const key = (await apiKeys.list(organization)).find((each) => each.id === id)
      if (!revoked || key === undefined) throw new Problem('missing', `There is no valid API key ${id}.`)
      return shown(key)
    },
  })
}

function shown(key: ApiKey): Static<typeof Shown> {
  return {
    id: key.id,
    stream: key.stream,
    note: key.note,
    scopes: [...key.scopes],
    networks: [...key.networks],
    created_at: isoTime(key.createdAt),
    ...(key.expiresAt !== undefined && { expires_at: isoTime(key.expiresAt) }),
    ...(key.revokedAt !== undefined && { revoked_at: isoTime(key.revokedAt) }),
    ...(key.usedAt !== undefined && { used_at: isoTime(key.usedAt) }),
  }
}

/** What people did wrong is theirs to hear. */
export async function toldOfAccounts<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof AccountError) throw new Problem('invalid', error.message)
    throw error
  }
}
