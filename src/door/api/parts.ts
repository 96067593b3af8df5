/** What the API is made of, and what each group of its routes is given. */

import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from 'typebox'

import type { Log } from '#platform/log'
import type { ApiKey, KeyRing, Scope } from '#product/account'

import type { BulkDeliveries } from '#product/bulk-delivery'
import type { EventSource } from '#product/event'
import type { CountSource } from '#product/insight'
import type { Operations } from '#product/operation'
import type { Webhook, WebhookAttempt, Webhooks } from '#product/webhook'

import type { Listening } from './listening.ts'
import type { Submit } from './submission.ts'

export type ApiParts = Listening & {
  readonly address: string
  readonly port: number
  /** Octets of a request. */
  readonly bodyLimit: number
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** That one key may make in a minute; 0: any number. */
  readonly requests: number
  readonly keys: KeyRing
  readonly submit: Submit
  /** What was begun in several requests. */
  readonly bulk: BulkDeliveries
  /** What an operator can do; routes see to it that a key does it to its own organization. */
  readonly operations: Pick<
    Operations,
    'messages' | 'message' | 'explain' | 'change' | 'suppressions' | 'suppressionAdd' | 'suppressionRemove'
  >
  readonly events: EventSource
  readonly counts: CountSource
  readonly webhooks: Webhooks & {
    ping(webhook: Pick<Webhook, 'organization' | 'id'>): Promise<WebhookAttempt | undefined>
  }
  readonly log: Log
  readonly version: string
  readonly now: () => number
  /** Settles after so many milliseconds; rejects when the signal ends it before. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Lower-case letters and digits, at most 40, that it has not given before. */
  readonly unique: () => string
}

/** What a group of routes is made of. */
export type RouteParts = ApiParts & {
  /** @throws {Problem} when the request shows no key, or none that may do this */
  readonly authenticate: (request: FastifyRequest, scope: Scope) => Promise<ApiKey>
}

/** A request has the types of its route's schema. */
interface Typed extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  readonly serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  Typed
>

export type Routes = (app: App, parts: RouteParts) => void
