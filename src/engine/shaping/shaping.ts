/**
 * The shapes of all paths: made when a path is, kept for as long as anything is counted or has set in, and written
 * down so that neither hourly limits nor reactions are forgotten by a restart.
 */

import { baseOf, domainLayerOf, OTHERS, providerOf, resolve } from '#engine/rule'
import type { Base, Resolved, Ruleset } from '#engine/rule'
import type { Route } from '#engine/routing'
import type { Attempt, Claimed, Instant, NewEvent } from '#engine/spool'
import type { EgressConfig } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import type { Past, Tallies } from './gate.ts'
import { Holds } from './holds.ts'
import type { Holder } from './holds.ts'
import type { Live } from './live.ts'
import { Heritage } from './heritage.ts'
import { logFields } from './log-fields.ts'
import { shapingMetrics } from './metrics.ts'
import type { ShapingMetrics } from './metrics.ts'
import { PathShape } from './path-shape.ts'
import type { Effect } from './reactor.ts'
import type { BadRate, WarmUpState } from './state.ts'
import { Telling } from './telling.ts'
import type { WarmUpKept, WarmUpTerms } from './warm-up.ts'
import { WarmUps } from './warm-ups.ts'
import { asShared, upstreamOf } from './upstream.ts'
import { SharedShape } from './shared-shape.ts'
import type { Clock } from './shared-shape.ts'

/** What tells apart, on one site, domains that have limits of their own. */
export type Group = { readonly provider?: string; readonly domain?: string; readonly static?: true }

/** A recipient that must not be tried any more, and why. */
export type Suppressing = { readonly claimed: Claimed; readonly attempt: Attempt; readonly rule: string }

export type ShapingOptions = {
  readonly rules: Ruleset
  /** May be a getter: what it says by then is the ground for paths resolved later. */
  readonly config: EgressConfig
  /** Steady: a step of the time of day must neither open nor close a window. */
  readonly clock: Clock
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** How sources are warmed up, as it is now; absent where none is. */
  readonly warmUp?: () => WarmUpTerms
  /** The suppression list, where there is one. */
  readonly suppress?: (suppressing: Suppressing) => void
  /** Who has the deliveries of campaigns that are held. */
  readonly holder?: Holder
  /** Into the log of events; absent where nobody reads one. */
  readonly tell?: (event: NewEvent) => void
  /** What `keep` gives should be written down, and `kept` be called; absent where nothing is. */
  readonly want?: () => void
}

type Counted = ReturnType<PathShape['tallies']>

const NOTHING: Counted = { messages: {}, connections: {} }

/** What outlives the process. Times are of the clock. */
export type Kept = {
  readonly at: Instant
  /** The process came to its end in order: nothing has begun since. */
  readonly isLast?: true
  readonly paths: readonly {
    readonly key: string
    readonly tallies?: Counted
    readonly live?: readonly Live[]
  }[]
  /** Of a source and a provider, or the source's relay. */
  readonly shared: readonly { readonly key: string; readonly tallies: Counted }[]
  readonly warmUps?: readonly WarmUpKept[]
  /** Campaigns that are held. */
  readonly holds?: readonly Live[]
}

/** Milliseconds of the longest window. */
const LONGEST = 86_400_000

/** Shapes that nothing needs any more are let go when there are this many more than after the last time. */
const SWEEP = 1_000

const NO_WARM_UP: WarmUpTerms = { schedule: [], whenFull: 'overflow', idleRestart: Infinity }

export class Shaping {
  readonly #options: ShapingOptions
  readonly #metrics: ShapingMetrics
  readonly #warmUps: WarmUps
  readonly #holds: Holds
  readonly #telling: Telling
  readonly #shapes = new Map<string, PathShape>()
  readonly #heritage = new Heritage()
  readonly #shared = new Map<string, SharedShape>()
  /** Of paths that have not been asked for yet. */
  readonly #kept = new Map<string, Kept['paths'][number]>()
  readonly #keptShared = new Map<string, Counted>()
  #keptAt: Instant = 0
  /** When a process that did not come to its end was gone at the latest. */
  #crashedBy: Instant | undefined
  #rules: Ruleset
  #base: Base
  #config: EgressConfig
  #sweepAt = SWEEP
  #lastId = 0

