/** Signing in by a provider of OpenID Connect: the browser is sent there, and what it comes back with opens a session. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'

import type { OidcRefusal } from '#product/oidc'

import { clientOf, OrganizationName, ownSession, OwnSession } from './own-session.ts'
import type { RouteParts, Routes } from './parts.ts'
import { CLOSED, NeedsCode, refusalOf } from './person-schema.ts'
import { Problem } from './problem.ts'
import {
  clearRequestCookie,
  refuseOtherSites,
  requestCookieOf,
  setCookie,
  setRequestCookie,
} from './session-cookie.ts'
import { ProviderName } from './sign-in.ts'
import { Line } from './text.ts'

export const Elsewhere = Type.Object(
  { url: Type.String({ description: 'Where the browser goes now.' }) },
  { title: 'ProviderAddress' },
)

export const oidcSessionRoutes: Routes = (app, parts) => {
  beginRoute(app, parts)
  signInRoute(app, parts)
}

const beginRoute: Routes = (app, parts) => {
  app.route({
    method: 'POST',
    url: '/v1/session/oidc/begin',
    schema: {
      operationId: 'beginOidcSignIn',
      summary: 'Where a provider signs in; the browser comes back within 15 minutes',
      tags: ['session'],
      security: [],
      body: Type.Object({ provider: ProviderName, organization: Type.Optional(OrganizationName) }, CLOSED),
      response: { 200: Elsewhere },
    },
    async handler(request, reply) {
      refuseElsewhere(request)
      const { provider, organization } = request.body
      return begin(parts, request, reply, { provider, ...(organization !== undefined && { organization }) })
    },
  })
}

type Asked = { readonly provider: string; readonly organization?: string; readonly account?: string }

export async function begin(
  { oidc, log }: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
): Promise<{ url: string }> {
  const begun = await oidc.begin({ ...asked, address: request.ip })
  if (!begun.ok) {
    if (begun.why === 'unreachable')
      log.warn('user.provider-failed', { provider: asked.provider, why: begun.about })
    throw oidcProblem(begun)
  }
  setRequestCookie(request, reply, begun.browser)
  return { url: begun.url }
}

const signInRoute: Routes = (app, { oidc, users, log, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/session/oidc',
    schema: {
      operationId: 'signInOidc',
      summary: 'Sign in by what the provider sent the browser back with: the answer sets a cookie',
      tags: ['session'],
      security: [],
      body: Type.Object(
        {
          provider: ProviderName,
          query: Line({ minLength: 1, maxLength: 8192, description: 'What stands behind the `?`.' }),
        },
        CLOSED,
      ),
      response: { 201: OwnSession, 202: NeedsCode },
    },
    async handler(request, reply) {
      refuseElsewhere(request)
      const { provider, query } = request.body
      const browser = requestCookieOf(request) ?? ''
      const signedIn = await oidc.complete({ provider, query, browser, ...clientOf(request) })
      if (!signedIn.ok) {
        const why = 'about' in signedIn ? signedIn.about : signedIn.why
        if (signedIn.why === 'unreachable') log.warn('user.provider-failed', { provider, why })
        else log.warn('user.provider-refused', { provider, client: request.ip, why })
        throw oidcProblem(signedIn)
      }
      const { token, member, needs, made } = signedIn
      const { id: subject, email: user, organization } = member
      note(request, { organization, actor: user, subject, after: { provider, made } })
      if (made !== 'nothing') log.info('user.provider-joined', { user, organization, provider, made })
      clearRequestCookie(request, reply)
      setCookie(request, reply, token)
      if (needs === 'code') return reply.status(202).send({ needs })
      log.info('user.signed-in', { user, organization, client: request.ip })
      const current = await users.current(token)
      // The role was changed in this very moment.
      if (current === undefined) throw refused()
      return reply.status(201).send(await ownSession(users, current))
    },
  })
}

/** Else a page elsewhere could sign people in as somebody else, who then reads what they do here. */
function refuseElsewhere(request: FastifyRequest): void {
  if (request.headers.origin !== undefined) refuseOtherSites(request)
}

/** What strangers may know; the log has the rest. */
function oidcProblem(refusal: OidcRefusal | { readonly ok: false; readonly why: 'stranger' }): Problem {
  switch (refusal.why) {
    case 'missing':
      return new Problem('missing', 'There is no such provider.')
    case 'unreachable':
      return new Problem('unavailable', 'The provider does not answer as it should.', {
        retryAfter: RETRY_AFTER,
      })
    case 'refused':
      return refused()
    case 'stranger':
      return new Problem('forbidden', 'The provider knows you, but you have no account here that it opens.')
    case 'too-often':
      return refusalOf(refusal)
  }
}

/** Seconds until a provider may be there again. */
const RETRY_AFTER = 30

function refused(): Problem {
  return new Problem('sign-in', 'What the provider sent back is not right, or came too late: begin again.')
}
