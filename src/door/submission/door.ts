/** What all connections of the door share, and what one listener grants. */

import type { SecureContext } from 'node:tls'

import type { Feedback } from '#engine/feedback'
import type { Intake } from '#engine/queue'
import type { Tracer } from '#engine/trace'
import type { Identity, Surroundings, Terms } from '#grammar/smtp'
import type { LimitsConfig, ListenerConfig } from '#platform/config'
import type { Authenticator } from '#product/account'
import type { DomainDirectory } from '#product/domain'
import type { Allowance } from '#product/quota'

import type { Census } from './census.ts'
import type { LoginGuard } from './guard.ts'
import type { Journal } from './journal.ts'
import { networks } from './networks.ts'
import type { Networks } from './networks.ts'
import type { RecipientCheck } from './recipient-check.ts'
import { STRANGER, strangersLimits } from './strangers.ts'
import type { Held } from './strangers.ts'

/** Where the certificate of the moment comes from. */
export type Certificates = {
  /** For the name the client asks for, or for none. Never throws: it runs inside the handshake. */
  context(serverName: string | undefined): SecureContext
}

export type Door = {
  readonly hostname: string
  readonly intake: Intake
  readonly authenticator: Authenticator
  readonly domains: DomainDirectory
  /** What organizations may send; absent where anything goes. */
  readonly allowance: Pick<Allowance, 'refusal' | 'size'> | undefined
  readonly recipients: RecipientCheck
  /** What mail from strangers means. */
  readonly feedback: Pick<Feedback, 'refusal' | 'take'>
  readonly held: Held
  readonly certificates: Certificates
  readonly journal: Journal
  readonly census: Census
  readonly guard: LoginGuard
  readonly tracer: Tracer
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since the door opened, in steps of the one timer; it never steps back, and costs nothing to read. */
  readonly elapsed: () => number
  readonly draining: () => boolean
}

/** What a listener grants. A session keeps the policy it began with; a reload makes new ones. */
export type Policy = {
  readonly listener: ListenerConfig
  readonly limits: LimitsConfig
  readonly trusted: Networks
  readonly proxies: Networks
  readonly xclients: Networks
  /** For an ordinary client, and for one that may use XCLIENT. */
  readonly surroundings: Surroundings
  readonly proxySurroundings: Surroundings
}

export type PolicyParts = {
  readonly listener: ListenerConfig
  readonly limits: LimitsConfig
  readonly hostname: string
  readonly now: () => number
  readonly nonce: () => string
}

export function policyOf(parts: PolicyParts): Policy {
  const { listener, hostname, now, nonce } = parts
  const relays = listener.kind !== 'mx'
  const limits = relays ? parts.limits : strangersLimits(parts.limits)
  const { tls, authWithoutTls, requireTls } = listener
  const auth = relays ? listener.auth : 'none'
  const terms: Terms = { hostname, tls, auth, authWithoutTls, requireTls, relays, xclient: false, limits }
  return {
    listener,
    limits,
    trusted: listener.auth === 'required' ? () => false : networks(listener.trusted),
    proxies: networks(listener.proxyFrom),
    xclients: networks(listener.xclientFrom),
    surroundings: { terms, now, nonce },
    proxySurroundings: { terms: { ...terms, xclient: true }, now, nonce },
  }
}

/** For whom a client sends by its address alone; `undefined` stands for an address that nobody knows. */
export function trustedAs(policy: Policy, address: string | undefined): Identity | undefined {
  if (policy.listener.kind === 'mx') return STRANGER
  if (address === undefined) return undefined
  const { organization, stream } = policy.listener
  return policy.trusted(address) ? { organization, stream } : undefined
}
