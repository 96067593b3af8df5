/** `POST /v1/owner`: what the link of the first start, or of `hikyaku user owner-link`, opens. */

import { Type } from 'typebox'

import {
  busy,
  CLOSED,
  Email,
  LanguageName,
  Password,
  PersonName,
  toldOfUsers,
  Token,
} from './person-schema.ts'
import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'

export const ownerRoutes: Routes = (app, { users, log, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/owner',
    schema: {
      operationId: 'becomeOwner',
      summary: 'Become an owner by a link that works once',
      tags: ['users'],
      security: [],
      body: Type.Object(
        {
          token: Token,
          email: Email,
          name: PersonName,
          language: Type.Optional(LanguageName),
          password: Password,
        },
        CLOSED,
      ),
      response: { 201: Type.Object({ organization: Type.String(), email: Type.String() }) },
    },
    async handler(request, reply) {
      const { token, email, name, language = 'en', password } = request.body
      const opened = await toldOfUsers(() => users.openOwnerLink(token, { email, name, language, password }))
      if (!opened.ok) throw opened.why === 'busy' ? busy() : spent()
      const { organization } = opened
      note(request, { organization, actor: opened.email, subject: opened.account })
      log.info('user.owner', { organization, user: opened.email, client: request.ip })
      return reply.status(201).send({ organization, email: opened.email })
    },
  })
}

function spent(): Problem {
  return new Problem('missing', 'The link was used, or it is too old: hikyaku user owner-link makes another.')
}
