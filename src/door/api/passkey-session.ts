/** Signing in by a passkey: a challenge, and the session for who has answered it. */

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { PasskeyAnswer } from '#product/user'

import { clientOf, OrganizationName, ownSession, OwnSession } from './own-session.ts'
import type { Routes } from './parts.ts'
import { Base64Url, partyOf } from './passkeys.ts'
import { CLOSED, refusalOf } from './person-schema.ts'
import { Problem } from './problem.ts'
import { refuseOtherSites, setCookie } from './session-cookie.ts'

/** In ms: as long as the challenge holds. */
const TIMEOUT = 300_000

const RequestOptions = Type.Object(
  {
    challenge: Base64Url,
    rpId: Type.String(),
    timeout: Type.Integer(),
    userVerification: Type.Literal('required'),
  },
  {
    title: 'PasskeyRequestOptions',
    description: 'For PublicKeyCredential.parseRequestOptionsFromJSON() and navigator.credentials.get().',
  },
)

const Got = Type.Object(
  {
    id: Base64Url,
    rawId: Base64Url,
    type: Type.Literal('public-key'),
    response: Type.Object({
      clientDataJSON: Base64Url,
      authenticatorData: Base64Url,
      signature: Base64Url,
      userHandle: Base64Url,
    }),
  },
  { description: 'What navigator.credentials.get() gave, by its toJSON().' },
)

export const passkeySessionRoutes: Routes = (app, parts) => {
  beginRoute(app, parts)
  signInRoute(app, parts)
}

const beginRoute: Routes = (app, { users, site }) => {
  app.route({
    method: 'POST',
    url: '/v1/session/passkey/options',
    schema: {
      operationId: 'beginPasskeySignIn',
      summary: 'What a passkey is to sign, within five minutes, by whoever has one',
      tags: ['session'],
      security: [],
      body: Type.Object({}, CLOSED),
      response: { 200: RequestOptions },
    },
    async handler(request) {
      const party = partyOf(site)
      const begun = await users.beginPasskeySignIn(request.ip)
      if (!begun.ok) throw refusalOf(begun)
      // No list of credentials: which there are is told to nobody, and the browser finds them by itself.
      return {
        challenge: begun.challenge,
        rpId: party.id,
        timeout: TIMEOUT,
        userVerification: 'required' as const,
      }
    },
  })
}

const signInRoute: Routes = (app, { users, site, log, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/session/passkey',
    schema: {
      operationId: 'signInPasskey',
      summary: 'Sign in by a passkey, without password and code: the answer sets a cookie',
      tags: ['session'],
      security: [],
      body: Type.Object({ credential: Got, organization: Type.Optional(OrganizationName) }, CLOSED),
      response: { 201: OwnSession },
    },
    async handler(request, reply) {
      refuseElsewhere(request)
      const { credential, organization } = request.body
      const signedIn = await users.signInPasskey({
        answer: read(credential),
        party: partyOf(site),
        ...clientOf(request),
        ...(organization !== undefined && { organization }),
      })
      if (!signedIn.ok) {
        const why = signedIn.why === 'wrong' ? signedIn.about : signedIn.why
        log.warn('user.passkey-refused', { client: request.ip, why })
        throw signedIn.why === 'wrong' ? wrong() : refusalOf(signedIn)
      }
      const { token, member } = signedIn
      const { id: subject, email: user } = member
      note(request, { organization: member.organization, actor: user, subject, after: { passkey: true } })
      const current = await users.current(token)
      // The passkey was removed, or the role changed, in this very moment.
      if (current === undefined) throw wrong()
      log.info('user.signed-in', { user, organization: member.organization, client: request.ip })
      setCookie(request, reply, token)
      return reply.status(201).send(await ownSession(users, current))
    },
  })
}

/** Else a page elsewhere could sign people in as somebody else, who then reads what they do here. */
function refuseElsewhere(request: FastifyRequest): void {
  if (request.headers.origin !== undefined) refuseOtherSites(request)
}

function wrong(): Problem {
  return new Problem('sign-in', 'The passkey opens nothing here, or its answer came too late: begin again.')
}

/** Nothing more goes on than what is read. */
function read({ id, rawId, type, response }: Static<typeof Got>): PasskeyAnswer {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response
  return { id, rawId, type, response: { clientDataJSON, authenticatorData, signature, userHandle } }
}
