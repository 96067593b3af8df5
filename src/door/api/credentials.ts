/** The SMTP logins of an organization: made, listed, revoked. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { Credential } from '#product/account'

import { toldOfAccounts } from './api-keys.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const SHOWN = {
  login: Type.String(),
  stream: Type.String(),
  note: Type.String(),
  created_at: Time,
  revoked_at: Type.Optional(Time),
  used_at: Type.Optional(Time),
}

const Shown = Type.Object(SHOWN, { title: 'Credential' })

const New = Type.Object(
  {
    stream: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })),
    note: Type.Optional(Line({ maxLength: 255 })),
  },
  CLOSED,
)

export const credentialRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  addRoute(app, parts)
  revokeRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, accounts }) => {
  app.route({
    method: 'GET',
    url: '/v1/credentials',
    schema: {
      operationId: 'listCredentials',
      summary: 'The SMTP logins, without their passwords, oldest first',
      tags: ['credentials'],
      ...needs('accounts:read'),
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'accounts:read')
      return { data: (await accounts.credentials(organization)).map(shown) }
    },
  })
}

const addRoute: Routes = (app, { authenticate, accounts, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/credentials',
    schema: {
      operationId: 'addCredential',
      summary: 'Make an SMTP login; its password is in this answer and nowhere else, ever',
      tags: ['credentials'],
      ...needs('accounts:write'),
      body: New,
      response: { 201: Type.Object({ ...SHOWN, password: Type.String() }) },
    },
    async handler(request, reply) {
      const by = await authenticate(request, 'accounts:write')
      // A login is good for sending, and for nothing else.
      if (!by.scopes.includes('messages:send'))
        throw new Problem('forbidden', 'You have not the scope messages:send to give away.')
      const { stream = by.stream, note: words = '' } = request.body
      const { credential, password } = await toldOfAccounts(() =>
        accounts.addCredential({ organization: by.organization, stream, note: words }),
      )
      note(request, { subject: credential.login })
      return reply.status(201).send({ ...shown(credential), password })
    },
  })
}

const revokeRoute: Routes = (app, { authenticate, accounts }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/credentials/:login',
    schema: {
      operationId: 'revokeCredential',
      summary: 'End an SMTP login, within a second',
      tags: ['credentials'],
      ...needs('accounts:write'),
      params: Type.Object({ login: Line({ minLength: 1, maxLength: 128 }) }),
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'accounts:write')
      const { login } = request.params
      const revoked = await accounts.revoke(organization, login)
      const found = (await accounts.credentials(organization)).find((each) => each.login === login)
      if (!revoked || found === undefined) throw new Problem('missing', `There is no valid login ${login}.`)
      return shown(found)
    },
  })
}

function shown(row: Credential): Static<typeof Shown> {
  return {
    login: row.login,
    stream: row.stream,
    note: row.note,
    created_at: isoTime(row.createdAt),
    ...(row.revokedAt !== undefined && { revoked_at: isoTime(row.revokedAt) }),
    ...(row.usedAt !== undefined && { used_at: isoTime(row.usedAt) }),
  }
}
