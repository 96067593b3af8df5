/** The second factor of who has signed in: begun, confirmed, its codes on paper, its end. */

import { Type } from 'typebox'

import type { CodeRefusal } from '#product/user'

import type { Routes } from './parts.ts'
import { CLOSED, Password, refusalOf } from './person-schema.ts'
import { Problem } from './problem.ts'
import { Line } from './text.ts'
import { SIGNED_IN } from './security.ts'

export const Code = Line({ minLength: 6, maxLength: 20, description: 'Of the app, or one on paper.' })

const Codes = Type.Object({
  recovery_codes: Type.Array(Type.String(), {
    description: 'For when the app is lost; each opens once. Here and nowhere else, ever.',
  }),
})

export const totpRoutes: Routes = (app, parts) => {
  stateRoute(app, parts)
  beginRoute(app, parts)
  confirmRoute(app, parts)
  codesRoute(app, parts)
  removeRoute(app, parts)
}

const stateRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/totp',
    schema: {
      operationId: 'showTotp',
      summary: 'Whether signing in asks for a code',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 200: Type.Object({ enabled: Type.Boolean(), recovery_codes_left: Type.Integer() }) },
    },
    async handler(request) {
      const { member } = await signedIn(request)
      const { enabled, codesLeft } = await users.secondFactor(member.id)
      return { enabled, recovery_codes_left: codesLeft }
    },
  })
}

const beginRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'POST',
    url: '/v1/totp',
    schema: {
      operationId: 'addTotp',
      summary: 'A secret for an app; it is asked for after a first code has confirmed it',
      tags: ['session'],
      ...SIGNED_IN,
      response: { 201: Type.Object({ secret: Type.String(), uri: Type.String() }) },
    },
    async handler(request, reply) {
      const begun = await users.beginTotp(await signedIn(request))
      if (begun === undefined) throw new Problem('conflict', 'There is one: remove it first.')
      return reply.status(201).send(begun)
    },
  })
}

const confirmRoute: Routes = (app, { signedIn, users, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/totp/confirm',
    schema: {
      operationId: 'confirmTotp',
      summary: 'From now on signing in asks for a code; your other sessions end',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ code: Code }, CLOSED),
      response: { 200: Codes },
    },
    async handler(request) {
      const current = await signedIn(request)
      const confirmed = await users.confirmTotp(current, request.body.code)
      if (!confirmed.ok) throw codeRefusal(confirmed)
      log.info('user.second-factor', { user: current.member.email, enabled: true, client: request.ip })
      return { recovery_codes: [...confirmed.codes] }
    },
  })
}

const codesRoute: Routes = (app, { signedIn, users }) => {
  app.route({
    method: 'POST',
    url: '/v1/totp/recovery-codes',
    schema: {
      operationId: 'renewRecoveryCodes',
      summary: 'New codes on paper; the earlier ones open nothing any more',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ password: Password }, CLOSED),
      response: { 200: Codes },
    },
    async handler(request) {
      const current = await signedIn(request)
      if (!(await users.secondFactor(current.member.id)).enabled) throw none()
      const proof = { password: request.body.password, address: request.ip }
      const renewed = await users.renewRecoveryCodes(current, proof)
      if (!renewed.ok) throw refusalOf(renewed)
      return { recovery_codes: [...renewed.codes] }
    },
  })
}

const removeRoute: Routes = (app, { signedIn, users, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/totp/remove',
    schema: {
      operationId: 'removeTotp',
      summary: 'From now on signing in asks for the password alone',
      tags: ['session'],
      ...SIGNED_IN,
      body: Type.Object({ password: Password }, CLOSED),
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const current = await signedIn(request)
      const proof = { password: request.body.password, address: request.ip }
      const removed = await users.removeTotp(current, proof)
      if (!removed.ok) throw refusalOf(removed)
      log.info('user.second-factor', { user: current.member.email, enabled: false, client: request.ip })
      return reply.status(204).send(null)
    },
  })
}

export function codeRefusal(refusal: CodeRefusal): Problem {
  switch (refusal.why) {
    case 'too-often':
      return refusalOf(refusal)
    case 'none':
      return none()
    case 'wrong':
      return new Problem('sign-in', 'It is not the code of this moment, or it was taken before.')
  }
}

function none(): Problem {
  return new Problem('missing', 'There is nothing that asks for a code.')
}
