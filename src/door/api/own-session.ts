/** A session in answers: whose it is, where, and what they may do there. */

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'

import { scopesOf } from '#product/user'
import type { Current } from '#product/user'

import type { RouteParts } from './parts.ts'
import { ScopeName, shownUser, ShownUser } from './person-schema.ts'

export const OrganizationName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })

export const OwnSession = Type.Object(
  {
    user: ShownUser,
    organization: Type.String(),
    organizations: Type.Array(Type.String(), { description: 'All that the user belongs to.' }),
    scopes: Type.Array(ScopeName),
    session: Type.String(),
  },
  { title: 'OwnSession' },
)

/** Where somebody signs in from. */
export function clientOf(request: FastifyRequest): { readonly address: string; readonly agent: string } {
  return { address: request.ip, agent: request.headers['user-agent'] ?? '' }
}

export async function ownSession(
  users: RouteParts['users'],
  { session, member }: Current,
): Promise<Static<typeof OwnSession>> {
  return {
    user: shownUser(member),
    organization: member.organization,
    organizations: [...(await users.organizationsOf(member.id))],
    scopes: [...scopesOf(member.role, member.organization)],
    session: session.id,
  }
}
