/**
 * The SMTP door: listeners, the connections on them, and the one timer they all share. A listener is for submission
 * (RFC 6409) or, by its kind, an MX that takes what comes back.
 */

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'

import type { Feedback } from '#engine/feedback'
import type { Intake } from '#engine/queue'
import { UNTRACED } from '#engine/trace'
import type { Tracer } from '#engine/trace'
import type { LimitsConfig, ListenerConfig } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { Authenticator } from '#product/account'
import type { DomainDirectory } from '#product/domain'
import type { Allowance } from '#product/quota'
import type { SuppressionFilter } from '#product/suppression'

import { Acceptance } from './acceptance.ts'
import { Census } from './census.ts'
import { Connection } from './connection.ts'
import { policyOf } from './door.ts'
import type { Certificates, Door, Policy } from './door.ts'
import { LoginGuard } from './guard.ts'
import { Journal } from './journal.ts'
import { Listener, endpoint } from './listener.ts'
import type { ListeningAt, Serve } from './listener.ts'
import { submissionMetrics } from './metrics.ts'
import { RecipientCheck } from './recipient-check.ts'
import type { Tell } from './recipient-check.ts'
import { Held } from './strangers.ts'

export type SubmissionParts = {
  readonly hostname: string
  readonly listeners: readonly ListenerConfig[]
  readonly limits: LimitsConfig
  readonly tls: Certificates
  readonly authenticator: Authenticator
  readonly domains: DomainDirectory
  readonly suppressions: Pick<SuppressionFilter, 'find'>
  /** What organizations may send; absent where anything goes. */
  readonly allowance?: Pick<Allowance, 'refusal' | 'size'>
  readonly tell: Tell
  readonly intake: Intake
  /** What mail from strangers means, for listeners of the kind `mx`. */
  readonly feedback: Pick<Feedback, 'refusal' | 'take'>
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** Who may follow what is said. */
  readonly tracer?: Tracer
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** That many octets of chance, for the nonces of SCRAM. */
  readonly random?: (octets: number) => Uint8Array
  /** Several threads listen on the same ports. */
  readonly shared?: boolean
  /** What stands in the way of one more file descriptor, if anything does. */
  readonly probe?: () => Error | undefined
  /** Calls `tick` every so many milliseconds until the function it gives back is called. */
  readonly every?: (milliseconds: number, tick: () => void) => () => void
}

export type Submission = {
  readonly addresses: () => readonly ListeningAt[]
  /**
   * For new sessions; those there are keep what they began with. Listens where it did not, stops where it should not.
   * Rejects with what `net` says when it cannot listen; then the old listeners and limits stay.
   */
  reload(parts: {
    readonly listeners: readonly ListenerConfig[]
    readonly limits: LimitsConfig
  }): Promise<void>
  /** Stops accepting, sends idle sessions away, lets transactions end; resolves when all are gone, within `patience` ms. */
  drain(patience: number): Promise<void>
  /** Ends everything now. */
  close(): Promise<void>
}

/** Milliseconds between two looks at who is late: the precision of every timeout here. */
export const TICK = 1_000

/** Octets of a nonce: 144 bits. RFC 5802 §5.1 */
const NONCE = 18

/** @throws what `net` says of a listener that cannot listen; then none does */
export async function startSubmission(parts: SubmissionParts): Promise<Submission> {
  const door = new SubmissionDoor(parts)
  try {
    await door.reload(parts)
  } catch (error) {
    await door.close()
    throw error
  }
  return door
}

class SubmissionDoor implements Submission {
  readonly #parts: SubmissionParts
  readonly #door: Door
  readonly #connections = new Set<Connection>()
  readonly #listeners = new Map<string, Listener>()
  readonly #acceptance: Acceptance
  readonly #stopTimer: () => void
  #elapsed = 0
  #draining = false
  #empty: (() => void) | undefined

