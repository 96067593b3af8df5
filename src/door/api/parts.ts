/** What the API is made of, and what each group of its routes is given. */

import type { FastifyInstance, FastifyRequest } from 'fastify'

import type { Log } from '#platform/log'
import type { ApiKey, KeyRing, Scope } from '#product/account'

import type { Submit } from './submission.ts'

export type ApiParts = {
  readonly address: string
  readonly port: number
  /** Octets of a request. */
  readonly bodyLimit: number
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly keys: KeyRing
  readonly submit: Submit
  readonly log: Log
  readonly version: string
  readonly now: () => number
  /** Lower-case letters and digits, at most 40, that it has not given before. */
  readonly unique: () => string
}

/** What a group of routes is made of. */
export type RouteParts = ApiParts & {
  /** @throws {Problem} when the request shows no key, or none that may do this */
  readonly authenticate: (request: FastifyRequest, scope: Scope) => Promise<ApiKey>
}

export type Routes = (app: FastifyInstance, parts: RouteParts) => void
