/** Signing in and out, and the sessions of who has signed in. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { Session } from '#product/user'

import { clientOf, OrganizationName, ownSession, OwnSession } from './own-session.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Email, NeedsCode, Password, refusalOf, Time, toldOfUsers } from './person-schema.ts'
import { Problem } from './problem.ts'
import { clearCookie, cookieOf, refuseOtherSites, setCookie } from './session-cookie.ts'
import { isoTime } from './text.ts'
import { Code, codeRefusal } from './totp.ts'
import { SIGNED_IN } from './security.ts'

const Shown = Type.Object(
  {
    id: Type.String(),
    created_at: Time,
    used_at: Time,
    address: Type.String({ description: 'That it was begun from.' }),
    agent: Type.String(),
    current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
  },
  { title: 'Session' },
)

export const sessionRoutes: Routes = (app, parts) => {
  signInRoute(app, parts)
  codeRoute(app, parts)
  currentRoute(app, parts)
  moveRoute(app, parts)
  signOutRoute(app, parts)
  passwordRoute(app, parts)
  listRoute(app, parts)
  endRoute(app, parts)
}

const signInRoute: Routes = (app, { users, log, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/session',
    schema: {
      operationId: 'signIn',
      summary: 'Sign in: the answer sets a cookie',
      tags: ['session'],
      security: [],
      body: Type.Object(
        { email: Email, password: Password, organization: Type.Optional(OrganizationName) },
        CLOSED,
      ),
      response: { 201: OwnSession, 202: NeedsCode },
    },
    async handler(request, reply) {
      // Else a page elsewhere could sign people in as somebody else, who then reads what they do here.
      if (request.headers.origin !== undefined) refuseOtherSites(request)
      const { email, password, organization } = request.body
      const signedIn = await users.signIn({
        email,
        password,
        ...clientOf(request),
        ...(organization !== undefined && { organization }),
      })
      if (!signedIn.ok) {
        log.warn('user.refused', { user: email, client: request.ip, why: signedIn.why })
        throw refusalOf(signedIn)
      }
      const { token, member, needs } = signedIn
      note(request, { organization: member.organization, actor: member.email, subject: member.id })
      if (needs === 'code') {
        setCookie(request, reply, token)
        return reply.status(202).send({ needs })
      }
      log.info('user.signed-in', {
        user: member.email,
        organization: member.organization,
        client: request.ip,
      })
      const current = await users.current(token)
      // Password or role were changed in this very moment.
      if (current === undefined) throw refusalOf({ ok: false, why: 'wrong' })
      setCookie(request, reply, token)
      return reply.status(201).send(await ownSession(users, current))
    },
  })
}

const codeRoute: Routes = (app, { users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/session/second-factor',
    schema: {
      operationId: 'signInCode',
      summary: 'Show the code that signing in asks for',
      tags: ['session'],
      security: [{ session: [] }],
      body: Type.Object({ code: Code }, CLOSED),
      response: { 201: OwnSession },
    },
    async handler(request, reply) {
      const cookie = cookieOf(request)
      if (cookie === undefined) throw new Problem('unauthenticated', 'Sign in with the password first.')
      refuseOtherSites(request)
      const shownCode = await users.signInCode(cookie, request.body.code)
      if (!shownCode.ok) {
        log.warn('user.code-refused', { client: request.ip, why: shownCode.why })
        throw codeRefusal(shownCode)
      }
      const current = await users.current(shownCode.token)
      if (current === undefined) throw refusalOf({ ok: false, why: 'wrong' })
      const { email, organization, id } = current.member
      note(request, { organization, actor: email, subject: id })
      log.info('user.signed-in', { user: email, organization, client: request.ip })
      setCookie(request, reply, shownCode.token)
      return reply.status(201).send(await ownSession(users, current))
    },
  })
}

const currentRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/session',
    schema: {
      operationId: 'currentSession',
      summary: 'Who has signed in, and what they may do',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 200: OwnSession },
    },
    handler: async (request) => ownSession(users, await signedIn(request)),
  })
}

const moveRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'PATCH',
    url: '/v1/session',
    schema: {
      operationId: 'moveSession',
      summary: 'Go on in another organization that the user belongs to',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ organization: OrganizationName }, CLOSED),
      response: { 200: OwnSession },
    },
    async handler(request) {
      const { organization } = request.body
      const current = await signedIn(request)
      if (!(await users.moveSession(current, organization)))
        throw new Problem('missing', `You do not belong to an organization ${organization}.`)
      return ownSession(users, await signedIn(request))
    },
  })
}

const signOutRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/session',
    schema: {
      operationId: 'signOut',
      summary: 'Sign out',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const { session, member } = await signedIn(request)
      await users.endSession(member.id, session.id)
      clearCookie(request, reply)
      return reply.status(204).send(null)
    },
  })
}

const passwordRoute: Routes = (app, { signedIn, users, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/session/password',
    schema: {
      operationId: 'changePassword',
      summary: 'Change the password; every session ends, this one too',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ password: Password, new_password: Password }, CLOSED),
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const { password, new_password: wanted } = request.body
      const changed = await toldOfUsers(() =>
        users.changePassword({ current, address: request.ip, password, wanted }),
      )
      if (!changed.ok) throw refusalOf(changed)
      log.info('user.password-changed', { user: current.member.email, client: request.ip })
      clearCookie(request, reply)
      return reply.status(204).send(null)
    },
  })
}

const listRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/sessions',
    schema: {
      operationId: 'listSessions',
      summary: 'Where the user has signed in, the latest first',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { session, member } = await signedIn(request)
      const all = await users.sessions(member.id)
      return { data: all.map((each) => shown(each, session.id)) }
    },
  })
}

function shown({ id, createdAt, usedAt, address, agent }: Session, current: string): Static<typeof Shown> {
  return {
    id,
    created_at: isoTime(createdAt),
    used_at: isoTime(usedAt),
    address,
    agent,
    current: id === current,
  }
}

const endRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/sessions/:id',
    schema: {
      operationId: 'endSession',
      summary: 'End one of the sessions of the user',
      tags: ['session'],
      ...SIGNED_IN,
      params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const { member } = await signedIn(request)
      if (!(await users.endSession(member.id, request.params.id)))
        throw new Problem('missing', 'You have no such session.')
      return reply.status(204).send(null)
    },
  })
}
