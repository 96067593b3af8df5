/** Who asks, and whether they may: the API key or the session of a request, and the scope of a route. */

import type { FastifyReply, FastifyRequest } from 'fastify'

import { isOperatorScope, OPERATOR } from '#product/account'
import type { Accounts, ApiKey, KeyRing, Scope } from '#product/account'
import { scopesOf } from '#product/user'
import type { Current, Giver, Users } from '#product/user'

import { Problem } from './problem.ts'
import { RateLimit } from './rate.ts'
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

type Known = { readonly users: Pick<Users, 'current'> }

/** @throws {Problem} `unauthenticated`, `cross-site` */
export async function sessionOf({ users }: Known, request: FastifyRequest): Promise<Current> {
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
  return { organization, id, role, scopes: scopesOf(role, organization), stream: STREAM, actor: email }
}

function principalOfKey({ organization, id, stream, scopes }: ApiKey): Principal {
  const own = organization === OPERATOR ? scopes : scopes.filter((scope) => !isOperatorScope(scope))
  return { organization, id, stream, scopes: own, actor: `API key ${id}` }
}

const BEARER = /^Bearer +(\S+)$/i

const REFUSED = {
  unknown: 'The API key is not known: check that all of it was copied.',
  revoked: 'The API key was revoked.',
  expired: 'The API key has expired.',
  network: 'The API key may not be used from this address.',
} as const

export type AdmissionParts = {
  readonly keys: KeyRing
  readonly users: Pick<Users, 'current'>
  readonly accounts: Pick<Accounts, 'organizations'>
  /** That a key may make in a minute; 0: any number. */
  readonly requests: number
  readonly now: () => number
}

/** Octets that are read of those who show neither key nor session. */
const STRANGERS = 64 * 1024

export class Admission {
  readonly #keys: KeyRing
  readonly #users: Pick<Users, 'current'>
  readonly #accounts: AdmissionParts['accounts']
  readonly #limit: RateLimit | undefined
  readonly #admitted = new WeakMap<FastifyRequest, ApiKey>()
  readonly #principals = new WeakMap<
    FastifyRequest,
    { readonly scope: Scope; readonly principal: Principal }
  >()

  constructor({ keys, users, accounts, requests, now }: AdmissionParts) {
    this.#keys = keys
    this.#accounts = accounts
    this.#users = users
    this.#limit = requests === 0 ? undefined : new RateLimit(requests, now)
  }

  /**
   * Before the body is read: who may not ask is not listened to.
   * @throws {Problem} `unauthenticated`, `forbidden`, `cross-site`, `too-many`
   */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#known(request, reply)
    const scope = scopeOf(request)
    if (scope !== undefined) await this.authenticated(request, scope)
    else if (isForPeople(request) && request.headers.authorization !== undefined) throw keyed()
  }

  async #known(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) {
      if (wantsKnown(request) && cookieOf(request) === undefined) throw keyless()
      if (saysMuch(request) && !(await this.#hasSession(request))) throw keyless()
      return
    }
    const checked = await this.#keys.check(token, request.ip)
    if (!checked.ok) throw new Problem('unauthenticated', REFUSED[checked.why])
    this.#admitted.set(request, checked.key)
    if (this.#limit !== undefined) count(this.#limit, checked.key, reply)
  }

  /** @throws {Problem} `unauthenticated`, `forbidden`, `cross-site` */
  async authenticated(request: FastifyRequest, scope: Scope): Promise<Principal> {
    const before = this.#principals.get(request)
    if (before?.scope === scope) return before.principal
    const found = await this.#authenticated(request, scope)
    this.#principals.set(request, { scope, principal: found })
    return found
  }

  async #authenticated(request: FastifyRequest, scope: Scope): Promise<Principal> {
    const principal = await this.#principal(request)
    mustHave(principal, scope)
    const wanted = request.headers[ORGANIZATION_HEADER]
    return typeof wanted === 'string' ? this.#acting(principal, wanted, request.method) : principal
  }

  /** An operator does to another organization what its own people could. */
  async #acting(principal: Principal, organization: string, method: string): Promise<Principal> {
    if (organization === principal.organization) return principal
    mustHave(principal, READS.has(method) ? 'operator:read' : 'operator:write')
    const all = await this.#accounts.organizations()
    if (!all.some(({ name }) => name === organization))
      throw new Problem('missing', 'There is no such organization.')
    return { ...principal, organization, actor: `${principal.actor} (operator)` }
  }

  async #principal(request: FastifyRequest): Promise<Principal> {
    const key = this.#admitted.get(request)
    if (key !== undefined) return principalOfKey(key)
    if (request.headers.authorization !== undefined) throw keyless()
    return principalOf(await sessionOf({ users: this.#users }, request))
  }

  async #hasSession(request: FastifyRequest): Promise<boolean> {
    const token = cookieOf(request)
    return token !== undefined && (await this.#users.current(token)) !== undefined
  }
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Whose things an operator wants to see or change. */
export const ORGANIZATION_HEADER = 'hikyaku-organization'

/** @throws {Problem} `forbidden` */
function mustHave({ scopes, role }: Principal, scope: Scope): void {
  if (scopes.includes(scope)) return
  const what = role === undefined ? 'The API key' : `The role ${role}`
  throw new Problem('forbidden', `${what} has not the scope ${scope}.`)
}

function keyless(): Problem {
  return new Problem('unauthenticated', 'Send the header: Authorization: Bearer, and an API key.')
}

function keyed(): Problem {
  return new Problem('unauthenticated', 'That is for people who have signed in: no API key does it.')
}

/** A route that is published asks who it is, unless it says that it does not. */
function wantsKnown({ routeOptions: { schema } }: FastifyRequest): boolean {
  const { hide, security } = (schema ?? { hide: true }) as { hide?: boolean; security?: readonly unknown[] }
  return hide !== true && security?.length !== 0
}

/** What the route asks for, as `needs` has put it into its description. */
function scopeOf({ routeOptions: { schema } }: FastifyRequest): Scope | undefined {
  const { security } = (schema ?? {}) as { security?: readonly { readonly key?: readonly Scope[] }[] }
  return security?.[0]?.key?.[0]
}

/** A route that a session opens, and nothing else. */
function isForPeople({ routeOptions: { schema } }: FastifyRequest): boolean {
  const { security = [] } = (schema ?? {}) as { security?: readonly object[] }
  return security.length > 0 && security.every((one) => 'session' in one)
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
