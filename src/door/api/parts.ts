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
import type { Accounts, ApiKeys, KeyRing, Scope } from '#product/account'
import type { Audit } from '#product/audit'
import type { BulkDeliveries } from '#product/bulk-delivery'
import type { EventSource } from '#product/event'
import type { CountSource } from '#product/insight'
import type { DomainChange, Domains, DomainView } from '#product/domain'
import type { Oidc } from '#product/oidc'
import type { Operations } from '#product/operation'
import type { Finding } from '#product/verification'
import type { Templates } from '#product/template'
import type { Current, Letter, User, Users } from '#product/user'
import type { Webhook, WebhookAttempt, Webhooks } from '#product/webhook'

import type { Note } from './auditing.ts'
import type { LinkKind } from './link-kind.ts'
import type { Listening } from '#platform/http-server'
import type { Principal } from './principal.ts'
import type { ShownStream } from './stream-schema.ts'
import type { Submit, SubmitLetter } from './submission.ts'

export type DomainDesk = Pick<Domains, 'list' | 'show' | 'add' | 'remove' | 'rotate' | 'vouch'> & {
  /** Looks into the DNS now, keeps what is found, and gives what that changed. */
  look(view: DomainView): Promise<readonly DomainChange[]>
  /** The keys that wait sign from now on. @throws {OperationError} `refused`, `invalid` */
  activate(view: DomainView, force: boolean): Promise<DomainView | null>
}

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
  readonly apiKeys: ApiKeys
  readonly accounts: Pick<
    Accounts,
    'organizations' | 'addOrganization' | 'credentials' | 'addCredential' | 'revoke'
  >
  readonly users: Users
  readonly oidc: Oidc
  readonly audit: Audit
  /** Resolves when it is kept. @throws {Error} with why it is not */
  readonly write: (to: Pick<User, 'email' | 'name'>, letter: Letter) => Promise<void>
  /** Where people reach the API: `https://mail.example.org`. */
  readonly site: () => string
  /** The address of the page for a link. */
  readonly linkTo: (kind: LinkKind, token: string) => string
  readonly submit: Submit
  readonly submitLetter: SubmitLetter
  /** What was begun in several requests. */
  readonly bulk: BulkDeliveries
  readonly templates: Templates
  /** What an operator can do; routes see to it that a key does it to its own organization, unless it is an operator's. */
  readonly operations: Operations
  readonly domains: DomainDesk
  /** Of the configuration of the moment. */
  readonly streams: () => readonly ShownStream[]
  /** Examines the machine and the node; never rejects. */
  readonly doctor: () => Promise<readonly Finding[]>
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
  /** @throws {Problem} when the request shows no key or session, or one that may not do this */
  readonly authenticate: (request: FastifyRequest, scope: Scope) => Promise<Principal>
  /** For what people do as themselves, and no key can. @throws {Problem} when the request shows no session */
  readonly signedIn: (request: FastifyRequest) => Promise<Current>
  /** For the audit log: what the request itself does not say of what it changes. */
  readonly note: (request: FastifyRequest, note: Note) => void
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
