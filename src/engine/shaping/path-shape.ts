/**
 * What one path may do now: its limits, what is counted against them, and the reactions that have set in. Outlives the
 * path itself, so that a receiver sees the limits kept however often connections come and go.
 *
 * Knows no sockets and no queue: the path asks before each message and each connection, and tells what came of them.
 */

import type { Limits, Resolved } from '#engine/rule'
import type { Attempt, Claimed, Instant } from '#engine/spool'

import { finite, Gate, tighter } from './gate.ts'
import type { Past, Tallies, Tighter } from './gate.ts'
import { connectionRates, messageRates, pathLimits } from './limits.ts'
import type { PathLimits } from './limits.ts'
import { isSuspension, longest, pausedOf, slowest, slowWait, untilFirstEnd } from './live.ts'
import type { Live, Stream } from './live.ts'
import { Meter } from './meter.ts'
import { Permit } from './permit.ts'
import type { PermitKeeper } from './permit.ts'
import { observedOf, Reactor } from './reactor.ts'
import type { Effect } from './reactor.ts'
import type { Clock, SharedShape, Sharer } from './shared-shape.ts'
import { Slots } from './slots.ts'
import type { Claimant } from './slots.ts'
import { slowPace } from './state.ts'
import type { Ceiling, Limit, Pace } from './state.ts'
import { hasLookedAt, isUnknownUser, UnknownUsers } from './unknown-users.ts'
import type { WarmUp } from './warm-up.ts'

/** The path itself, or one of several of the same name. */
export type ShapeOwner = Claimant &
  Sharer & {
    /** Something set in or ended: look again at what may be done. */
    reshaped(): void
  }

export type PathShapeOptions = {
  readonly resolved: Resolved
  readonly shared: SharedShape | undefined
  /** Of the source at this group of receivers; absent where the source is not warmed up. */
  readonly warmUp?: WarmUp | undefined
  readonly clock: Clock
  readonly newId: () => string
  /** Absent where nothing is written down. */
  readonly want?: (() => void) | undefined
  /** What is to be logged, counted, kept. */
  readonly happened: (effect: Effect, claimed?: Claimed) => void
}

/** The rule name of the circuit breaker. */
export const UNKNOWN_USERS = 'unknown-users'

export class PathShape implements PermitKeeper {
  readonly #options: PathShapeOptions
  #resolved: Resolved
  #shared: SharedShape | undefined
  #limits: PathLimits
  readonly #messages: Gate
  readonly #openings: Gate
  readonly #owners = new Set<ShapeOwner>()
  readonly #reactor: Reactor
  readonly #meter = new Meter()
  #unknownUsers: UnknownUsers | undefined
  /** Connections, by those that share them: as a rule there is one path, and it has them all. */
  readonly #slots: Slots
  /** Those that wait for something under way to end, which may be another's. */
  readonly #waiting = new Set<ShapeOwner>()
  /** When the last message began, for those that are to be spread. */
  #lastBegan: Instant = -Infinity
  #cancelSweep: (() => void) | undefined
  /** Streams paused here, by organization; absent when none is. */
  #paused: ReadonlyMap<string, ReadonlySet<string>> | undefined
  /** The live reactions that keep everything back, slow it, or leave one connection. */
  #suspended: Live | undefined
  #slowing: readonly Live[] = []
  #single: Live | undefined

