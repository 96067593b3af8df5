/** Who belongs to the organization, and as what. */

import { Type } from 'typebox'

import { mayGive } from '#product/user'
import type { Giver, Role } from '#product/user'

import type { Routes } from './parts.ts'
import { CLOSED, RoleName, shownUser, ShownUser, toldOfUsers } from './person-schema.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'

const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) })

export const userRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  changeRoute(app, parts)
  removeRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, users }) => {
  app.route({
    method: 'GET',
    url: '/v1/users',
    schema: {
      operationId: 'listUsers',
      summary: 'Who belongs to the organization, by address',
      tags: ['users'],
      ...needs('users:read'),
      response: { 200: Type.Object({ data: Type.Array(ShownUser) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'users:read')
      return { data: (await users.members(organization)).map(shownUser) }
    },
  })
}

const changeRoute: Routes = (app, { authenticate, users, note }) => {
  app.route({
    method: 'PATCH',
    url: '/v1/users/:id',
    schema: {
      operationId: 'changeUser',
      summary: 'Give a user another role; all their sessions end',
      tags: ['users'],
      ...needs('users:write'),
      params: Id,
      body: Type.Object({ role: RoleName }, CLOSED),
      response: { 200: ShownUser },
    },
    async handler(request) {
      const by = await authenticate(request, 'users:write')
      const { id } = request.params
      const { role } = request.body
      const before = await users.member(by.organization, id)
      if (before === undefined) throw nobody()
      mustGive(by, before.role)
      mustGive(by, role)
      note(request, { subject: before.email, before: { role: before.role } })
      await toldOfUsers(() => users.changeRole(by.organization, id, role))
      const after = await users.member(by.organization, id)
      if (after === undefined) throw nobody()
      return shownUser(after)
    },
  })
}

const removeRoute: Routes = (app, { authenticate, users, note }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/users/:id',
    schema: {
      operationId: 'removeUser',
      summary: 'Remove a user from the organization; all their sessions end',
      tags: ['users'],
      ...needs('users:write'),
      params: Id,
      response: { 200: ShownUser },
    },
    async handler(request) {
      const by = await authenticate(request, 'users:write')
      const { id } = request.params
      const before = await users.member(by.organization, id)
      if (before === undefined) throw nobody()
      mustGive(by, before.role)
      note(request, { subject: before.email, before: shownUser(before) })
      await toldOfUsers(() => users.removeMember(by.organization, id))
      return shownUser(before)
    },
  })
}

/** Neither given nor taken away by who has less. @throws {Problem} `forbidden` */
export function mustGive(by: Giver, role: Role): void {
  if (!mayGive(by, role)) throw new Problem('forbidden', `You cannot give or take the role ${role}.`)
}

function nobody(): Problem {
  return new Problem('missing', 'There is no such user in the organization.')
}
