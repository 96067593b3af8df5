/** Who somebody is at providers: linked while they are signed in, listed, removed. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { KnownIdentity } from '#product/user'

import { begin, Elsewhere } from './oidc-session.ts'
import type { Routes } from './parts.ts'
import { passkeyProblem, Proof } from './passkeys.ts'
import { CLOSED, Password, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { SIGNED_IN } from './security.ts'
import { clearCookie } from './session-cookie.ts'
import { ProviderName } from './sign-in.ts'
import { isoTime } from './text.ts'

const Shown = Type.Object(
  {
    id: Type.String(),
    issuer: Type.String({ description: 'Of the provider.' }),
    created_at: Time,
    used_at: Type.Optional(Time),
  },
  { title: 'Identity' },
)

export const identityRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  linkRoute(app, parts)
  removeRoute(app, parts)
}

const listRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/identities',
    schema: {
      operationId: 'listIdentities',
      summary: 'Who you are at providers that sign you in, the oldest first',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { member } = await signedIn(request)
      return { data: (await users.identities(member.id)).map(shown) }
    },
  })
}

const linkRoute: Routes = (app, parts) => {
  const { signedIn, users } = parts
  app.route({
    method: 'POST',
    url: '/v1/identities',
    schema: {
      operationId: 'linkIdentity',
      summary: 'Have a provider sign you in from now on: where the browser goes for it',
      description: 'The password is asked for unless the session began within the last ten minutes.',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ provider: ProviderName, password: Type.Optional(Password) }, CLOSED),
      response: { 200: Elsewhere },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const { provider, password } = request.body
      const proof = { address: request.ip, ...(password !== undefined && { password }) }
      const proved = await users.proved(current, proof)
      if (!proved.ok) throw passkeyProblem(proved)
      const { id: account, organization } = current.member
      return begin(parts, request, reply, { provider, organization, account })
    },
  })
}

const removeRoute: Routes = (app, { signedIn, users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/identities/:id/remove',
    schema: {
      operationId: 'removeIdentity',
      summary: 'Have a provider sign you in no more; every session ends, this one too',
      tags: ['session'],
      ...SIGNED_IN,
      params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
      body: Proof,
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const proof = { ...request.body, address: request.ip }
      const removed = await users.removeIdentity(current, request.params.id, proof)
      if (!removed.ok) {
        if (removed.why === 'last') throw new Problem('conflict', 'Nothing else would sign you in.')
        throw passkeyProblem(removed)
      }
      const { identity } = removed
      if (identity === undefined) throw new Problem('missing', 'You have no such identity.')
      note(request, { before: { issuer: identity.issuer }, after: undefined })
      log.info('user.identity-removed', { user: current.member.email, client: request.ip })
      clearCookie(request, reply)
      return reply.status(204).send(null)
    },
  })
}

function shown({ id, issuer, createdAt, usedAt }: KnownIdentity): Static<typeof Shown> {
  return {
    id,
    issuer,
    created_at: isoTime(createdAt),
    ...(usedAt !== undefined && { used_at: isoTime(usedAt) }),
  }
}