  constructor(options: ShapingOptions) {
    this.#options = options
    this.#rules = options.rules
    this.#config = options.config
    this.#base = baseOf(options.config)
    this.#metrics = shapingMetrics(options.metrics, {
      live: () => this.reactions(),
      warmUps: () => this.#warmUps.list(),
    })
    const { clock, log, warmUp, want, holder, tell = () => {} } = options
    this.#telling = new Telling(tell, () => clock.now())
    this.#holds = new Holds({
      clock,
      want,
      holder,
      newId: () => this.#newId(),
      happened: (at, live) => this.#happened({ at, live }, undefined),
    })
    this.#warmUps = new WarmUps({
      sources: () => (warmUp === undefined ? [] : options.config.sources),
      terms: () => warmUp?.() ?? NO_WARM_UP,
      now: () => clock.now(),
      log,
      metrics: this.#metrics,
      telling: this.#telling,
      want,
    })
  }

  /** Which limits of its own a domain has where `route` leads. */
  groupOf(domain: string, { names, via }: Pick<Route, 'names' | 'via'>): Group {
    // A route of the operator's leads elsewhere than the domain's own hosts, and they are who limits.
    const provider = providerOf(this.#rules, { hosts: names, ...(via === 'static' ? {} : { domain }) })
    const layer = domainLayerOf(this.#rules, domain)
    return {
      ...(provider === undefined ? {} : { provider }),
      ...(layer === undefined ? {} : { domain: layer }),
      ...(via === 'static' ? { static: true as const } : {}),
    }
  }

  /** The shape of the path from `source` to `site`: the same one for as long as anything of it matters. */
  shapeOf(source: string, site: string, group: Group): PathShape {
    const key = keyOf(source, site, group)
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    this.#sweep()
    const resolved = this.#resolve({ source, site, ...group })
    const shape = new PathShape({
      resolved,
      shared: this.#sharedOf(resolved),
      warmUp: this.#warmUps.of(source, group.provider),
      clock: this.#options.clock,
      newId: () => this.#newId(),
      want: this.#options.want,
      happened: (effect, claimed) => this.#happened(effect, claimed),
    })
    this.#shapes.set(key, shape)
    this.#restore(key, shape)
    for (const before of this.#heritage.of(shape.where)) shape.inherit(before)
    return shape
  }

  /** From now on these rules hold, and the configuration as it is. */
  use(rules: Ruleset): void {
    this.#rules = rules
    this.#config = this.#options.config
    this.#base = baseOf(this.#config)
    this.#heritage.remember(this.#shapes.values())
    for (const shape of this.#shapes.values()) {
      const resolved = this.#resolve(shape.where)
      shape.use(resolved, this.#sharedOf(resolved))
    }
  }

  get rules(): Ruleset {
    return this.#rules
  }

  /** Those that have set in, on all paths, the latest first. */
  reactions(): readonly Live[] {
    const now = this.#options.clock.now()
    const all = [...this.#shapes.values()].flatMap((shape) => [...shape.live])
    const waiting = this.#keptLive()
    // Inherited by another path it is still the same.
    const distinct = new Map([...all, ...waiting, ...this.#holds.live].map((live) => [live.id, live]))
    return [...distinct.values()].filter(({ until }) => until > now).toSorted((a, b) => b.from - a.from)
  }

  /** Campaigns that are held. */
  holds(): readonly Live[] {
    return [...this.#holds.live]
  }

  /** The campaign that a delivery is held with, whatever path it would take. */
  heldBy(claimed: Claimed): Live | undefined {
    return this.#holds.heldBy(claimed)
  }

  /** Of every source that is warmed up, at the groups it has sent to or is known to have been set for. */
  warmUps(): readonly WarmUpState[] {
    return this.#warmUps.list()
  }

  /** At which sources and groups of receivers a rate of the last day is bad as of now; at all others none is. */
  rated(bad: readonly BadRate[]): void {
    this.#warmUps.rated(bad)
  }

  /** Another step, from 1; absent: it is over. `undefined`: the source is not warmed up. */
  setWarmUp(source: string, provider: string, step?: number): WarmUpState | undefined {
    const isKnown = provider === OTHERS || this.#rules.providers.some(({ name }) => name === provider)
    if (!isKnown) return undefined
    const warmUp = this.#warmUps.of(source, provider)
    const now = this.#options.clock.now()
    warmUp?.set(step === undefined ? Infinity : step - 1)
    for (const shape of this.#shapes.values()) if (shape.warmUp === warmUp && warmUp) shape.warmed()
    return warmUp?.state(now)
  }

  /** Ends a reaction before its time. `undefined`: there is none of this id. */
  cancel(id: string): Live | undefined {
    const live = this.#holds.cancel(id) ?? this.#change(id, (shape) => shape.cancel(id))
    if (live === undefined) return undefined
    this.#options.want?.()
    this.#options.log.info('reaction.cancelled', logFields(live))
    this.#telling.ended(live, 'operator')
    this.#metrics.reaction(live.act.do, 'cancelled')
    return live
  }

  /** Ends it `by` milliseconds later than it would. */
  extend(id: string, by: number): Live | undefined {
    const live = this.#holds.extend(id, by) ?? this.#change(id, (shape) => shape.extend(id, by))
    if (live === undefined) return undefined
    this.#options.want?.()
    this.#options.log.info('reaction.extended', logFields(live))
    this.#telling.extended(live)
    this.#metrics.reaction(live.act.do, 'extended')
    return live
  }

  /** What is to outlive the process, as of now. `isLast`: nothing will begin any more. */
  keep(isLast = false): Kept {
    const at = this.#options.clock.now()
    this.#endKept(at)
    const paths = [...this.#shapes].flatMap(([key, shape]) => {
      const tallies = shape.tallies(at, isLast)
      const live = [...shape.live].filter(({ until }) => until > at)
      if (isNothing(tallies) && live.length === 0) return []
      return [{ key, ...(isNothing(tallies) ? {} : { tallies }), ...(live.length === 0 ? {} : { live }) }]
    })
    const shared = [...this.#shared].flatMap(([key, shape]) => {
      const tallies = shape.tallies(at, isLast)
      return isNothing(tallies) ? [] : [{ key, tallies }]
    })
    const passed = Math.max(0, at - this.#keptAt)
    if (passed > LONGEST) this.#forgetCounts()
    const waiting = [...this.#kept.values()].map((path) => aged(path, passed))
    const alsoShared = [...this.#keptShared].map(([key, tallies]) => ({
      key,
      tallies: agedBy(tallies, passed),
    }))
    return {
      at,
      ...(isLast ? { isLast } : {}),
      paths: [...paths, ...waiting],
      shared: [...shared, ...alsoShared],
      warmUps: this.#warmUps.keep(isLast),
      holds: this.#holds.keep(at),
    }
  }

  /** Of paths that nobody asked for in a day: no window is longer. */
  #forgetCounts(): void {
    this.#keptShared.clear()
    for (const [key, { live = [] }] of this.#kept) {
      if (live.some(({ until }) => until > this.#options.clock.now())) this.#kept.set(key, { key, live })
      else this.#kept.delete(key)
    }
  }

  /** What `keep` gave last is durable: more may begin. */
  kept(): void {
    const now = this.#options.clock.now()
    this.#warmUps.kept()
    this.#holds.kept()
    for (const shared of this.#shared.values()) shared.kept(now)
    for (const shape of this.#shapes.values()) shape.kept()
  }

  /** Takes up what a process before kept; before the first path is made. */
  restore({ at, isLast, paths, shared, warmUps = [], holds = [] }: Kept): void {
    this.#warmUps.restore(warmUps)
    const now = this.#options.clock.now()
    if (isLast !== true) this.#crashedBy = now
    // A clock that was set back must not prolong what had set in.
    const late = Math.max(0, at - now)
    this.#keptAt = Math.min(at, now)
    const earlier = (one: Live): Live => ({ ...one, from: one.from - late, until: one.until - late })
    this.#holds.restore(holds.map(earlier))
    for (const path of paths) {
      const live = path.live?.map(earlier)
      this.#kept.set(path.key, { ...path, ...(live === undefined ? {} : { live }) })
    }
    for (const { key, tallies } of shared) this.#keptShared.set(key, tallies)
    for (const one of [...this.#holds.live, ...this.#keptLive()]) this.#telling.restored(one)
    this.#endKept(now)
  }

  #keptLive(): readonly Live[] {
    return [...this.#kept.values()].flatMap(({ live = [] }) => live)
  }

  /** No path has a timer for these: what came to its end before one was asked for is told when it is noticed. */
  #endKept(now: Instant): void {
    for (const [key, { live, ...path }] of this.#kept) {
      const over = live?.filter(({ until }) => until <= now) ?? []
      if (live === undefined || over.length === 0) continue
      const left = live.filter(({ until }) => until > now)
      this.#kept.set(key, left.length === 0 ? path : { ...path, live: left })
      for (const one of over) this.#tell('ended', one)
    }
  }

  close(): void {
    this.#holds.close()
    for (const shape of this.#shapes.values()) shape.close()
  }

  #restore(key: string, shape: PathShape): void {
    const past = this.#past()
    this.#endKept(past.now)
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    shape.restoreTallies(kept?.tallies ?? NOTHING, past)
    for (const live of kept?.live ?? []) shape.restore(live)
  }

  /** Since what was taken up. */
  #past(): Past {
    const now = this.#options.clock.now()
    return { passed: Math.max(0, now - this.#keptAt), now, crashedBy: this.#crashedBy }
  }

  #change(id: string, act: (shape: PathShape) => Live | undefined): Live | undefined {
    // A path that was not asked for since the start has its reactions all the same.
    for (const [key, { live = [] }] of this.#kept) if (live.some((one) => one.id === id)) this.#wakeKept(key)
    return [...this.#shapes.values()].flatMap((shape) => act(shape) ?? [])[0]
  }

  #wakeKept(key: string): void {
    const [source = '', site = '', provider = '', domain = '', kind = ''] = key.split('\0')
    const isStatic = kind === STATIC ? { static: true as const } : {}
    this.shapeOf(source, site, { ...(provider && { provider }), ...(domain && { domain }), ...isStatic })
  }

  #resolve(where: Resolved['where']): Resolved {
    // The configuration may have been read anew without the rules.
    if (this.#options.config !== this.#config) {
      this.#config = this.#options.config
      this.#base = baseOf(this.#config)
    }
    const { source } = where
    const upstream = upstreamOf(this.#config, source)
    if (upstream === undefined) return resolve(this.#rules, this.#base, where)
    // It is the relay that bears and answers: rules about receivers are for who speaks to them.
    return { ...resolve(this.#rules, this.#base, { source, site: upstream, static: true }), where }
  }

  #sharedOf(resolved: Resolved): SharedShape | undefined {
    const { source } = resolved.where
    const upstream = upstreamOf(this.#config, source)
    const place = upstream ?? resolved.where.provider
    const limits = upstream === undefined ? resolved : asShared(resolved)
    if (place === undefined || Object.values(limits.limits.shared).every((value) => value === 0))
      return undefined
    const key = `${source}\0${place}`
    const known = this.#shared.get(key)
    known?.use(limits)
    if (known !== undefined) return known
    const { clock, want } = this.#options
    const shared = new SharedShape(limits, place, clock, want)
    this.#shared.set(key, shared)
    shared.restore(this.#keptShared.get(key) ?? NOTHING, this.#past())
    this.#keptShared.delete(key)
    return shared
  }

  #happened(effect: Effect, claimed: Claimed | undefined): void {
    const { suppress, want } = this.#options
    switch (effect.at) {
      case 'started':
      case 'renewed':
      case 'ended':
        this.#tell(effect.at, effect.live)
        this.#metrics.reaction(effect.live.act.do, effect.at)
        want?.()
        return
      case 'delivery':
        this.#metrics.delivery(effect.outcome)
        return
      case 'hold':
        this.#holds.begin(effect.hold)
        return
      case 'suppress':
        this.#metrics.reaction('suppress', 'started')
        if (claimed !== undefined) suppress?.({ claimed, attempt: effect.attempt, rule: effect.rule })
    }
  }

  #tell(at: 'started' | 'renewed' | 'ended', live: Live): void {
    const { log } = this.#options
    if (at === 'started') {
      log.warn('reaction.started', logFields(live))
      this.#telling.started(live)
    } else if (at === 'renewed') {
      log.debug('reaction.renewed', logFields(live))
      this.#telling.renewed(live)
    } else {
      log.info('reaction.ended', logFields(live))
      this.#telling.ended(live, 'time')
    }
  }

  #newId(): string {
    this.#lastId = Math.max(this.#lastId + 1, Math.floor(this.#options.clock.now()))
    return this.#lastId.toString(36)
  }

  /** Now and then: a shape costs about a kilobyte. */
  #sweep(): void {
    if (this.#shapes.size < this.#sweepAt) return
    const now = this.#options.clock.now()
    for (const [key, shape] of this.#shapes) {
      if (!shape.isForgotten(now)) continue
      shape.close()
      this.#shapes.delete(key)
      this.#heritage.forget(shape)
    }
    for (const [key, shared] of this.#shared) if (shared.isForgotten(now)) this.#shared.delete(key)
    this.#sweepAt = this.#shapes.size + SWEEP
  }
}

const STATIC = 'static'

function keyOf(source: string, site: string, { provider = '', domain = '', static: own }: Group): string {
  const parts = [source, site, provider, domain]
  return (own === true ? [...parts, STATIC] : parts).join('\0')
}

function isNothing({ messages, connections }: Counted): boolean {
  return Object.keys(messages).length + Object.keys(connections).length === 0
}

/** The same, said so much later. */
function aged(path: Kept['paths'][number], passed: number): Kept['paths'][number] {
  return path.tallies === undefined ? path : { ...path, tallies: agedBy(path.tallies, passed) }
}

function agedBy({ messages, connections }: Counted, passed: number): Counted {
  return { messages: older(messages, passed), connections: older(connections, passed) }
}

function older(tallies: Tallies, passed: number): Tallies {
  const all = Object.entries(tallies).map(([span, { ends, reserved }]) => {
    return [span, { reserved, ends: ends.map(([age, count]) => [age + passed, count]) }]
  })
  return Object.fromEntries(all) as Tallies
}
