/** Who asks, and whether it may: the API key of a request, and the scope of a route. */

import type { FastifyRequest } from 'fastify'

import type { ApiKey, KeyRing, Scope } from '#product/account'

import { Problem } from './problem.ts'

const BEARER = /^Bearer +(\S+)$/i

const REFUSED = {
  unknown: 'The API key is not known: check that all of it was copied.',
  revoked: 'The API key was revoked.',
  expired: 'The API key has expired.',
  network: 'The API key may not be used from this address.',
} as const

/** @throws {Problem} `unauthenticated`, `forbidden` */
export async function authenticated(keys: KeyRing, request: FastifyRequest, scope: Scope): Promise<ApiKey> {
  const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined)
    throw new Problem('unauthenticated', 'Send the header: Authorization: Bearer, and an API key.')
  const checked = await keys.check(token, request.ip)
  if (!checked.ok) throw new Problem('unauthenticated', REFUSED[checked.why])
  if (!checked.key.scopes.includes(scope))
    throw new Problem('forbidden', `The API key has not the scope ${scope}.`)
  return checked.key
}
