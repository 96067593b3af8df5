/** Who asks, and whether they may: the API key or the session of a request, and the scope of a route. */

import type { FastifyRequest } from 'fastify'

import type { KeyRing, Scope } from '#product/account'
import { scopesOf } from '#product/user'
import type { Current, Giver, Users } from '#product/user'

import { Problem } from './problem.ts'
import { cookieOf, refuseOtherSites } from './session-cookie.ts'

export type Principal = Giver & {
  /** Whose things it may see and change, and nobody else's. */
  readonly organization: string
  /** Of the key or the user. */
  readonly id: string
  /** Where messages go that name no stream. */
  readonly stream: string
  /** As people read it who ask who did it. */
  readonly actor: string
}

type Known = { readonly keys: KeyRing; readonly users: Pick<Users, 'current'> }

/** @throws {Problem} `unauthenticated`, `forbidden`, `cross-site` */
export async function authenticated(known: Known, request: FastifyRequest, scope: Scope): Promise<Principal> {
  const principal =
    request.headers.authorization === undefined
      ? principalOf(await sessionOf(known, request))
      : await keyOf(known.keys, request, request.headers.authorization)
  if (principal.scopes.includes(scope)) return principal
  const what = principal.role === undefined ? 'The API key' : `The role ${principal.role}`
  throw new Problem('forbidden', `${what} has not the scope ${scope}.`)
}

/** @throws {Problem} `unauthenticated`, `cross-site` */
export async function sessionOf({ users }: Pick<Known, 'users'>, request: FastifyRequest): Promise<Current> {
  const token = cookieOf(request)
  if (token === undefined)
    throw new Problem('unauthenticated', 'Send Authorization: Bearer and an API key, or sign in first.')
  refuseOtherSites(request)
  const current = await users.current(token)
  if (current === undefined) throw new Problem('unauthenticated', 'The session has ended: sign in again.')
  return current
}

/** What who signs in sends by. */
const STREAM = 'transactional'

function principalOf({ member: { organization, id, email, role } }: Current): Principal {
  return { organization, id, role, scopes: scopesOf(role), stream: STREAM, actor: email }
}

const BEARER = /^Bearer +(\S+)$/i

const REFUSED = {
  unknown: 'The API key is not known: check that all of it was copied.',
  revoked: 'The API key was revoked.',
  expired: 'The API key has expired.',
  network: 'The API key may not be used from this address.',
} as const

async function keyOf(keys: KeyRing, request: FastifyRequest, authorization: string): Promise<Principal> {
  const [, token] = BEARER.exec(authorization) ?? []
  if (token === undefined)
    throw new Problem('unauthenticated', 'Send the header: Authorization: Bearer, and an API key.')
  const checked = await keys.check(token, request.ip)
  if (!checked.ok) throw new Problem('unauthenticated', REFUSED[checked.why])
  const { organization, id, stream, scopes } = checked.key
  return { organization, id, stream, scopes, actor: `API key ${id}` }
}
