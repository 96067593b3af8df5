/** What the paths from one source to all sites of one provider share: connections, and the windows of both rates. */

import type { Origin, Resolved } from '#engine/rule'
import type { Instant } from '#engine/spool'

import { Gate } from './gate.ts'
import type { Past, Rates, Span, Tallies } from './gate.ts'
import { connectionRates, messageRates } from './limits.ts'
import { Slots } from './slots.ts'
import type { Ceiling } from './state.ts'

/** One of the paths. */
export type Sharer = {
  /** Closes a connection that nobody uses; false when there is none. */
  spareOne(): boolean
  /** What it waited for may be there now. */
  shareFree(): void
}

export type Clock = {
  now(): Instant
  /** Calls `ring` once after `ms`; the result prevents it. */
  after(ms: number, ring: () => void): () => void
}

export class SharedShape {
  readonly source: string
  readonly provider: string
  readonly slots: Slots
  readonly messages: Turnstile
  readonly openings: Turnstile
  readonly #sharers = new Set<Sharer>()
  #resolved: Resolved

  constructor(resolved: Resolved, provider: string, clock: Clock, want?: () => void) {
    this.source = resolved.where.source
    this.provider = provider
    this.#resolved = resolved
    this.messages = new Turnstile(clock, want)
    this.openings = new Turnstile(clock, want)
    this.slots = new Slots(
      () => this.connections,
      () => this.#spareOne(),
    )
    this.use(resolved)
  }

  /** At most, in all. */
  get connections(): number {
    return this.#resolved.limits.shared.connections || Infinity
  }

  /** Why none of the paths may have a further connection, when all places are taken. */
  get ceiling(): Ceiling | undefined {
    if (!this.slots.isFull) return undefined
    const { provider, connections: value } = this
    return { at: 'limit', limit: { key: 'connections', value, provider, origin: this.origin('connections') } }
  }

  origin(key: string): Origin | undefined {
    return this.#resolved.origins.get(`shared.${key}`)
  }

  use(resolved: Resolved): void {
    this.#resolved = resolved
    this.messages.limit(messageRates(resolved.limits.shared))
    this.openings.limit(connectionRates(resolved.limits.shared))
  }

  join(sharer: Sharer): void {
    this.#sharers.add(sharer)
  }

  leave(sharer: Sharer): void {
    this.#sharers.delete(sharer)
    this.messages.forget(sharer)
    this.openings.forget(sharer)
  }

  /** No path shares it, and nothing is counted any more. */
  isForgotten(now: Instant): boolean {
    return (
      this.#sharers.size === 0 && this.messages.gate.isForgotten(now) && this.openings.gate.isForgotten(now)
    )
  }

  tallies(now: Instant, isLast: boolean): { readonly messages: Tallies; readonly connections: Tallies } {
    const { messages, openings } = this
    return { messages: messages.gate.tallies(now, isLast), connections: openings.gate.tallies(now, isLast) }
  }

  kept(now: Instant): void {
    for (const turnstile of [this.messages, this.openings]) {
      turnstile.gate.kept()
      turnstile.look(now)
    }
  }

  restore(kept: ReturnType<SharedShape['tallies']>, past: Past): void {
    this.messages.gate.restore(kept.messages, past)
    this.openings.gate.restore(kept.connections, past)
  }

  #spareOne(): void {
    for (const sharer of this.#sharers) if (sharer.spareOne()) return
  }
}

/** A gate that several pass by turns: who waits longest is let through first. */
export class Turnstile {
  readonly gate: Gate
  readonly #clock: Clock
  readonly #waiting = new Set<Sharer>()
  /** Who is being let through. */
  #called: Sharer | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock, want: (() => void) | undefined) {
    this.#clock = clock
    this.gate = new Gate(want)
  }

  /** Other limits: those that wait may have to wait less. */
  limit(rates: Rates): void {
    this.gate.limit(rates)
    this.#cancel?.()
    this.#cancel = undefined
    this.look(this.#clock.now())
  }

  /** Whether `sharer` may begin one now; otherwise `shareFree` is called when it may ask again. */
  admits(sharer: Sharer, now: Instant): boolean {
    if (this.gate.isFree) return true
    const isNext = this.#waiting.size === 0 || this.#called === sharer
    if (isNext && this.gate.wait(now) === 0) return true
    this.#waiting.add(sharer)
    this.#arm(now)
    return false
  }

  begin(): void {
    this.gate.begin()
    // One a turn.
    this.#called = undefined
  }

  end(now: Instant): void {
    this.gate.end(now)
    this.look(now)
  }

  /** The gate may let more through than it did. */
  look(now: Instant): void {
    if (this.#waiting.size > 0) this.#arm(now)
  }

  forget(sharer: Sharer): void {
    this.#waiting.delete(sharer)
  }

  binding(now: Instant): { readonly span: Span; readonly most: number; readonly wait: number } | undefined {
    return this.gate.binding(now)
  }

  #arm(now: Instant): void {
    if (this.#cancel !== undefined) return
    const wait = this.gate.wait(now)
    // Then an end arms it.
    if (wait === Infinity) return
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined
      this.#call()
    })
  }

  /** Those that wait, one after the other, for as long as one more may begin; who has no use for it goes. */
  #call(): void {
    for (const sharer of Array.from(this.#waiting)) {
      const now = this.#clock.now()
      if (this.gate.wait(now) > 0) return this.#arm(now)
      this.#waiting.delete(sharer)
      this.#called = sharer
      sharer.shareFree()
      this.#called = undefined
    }
  }
}
