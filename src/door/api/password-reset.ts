/** A password that was forgotten: a link by mail sets another one. */

import { Type } from 'typebox'

import { resetLetter } from '#product/user'

import type { Routes } from './parts.ts'
import { busy, CLOSED, Email, Password, refusalOf, toldOfUsers, Token } from './person-schema.ts'
import { Problem } from './problem.ts'

export const passwordResetRoutes: Routes = (app, parts) => {
  askRoute(app, parts)
  confirmRoute(app, parts)
}

const askRoute: Routes = (app, { users, write, linkTo, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/password-reset',
    schema: {
      operationId: 'askPasswordReset',
      summary: 'Have a link sent to the user of that address, if there is one',
      tags: ['session'],
      security: [],
      body: Type.Object({ email: Email }, CLOSED),
      response: { 202: Type.Object({}, { description: 'Says nothing of whether there is one.' }) },
    },
    async handler(request, reply) {
      const asked = await toldOfUsers(() => users.askReset(request.body.email, request.ip))
      if (!asked.ok && asked.why === 'too-often') throw refusalOf(asked)
      if (asked.ok) {
        const { user, token } = asked
        const letter = resetLetter(user.language, { email: user.email, url: linkTo('reset', token) })
        // Not waited for: the time of the answer would say whether there is such a user.
        write(user, letter).catch((cause: unknown) =>
          log.warn('user.mail-failed', { user: user.email, cause }),
        )
      }
      return reply.status(202).send({})
    },
  })
}

const confirmRoute: Routes = (app, { users, note, log }) => {
  app.route({
    method: 'POST',
    url: '/v1/password-reset/confirm',
    schema: {
      operationId: 'resetPassword',
      summary: 'Set another password by the link; every session ends',
      tags: ['session'],
      security: [],
      body: Type.Object({ token: Token, password: Password }, CLOSED),
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const { token, password } = request.body
      const reset = await toldOfUsers(() => users.resetPassword(token, password))
      if (!reset.ok)
        throw reset.why === 'busy'
          ? busy()
          : new Problem('missing', 'The link was used, or it is too old: ask for another one.')
      const { email, id } = reset.user
      const [organization = ''] = await users.organizationsOf(id)
      note(request, { organization, actor: email, subject: id })
      log.info('user.password-changed', { user: email, client: request.ip })
      return reply.status(204).send(null)
    },
  })
}