  constructor(parts: SubmissionParts) {
    this.#parts = parts
    const elapsed = (): number => this.#elapsed
    const census = new Census(parts.limits)
    const metrics = submissionMetrics(parts.metrics, () => census.all)
    const journal = new Journal(parts.log, metrics)
    this.#door = {
      hostname: parts.hostname,
      intake: parts.intake,
      authenticator: parts.authenticator,
      domains: parts.domains,
      allowance: parts.allowance,
      certificates: parts.tls,
      recipients: new RecipientCheck(parts, journal),
      feedback: parts.feedback,
      held: new Held(),
      journal,
      census,
      guard: new LoginGuard(parts.limits, elapsed),
      tracer: parts.tracer ?? UNTRACED,
      now: parts.now,
      elapsed,
      draining: () => this.#draining,
    }
    this.#acceptance = new Acceptance(this.#door.journal, elapsed, parts.probe)
    this.#stopTimer = (parts.every ?? everyUnref)(TICK, () => this.#tick())
  }

  addresses = (): readonly ListeningAt[] => Array.from(this.#listeners.values(), (listener) => listener.at)

  async reload({ listeners, limits }: Parameters<Submission['reload']>[0]): Promise<void> {
    const policies = listeners.map((listener) => this.#policy(listener, limits))
    const wanted = new Set(policies.map(endpoint))
    const unwanted = [...this.#listeners].filter(([at]) => !wanted.has(at))
    await this.#listenAll(policies, new Set(unwanted.map(([, listener]) => listener.at.port)))
    for (const [at, listener] of unwanted) {
      listener.close()
      this.#listeners.delete(at)
    }
    // A port that only changed its address could not be taken while the old one stood.
    for (const policy of policies) await this.#listen(policy)
    this.#door.census.limits = limits
    this.#door.guard.limits = limits
  }

  /** Where nobody of ours stands in the way; when one fails, those that were opened are closed, and nothing has changed. */
  async #listenAll(policies: readonly Policy[], occupied: ReadonlySet<number>): Promise<void> {
    const before = new Map(this.#listeners)
    try {
      for (const policy of policies) {
        const isNew = !this.#listeners.has(endpoint(policy))
        if (isNew && !occupied.has(policy.listener.port)) await this.#listen(policy)
      }
    } catch (error) {
      for (const [at, listener] of this.#listeners) {
        if (before.has(at)) continue
        listener.close()
        this.#listeners.delete(at)
      }
      throw error
    }
  }

  async #listen(policy: Policy): Promise<void> {
    const there = this.#listeners.get(endpoint(policy))
    if (there !== undefined) {
      there.policy = policy
      return
    }
    const serve: Serve = {
      connected: (socket, current) => this.#serve(socket, current),
      failed: (error) => this.#acceptance.failed(error),
    }
    this.#listeners.set(endpoint(policy), await Listener.on(policy, this.#parts.shared ?? false, serve))
  }

  #policy(listener: ListenerConfig, limits: LimitsConfig): Policy {
    const random = this.#parts.random ?? randomBytes
    const nonce = (): string => Buffer.from(random(NONCE)).toString('base64')
    return policyOf({ listener, limits, hostname: this.#parts.hostname, now: this.#parts.now, nonce })
  }

  #serve(socket: Socket, policy: Policy): void {
    this.#connections.add(new Connection(socket, this.#door, policy, (gone) => this.#gone(gone)))
  }

  #gone(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#empty?.()
  }

  /** Counted, not read from a clock: a machine that sleeps or a clock that is set makes nobody late. */
  #tick(): void {
    this.#elapsed += TICK
    this.#acceptance.look()
    for (const connection of this.#connections) connection.sweep(this.#elapsed)
  }

  async drain(patience: number): Promise<void> {
    this.#draining = true
    this.#stopListening()
    for (const connection of this.#connections) connection.dismiss()
    if (this.#connections.size > 0) await this.#emptied(patience)
    await this.close()
  }

  #emptied(patience: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, patience)
    this.#empty = () => {
      clearTimeout(timer)
      resolve()
    }
    return promise
  }

  close(): Promise<void> {
    this.#stopTimer()
    this.#stopListening()
    if (this.#connections.size === 0) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#empty = resolve
    for (const connection of this.#connections) connection.destroy()
    return promise
  }

  #stopListening(): void {
    for (const listener of this.#listeners.values()) listener.close()
    this.#listeners.clear()
  }
}

function everyUnref(milliseconds: number, tick: () => void): () => void {
  const timer = setInterval(tick, milliseconds).unref()
  return () => clearInterval(timer)
}
