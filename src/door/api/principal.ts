/** Who asks, and whether it may: the API key of a request, how often it asks, and the scope of a route. */

import type { FastifyReply, FastifyRequest } from 'fastify'

import type { ApiKey, KeyRing, Scope } from '#product/account'

import { Problem } from './problem.ts'
import { RateLimit } from './rate.ts'

const BEARER = /^Bearer +(\S+)$/i

const REFUSED = {
  unknown: 'The API key is not known: check that all of it was copied.',
  revoked: 'The API key was revoked.',
  expired: 'The API key has expired.',
  network: 'The API key may not be used from this address.',
} as const

export type AdmissionParts = {
  readonly keys: KeyRing
  /** That a key may make in a minute; 0: any number. */
  readonly requests: number
  readonly now: () => number
}

/** Octets that are read of those who show no key. */
const STRANGERS = 64 * 1024

export class Admission {
  readonly #keys: KeyRing
  readonly #limit: RateLimit | undefined
  readonly #admitted = new WeakMap<FastifyRequest, ApiKey>()

  constructor({ keys, requests, now }: AdmissionParts) {
    this.#keys = keys
    this.#limit = requests === 0 ? undefined : new RateLimit(requests, now)
  }

  /** Before the body is read: who may not ask is not listened to. @throws {Problem} `unauthenticated`, `too-many` */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) {
      if (saysMuch(request)) throw keyless()
      return
    }
    const checked = await this.#keys.check(token, request.ip)
    if (!checked.ok) throw new Problem('unauthenticated', REFUSED[checked.why])
    this.#admitted.set(request, checked.key)
    if (this.#limit !== undefined) count(this.#limit, checked.key, reply)
  }

  /** @throws {Problem} `unauthenticated`, `forbidden` */
  async authenticated(request: FastifyRequest, scope: Scope): Promise<ApiKey> {
    const key = this.#admitted.get(request)
    if (key === undefined) throw keyless()
    if (!key.scopes.includes(scope)) throw new Problem('forbidden', `The API key has not the scope ${scope}.`)
    return key
  }
}

function keyless(): Problem {
  return new Problem('unauthenticated', 'Send the header: Authorization: Bearer, and an API key.')
}

function saysMuch({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > STRANGERS
}

/** In the fields of draft-ietf-httpapi-ratelimit-headers. @throws {Problem} `too-many` */
function count(limit: RateLimit, key: ApiKey, reply: FastifyReply): void {
  const { ok, remaining, reset, wait } = limit.take(key.id)
  void reply.header('ratelimit-policy', limit.policy)
  void reply.header('ratelimit', `"key";r=${remaining};t=${reset}`)
  if (ok) return
  throw new Problem('too-many', `Too many requests with this key: wait ${wait} s.`, { retryAfter: wait })
}
