/** Who is to belong to the organization: invited by mail, until they accept. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { invitationLetter } from '#product/user'
import type { Invitation } from '#product/user'

import type { Routes } from './parts.ts'
import {
  CLOSED,
  Email,
  LanguageName,
  Password,
  PersonName,
  refusalOf,
  RoleName,
  Time,
  toldOfUsers,
  Token,
} from './person-schema.ts'
import { Problem } from './problem.ts'
import { isoTime } from './text.ts'
import { mustGive } from './users.ts'
import { needs, SIGNED_IN } from './security.ts'

const Shown = Type.Object(
  {
    id: Type.String(),
    email: Type.String(),
    role: RoleName,
    invited_by: Type.String(),
    created_at: Time,
    expires_at: Time,
  },
  { title: 'Invitation' },
)

const Joined = Type.Object({ organization: Type.String(), email: Type.String() })

export const invitationRoutes: Routes = (app, parts) => {
  inviteRoute(app, parts)
  listRoute(app, parts)
  withdrawRoute(app, parts)
  acceptRoute(app, parts)
  joinRoute(app, parts)
}

const inviteRoute: Routes = (app, { authenticate, users, note, write, linkTo, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/invitations',
    schema: {
      operationId: 'addInvitation',
      summary: 'Invite somebody by mail; an earlier invitation of that address works no more',
      tags: ['users'],
      ...needs('users:write'),
      body: Type.Object({ email: Email, role: RoleName, language: Type.Optional(LanguageName) }, CLOSED),
      response: { 201: Shown },
    },
    async handler(request, reply) {
      const by = await authenticate(request, 'users:write')
      const { organization, actor } = by
      const { email, role, language = 'en' } = request.body
      mustGive(by, role)
      const invited = await toldOfUsers(() => users.invite({ organization, email, role, by: actor }))
      if (!invited.ok) throw new Problem('conflict', `${email} belongs to the organization already.`)
      const { invitation, token } = invited
      note(request, { subject: invitation.email })
      const url = linkTo('invitation', token)
      try {
        await write(
          { email: invitation.email, name: '' },
          invitationLetter(language, { organization, by: actor, url }),
        )
      } catch (cause) {
        // Nobody will ever have this link.
        await users.withdraw(organization, invitation.id)
        log.warn('user.mail-failed', { organization, user: invitation.email, cause })
        throw new Problem('unavailable', 'The invitation could not be sent.', { retryAfter: RETRY_AFTER })
      }
      return reply.status(201).send(shown(invitation))
    },
  })
}

/** Seconds until mail may be taken in again. */
const RETRY_AFTER = 30

const listRoute: Routes = (app, { authenticate, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/invitations',
    schema: {
      operationId: 'listInvitations',
      summary: 'Invitations that can still be accepted, the latest first',
      tags: ['users'],
      ...needs('users:read'),
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'users:read')
      return { data: (await users.invitations(organization)).map(shown) }
    },
  })
}

const withdrawRoute: Routes = (app, { authenticate, users, note }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/invitations/:id',
    schema: {
      operationId: 'removeInvitation',
      summary: 'Withdraw an invitation: its link works no more',
      tags: ['users'],
      ...needs('users:write'),
      params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'users:write')
      const withdrawn = await users.withdraw(organization, request.params.id)
      if (withdrawn === undefined) throw new Problem('missing', 'There is no such invitation.')
      note(request, { subject: withdrawn.email, before: shown(withdrawn) })
      return shown(withdrawn)
    },
  })
}

const acceptRoute: Routes = (app, { users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/invitations/accept',
    schema: {
      operationId: 'acceptInvitation',
      summary: 'Accept an invitation: with a new password, or the one of the account that there is',
      tags: ['users'],
      security: [],
      body: Type.Object(
        { token: Token, name: PersonName, language: Type.Optional(LanguageName), password: Password },
        CLOSED,
      ),
      response: { 201: Joined },
    },
    async handler(request, reply) {
      const { token, name, language = 'en', password } = request.body
      const person = { name, language, password, address: request.ip }
      const accepted = await toldOfUsers(() => users.acceptInvitation(token, person))
      if (!accepted.ok) {
        if (accepted.why === 'link') throw spent()
        throw refusalOf(accepted)
      }
      const { organization, email, account } = accepted
      note(request, { organization, actor: email, subject: account })
      log.info('user.joined', { organization, user: email, client: request.ip })
      return reply.status(201).send({ organization, email })
    },
  })
}

const joinRoute: Routes = (app, { signedIn, users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/invitations/join',
    schema: {
      operationId: 'joinInvitation',
      summary: 'Accept an invitation to the address that you have signed in by, without the password',
      tags: ['users'],
      ...SIGNED_IN,
      body: Type.Object({ token: Token }, CLOSED),
      response: { 201: Joined },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const joined = await users.joinInvitation(current, request.body.token)
      if (!joined.ok) throw spent()
      const { organization, email, account } = joined
      note(request, { organization, subject: account })
      log.info('user.joined', { organization, user: email, client: request.ip })
      return reply.status(201).send({ organization, email })
    },
  })
}

function spent(): Problem {
  return new Problem('missing', 'The invitation was accepted or withdrawn, or it is too old.')
}

function shown(invitation: Invitation): Static<typeof Shown> {
  const { id, email, role, by, createdAt, expiresAt } = invitation
  return {
    id,
    email,
    role,
    invited_by: by,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  }
}