  constructor(options: PathShapeOptions) {
    const { resolved, shared, clock, newId } = options
    this.#options = options
    this.#messages = new Gate(options.want)
    this.#openings = new Gate(options.want)
    this.#resolved = resolved
    this.#shared = shared
    this.#limits = pathLimits(resolved)
    this.#slots = new Slots(
      () => this.mostConnections(),
      () => this.#spareOne(),
    )
    this.#reactor = new Reactor({
      source: resolved.where.source,
      site: resolved.where.site,
      newId,
      perMinute: () => this.#meter.perMinute(clock.now()),
    })
    this.use(resolved, shared)
  }

  get limits(): PathLimits {
    return this.#limits
  }

  get where(): Resolved['where'] {
    return this.#resolved.where
  }

  /** The same for all messages of all streams: nothing need be asked before each. */
  get #isFree(): boolean {
    if (this.#options.warmUp !== undefined) return false
    return this.#messages.isFree && this.#reactor.isQuiet && (this.#shared?.messages.gate.isFree ?? true)
  }

  /** Rules and configuration are others. What was counted stays counted, what has set in stays until its end. */
  use(resolved: Resolved, shared: SharedShape | undefined): void {
    const { limits } = resolved
    this.#resolved = resolved
    this.#limits = pathLimits(resolved)
    this.#messages.limit(messageRates(limits))
    this.#openings.limit(connectionRates(limits))
    this.#reactor.reactions = resolved.reactions
    if (limits.unknownUsers.share === 0) this.#unknownUsers = undefined
    else this.#unknownUsers ??= new UnknownUsers()
    if (shared !== this.#shared) for (const owner of this.#owners) this.#shared?.leave(owner)
    this.#shared = shared
    // What one of them waits for may be no limit any more.
    for (const owner of this.#owners) {
      shared?.join(owner)
      owner.shareFree()
    }
  }

  attach(owner: ShapeOwner): void {
    this.#owners.add(owner)
    this.#shared?.join(owner)
  }

  detach(owner: ShapeOwner): void {
    this.#owners.delete(owner)
    this.#waiting.delete(owner)
    this.#shared?.leave(owner)
    this.#slots.forget(owner)
    this.#shared?.slots.forget(owner)
  }

  get warmUp(): WarmUp | undefined {
    return this.#options.warmUp
  }

  /** Nobody uses it, and nothing is counted or has set in. */
  isForgotten(now: Instant): boolean {
    if (this.#owners.size > 0 || !this.#reactor.isQuiet || this.connections > 0) return false
    return this.#messages.isForgotten(now) && this.#openings.isForgotten(now)
  }

  // Messages.

  /** Milliseconds until `owner` may begin a message, 0 for now; `Infinity`: it will be told. */
  messageWait(owner: ShapeOwner): number {
    if (this.#isFree) return 0
    if (this.#suspended !== undefined) return Infinity
    const now = this.#options.clock.now()
    const warmUp = this.#options.warmUp?.wait(now) ?? 0
    const wait = Math.max(this.#messages.wait(now), slowWait(this.#slowing, this.#lastBegan, now), warmUp)
    if (wait === Infinity) this.#waiting.add(owner)
    if (wait > 0) return wait
    return this.#shared === undefined || this.#shared.messages.admits(owner, now) ? 0 : Infinity
  }

  begin(): void {
    if (this.#isFree) return
    this.#messages.begin()
    this.#shared?.messages.begin()
    this.#options.warmUp?.begin(this.#options.clock.now())
    if (this.#slowing.length > 0) this.#lastBegan = this.#options.clock.now()
  }

  /** The message that began has ended, whatever came of it. */
  end(): void {
    this.#endMessage()
    this.#tellWaiting()
  }

  #endMessage(): void {
    if (this.#isFree) return
    const now = this.#options.clock.now()
    this.#messages.end(now)
    this.#shared?.messages.end(now)
    this.#options.warmUp?.end()
  }

  #tellWaiting(): void {
    if (this.#waiting.size === 0) return
    // Who is told may have to wait again at once, for something else.
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const owner of waiting) owner.shareFree()
  }

  /** Whether a transaction more may follow on the same connection, which then counts as a message of its own. */
  another(owner: ShapeOwner): boolean {
    if (this.messageWait(owner) > 0) return false
    this.#endMessage()
    this.begin()
    return true
  }

  isPaused(organization: string, stream: string): boolean {
    return this.#paused?.get(organization)?.has(stream) === true
  }

  /** Streams that are paused here, to be passed over; absent when there are none. */
  get hasPaused(): boolean {
    return this.#paused !== undefined
  }

  // Connections.

  get connections(): number {
    return this.#slots.taken
  }

  mostConnections(): number {
    return this.#single === undefined ? this.#limits.connections : 1
  }

  /** Milliseconds until `owner` may open a connection, 0 for now; `Infinity`: it will be told. */
  openingWait(owner: ShapeOwner): number {
    if (this.#suspended !== undefined || this.#mustWait(this.#slots, owner)) return Infinity
    const now = this.#options.clock.now()
    const wait = this.#openings.wait(now)
    if (wait === Infinity) this.#waiting.add(owner)
    if (wait > 0 || this.#shared === undefined) return wait
    const { slots, openings } = this.#shared
    return this.#mustWait(slots, owner) || !openings.admits(owner, now) ? Infinity : 0
  }

  /** A place is taken only by `open`; here, one in the line of those who wait for it. */
  #mustWait(slots: Slots, owner: ShapeOwner): boolean {
    if (!slots.isFull) return false
    slots.claim(owner)
    return slots.isFull
  }

  /** Only after `openingWait` gave 0. */
  open(owner: ShapeOwner): Permit {
    this.#shared?.slots.claim(owner)
    this.#slots.claim(owner)
    this.#openings.begin()
    this.#shared?.openings.begin()
    return new Permit(this)
  }

  takeTry(): boolean {
    // What has been said since the opening began holds for what is left of it.
    if (this.#suspended !== undefined || this.connections > this.mostConnections()) return false
    if (this.#shared !== undefined && this.#shared.slots.taken > this.#shared.connections) return false
    const now = this.#options.clock.now()
    if (this.#openings.wait(now) > 0 || (this.#shared?.openings.gate.wait(now) ?? 0) > 0) return false
    this.#openings.begin()
    this.#shared?.openings.begin()
    return true
  }

  endTries(count: number): void {
    const now = this.#options.clock.now()
    for (let n = 0; n < count; n += 1) {
      this.#openings.end(now)
      this.#shared?.openings.end(now)
    }
    this.#tellWaiting()
  }

  takePlace(): boolean {
    const [owner] = this.#owners
    if (owner === undefined || this.#slots.isFull) return false
    if (this.#shared?.slots.isFull === true) return false
    this.#shared?.slots.claim(owner)
    this.#slots.claim(owner)
    return true
  }

  givePlaces(count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.#slots.release()
      this.#shared?.slots.release()
    }
  }

  /** Whether who has `held` connections should give one up: for another path, or because there may be fewer now. */
  shouldYield(held: number): boolean {
    if (this.connections > this.mostConnections() || this.#slots.shouldYield(held)) return true
    return this.#shared?.slots.shouldYield(held) === true
  }

  #spareOne(): void {
    for (const owner of this.#owners) if (owner.spareOne()) return
  }

  // What replies set off.

  /**
   * What the attempts came to, which a rule may see otherwise than the codes do. Gives `tried` itself where nothing
   * is otherwise.
   */
  tried<T extends Attempt>(claimed: readonly Claimed[], tried: readonly T[]): readonly T[] {
    this.#meter.add(tried[0]?.at ?? 0)
    this.#options.warmUp?.hear(tried)
    if (this.#unknownUsers === undefined && tried.every(({ outcome }) => outcome === 'delivered'))
      return tried
    let changed: T[] | undefined
    for (const [i, attempt] of tried.entries()) {
      const one = claimed[i]
      if (one === undefined) continue
      const outcome = this.#triedOne(one, attempt)
      if (outcome === attempt.outcome) continue
      changed ??= [...tried]
      changed[i] = { ...attempt, outcome }
    }
    return changed ?? tried
  }

  /** No connection came about, or it was lost before any message. */
  failed(attempt: Attempt): void {
    if (this.#resolved.reactions.length === 0) return
    this.#apply(this.#reactor.observe({ attempt }, this.#options.clock.now()))
  }

  #triedOne(claimed: Claimed, attempt: Attempt): Attempt['outcome'] {
    const { organization, stream } = claimed.message
    this.#countUnknown({ organization, stream }, attempt, claimed)
    if (attempt.outcome === 'delivered' || this.#resolved.reactions.length === 0) return attempt.outcome
    const observed = observedOf(claimed, attempt)
    const effects = this.#reactor.observe(observed, this.#options.clock.now())
    if (effects.length === 0) return attempt.outcome
    this.#apply(effects, claimed)
    return effects.findLast((effect) => effect.at === 'delivery')?.outcome ?? attempt.outcome
  }

  #countUnknown(stream: Stream, attempt: Attempt, claimed: Claimed): void {
    if (this.#unknownUsers === undefined || !hasLookedAt(attempt)) return
    const { clock } = this.#options
    const terms = this.#resolved.limits.unknownUsers
    const isUnknown = isUnknownUser(attempt, claimed.delivery.to.domain)
    const now = clock.now()
    const counted = this.#unknownUsers.add(stream, isUnknown, terms, now)
    if (counted === undefined) return
    const { message, n } = claimed.delivery.key
    const origin = this.#resolved.origins.get('unknown_users.share')
    this.#apply(
      this.#reactor.pause({
        rule: UNKNOWN_USERS,
        place: { ...(origin?.file && { file: origin.file }), ...(origin?.line && { line: origin.line }) },
        act: { do: 'pause-stream', for: terms.pause },
        stream,
        cause: { attempt, delivery: `${message}.${n}` },
        from: now,
        until: now + terms.pause,
        counted,
      }),
      claimed,
    )
  }

  /** @returns the reaction as it was, or nothing when this path has none of this id */
  cancel(id: string): Live | undefined {
    return this.#altered(this.#reactor.cancel(id))
  }

  extend(id: string, by: number): Live | undefined {
    return this.#altered(this.#reactor.extend(id, by))
  }

  #altered(live: Live | undefined): Live | undefined {
    if (live !== undefined) this.#changed()
    return live
  }

  restore(live: Live): void {
    this.#reactor.restore(live)
    this.#changed()
  }

  get live(): Iterable<Live> {
    return this.#reactor.live
  }

  #apply(effects: readonly Effect[], claimed?: Claimed): void {
    if (effects.length === 0) return
    for (const effect of effects) {
      this.#options.happened(effect, claimed)
      if (effect.at === 'started' && isSuspension(effect.live)) this.#options.warmUp?.alarm()
    }
    if (effects.some(({ at }) => at === 'started' || at === 'renewed' || at === 'ended')) this.#changed()
  }

  #changed(): void {
    const live = [...this.#reactor.live]
    this.#suspended = longest(live.filter(isSuspension))
    this.#slowing = live.filter(({ act }) => act.do === 'slow')
    this.#single = longest(live.filter(({ act }) => act.do === 'one-connection'))
    this.#paused = pausedOf(live)
    this.#armSweep(live)
    for (const owner of this.#owners) owner.reshaped()
  }

  #armSweep(live: readonly Live[]): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    if (live.length === 0) return
    const { clock } = this.#options
    this.#cancelSweep = clock.after(untilFirstEnd(live, clock.now()), () => {
      this.#cancelSweep = undefined
      this.#apply(this.#reactor.sweep(clock.now()))
      if (this.#cancelSweep === undefined) this.#armSweep([...this.#reactor.live])
    })
  }

  /** Lets go of its timers. */
  close(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }

  // For operators.

  /** The reaction that keeps everything back. */
  get suspended(): Live | undefined {
    return this.#suspended
  }

  /** Transactions of the last minute, about. */
  get perMinute(): number {
    return this.#meter.perMinute(this.#options.clock.now())
  }

  get pausedStreams(): readonly Live[] {
    return [...this.#reactor.live].filter(({ stream }) => stream !== undefined)
  }

  /** Why no message may begin at `now`, though a connection stands ready. */
  pace(): Pace | undefined {
    if (this.#suspended !== undefined) return { at: 'suspended', reaction: this.#suspended }
    const now = this.#options.clock.now()
    const slow = slowWait(this.#slowing, this.#lastBegan, now)
    const found = tighter(this.#messages.binding(now), this.#shared?.messages.binding(now))
    const warming = this.#options.warmUp?.pace(now)
    if (warming !== undefined) return warming
    if (slow > (found?.wait ?? 0)) return slowPace(slowest(this.#slowing, now), now, slow)
    if (found === undefined) return undefined
    return { at: 'paced', limit: this.#limitOf('messages', found), until: now + finite(found.wait) }
  }

  /** Whether what is left of today's mail is to wait for this path, and not to go by another. */
  get keepsShare(): boolean {
    return this.#options.warmUp?.keepsShare(this.#options.clock.now()) === true
  }

  /** The warm-up is at another step. */
  warmed(): void {
    for (const owner of this.#owners) owner.shareFree()
  }

  /** Why there may be no further connection. */
  ceiling(): Ceiling | undefined {
    const { limits } = this.#resolved
    if (this.#slots.isFull) {
      if (this.#single !== undefined) return { at: 'reaction', reaction: this.#single }
      return { at: 'limit', limit: this.#valueOf('connections', limits.connections) }
    }
    const shared = this.#shared?.ceiling
    if (shared !== undefined) return shared
    const now = this.#options.clock.now()
    const found = tighter(this.#openings.binding(now), this.#shared?.openings.binding(now))
    if (found === undefined) return undefined
    return { at: 'rate', limit: this.#limitOf('connections', found), until: now + finite(found.wait) }
  }

  #limitOf(what: 'messages' | 'connections', { span, most, isShared }: Tighter): Limit {
    const key = `${what}_per_${span}`
    if (!isShared || this.#shared === undefined) return this.#valueOf(key, most)
    return { key, value: most, provider: this.#shared.provider, origin: this.#shared.origin(key) }
  }

  #valueOf(key: string, value: number): Limit {
    return { key, value, origin: this.#resolved.origins.get(key) }
  }

  get unknownUsers(): Limits['unknownUsers'] {
    return this.#resolved.limits.unknownUsers
  }

  // For keeping.

  tallies(now: Instant, isLast: boolean): { readonly messages: Tallies; readonly connections: Tallies } {
    return { messages: this.#messages.tallies(now, isLast), connections: this.#openings.tallies(now, isLast) }
  }

  /** What `tallies` gave last has been written down: more may begin. */
  kept(): void {
    if ([this.#messages.kept(), this.#openings.kept(), this.warmUp !== undefined].includes(true))
      for (const owner of this.#owners) owner.shareFree()
  }

  /** What another path had counted and set off is this one’s as well. */
  inherit(other: PathShape): void {
    const now = this.#options.clock.now()
    this.#messages.restore(other.#messages.seen(now), { passed: 0, now })
    this.#openings.restore(other.#openings.seen(now), { passed: 0, now })
    for (const live of other.live) if (live.until > now) this.restore(live)
  }

  restoreTallies(kept: ReturnType<PathShape['tallies']>, past: Past): void {
    this.#messages.restore(kept.messages, past)
    this.#openings.restore(kept.connections, past)
  }
}
