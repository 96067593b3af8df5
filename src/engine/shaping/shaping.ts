/**
 * The shapes of all paths: made when a path is, kept for as long as anything is counted or has set in, and written
 * down so that neither hourly limits nor reactions are forgotten by a restart.
 */

import { baseOf, domainLayerOf, providerOf, resolve } from '#engine/rule'
import type { Base, Resolved, Ruleset } from '#engine/rule'
import type { Route } from '#engine/routing'
import type { Attempt, Claimed, Instant } from '#engine/spool'
import type { EgressConfig } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import type { Live } from './live.ts'
import { shapingMetrics } from './metrics.ts'
import type { ShapingMetrics } from './metrics.ts'
import { PathShape } from './path-shape.ts'
import type { Effect } from './reactor.ts'
import { SharedShape } from './shared-shape.ts'
import type { Clock } from './shared-shape.ts'
import { isUnknownUser } from './unknown-users.ts'

/** What tells apart, on one site, domains that have limits of their own. */
export type Group = { readonly provider?: string; readonly domain?: string }

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
  /** Absent: by codes and words that most receivers use. */
  readonly isUnknownUser?: (attempt: Attempt) => boolean
  /** The suppression list, where there is one. */
  readonly suppress?: (suppressing: Suppressing) => void
  /** What was kept has changed, and should be written down. */
  readonly changed?: () => void
}

/** What outlives the process. Times are of the clock, which must not lag behind that of the process before. */
export type Kept = {
  readonly at: Instant
  readonly paths: readonly {
    readonly key: string
    readonly tallies?: ReturnType<PathShape['tallies']>
    readonly live?: readonly Live[]
  }[]
}

/** Shapes that nothing needs any more are let go when there are this many more than after the last time. */
const SWEEP = 1_000

export class Shaping {
  readonly #options: ShapingOptions
  readonly #metrics: ShapingMetrics
  readonly #shapes = new Map<string, PathShape>()
  readonly #shared = new Map<string, SharedShape>()
  /** Of paths that have not been asked for yet. */
  readonly #kept = new Map<string, Kept['paths'][number]>()
  #keptAt: Instant = 0
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
    this.#metrics = shapingMetrics(options.metrics, () => this.reactions())
  }

  /** Which limits of its own a domain has where `route` leads. */
  groupOf(domain: string, { names, via }: Pick<Route, 'names' | 'via'>): Group {
    // A route of the operator's leads elsewhere than the domain's own hosts, and they are who limits.
    const provider = providerOf(this.#rules, { hosts: names, ...(via === 'static' ? {} : { domain }) })
    const layer = domainLayerOf(this.#rules, domain)
    return { ...(provider === undefined ? {} : { provider }), ...(layer === undefined ? {} : { domain: layer }) }
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
      clock: this.#options.clock,
      newId: () => this.#newId(),
      isUnknownUser: this.#options.isUnknownUser ?? isUnknownUser,
      happened: (effect, claimed) => this.#happened(effect, claimed),
    })
    this.#shapes.set(key, shape)
    this.#restore(key, shape)
    return shape
  }

  /** From now on these rules hold, and the configuration as it is. */
  use(rules: Ruleset): void {
    this.#rules = rules
    this.#config = this.#options.config
    this.#base = baseOf(this.#config)
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
    const waiting = [...this.#kept.values()].flatMap(({ live = [] }) => live)
    return [...all, ...waiting].filter(({ until }) => until > now).toSorted((a, b) => b.from - a.from)
  }

  /** Ends a reaction before its time. `undefined`: there is none of this id. */
  cancel(id: string): Live | undefined {
    return this.#change(id, 'reaction.cancelled', (shape) => shape.cancel(id))
  }

  /** Ends it `by` milliseconds later than it would. */
  extend(id: string, by: number): Live | undefined {
    return this.#change(id, 'reaction.extended', (shape) => shape.extend(id, by))
  }

  /** What is to outlive the process, as of now. */
  keep(): Kept {
    const at = this.#options.clock.now()
    const paths = [...this.#shapes].flatMap(([key, shape]) => {
      const tallies = shape.tallies(at)
      const live = [...shape.live].filter(({ until }) => until > at)
      const isEmpty = Object.keys(tallies.messages).length + Object.keys(tallies.connections).length === 0
      if (isEmpty && live.length === 0) return []
      return [{ key, ...(isEmpty ? {} : { tallies }), ...(live.length === 0 ? {} : { live }) }]
    })
    return { at, paths: [...paths, ...this.#kept.values()] }
  }

  /** Takes up what a process before kept; before the first path is made. */
  restore({ at, paths }: Kept): void {
    this.#keptAt = at
    for (const path of paths) this.#kept.set(path.key, path)
  }

  close(): void {
    for (const shape of this.#shapes.values()) shape.close()
  }

  #restore(key: string, shape: PathShape): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    const now = this.#options.clock.now()
    if (kept.tallies !== undefined) shape.restoreTallies(kept.tallies, Math.max(0, now - this.#keptAt))
    for (const live of kept.live ?? []) if (live.until > now) shape.restore(live)
  }

  #change(id: string, event: 'reaction.cancelled' | 'reaction.extended', act: (shape: PathShape) => Live | undefined): Live | undefined {
    // A path that was not asked for since the start has its reactions all the same.
    for (const [key, { live = [] }] of this.#kept) if (live.some((one) => one.id === id)) this.#wakeKept(key)
    for (const shape of this.#shapes.values()) {
      const live = act(shape)
      if (live === undefined) continue
      this.#options.log.info(event, fieldsOf(live))
      this.#metrics.reaction(live.act.do, event === 'reaction.cancelled' ? 'cancelled' : 'extended')
      this.#options.changed?.()
      return live
    }
    return undefined
  }

  #wakeKept(key: string): void {
    const [source = '', site = '', provider = '', domain = ''] = key.split('\0')
    this.shapeOf(source, site, { ...(provider && { provider }), ...(domain && { domain }) })
  }

  #resolve(where: Resolved['where']): Resolved {
    // The configuration may have been read anew without the rules.
    if (this.#options.config !== this.#config) {
      this.#config = this.#options.config
      this.#base = baseOf(this.#config)
    }
    return resolve(this.#rules, this.#base, where)
  }

  #sharedOf(resolved: Resolved): SharedShape | undefined {
    const { provider, source } = resolved.where
    if (provider === undefined || Object.values(resolved.limits.shared).every((value) => value === 0)) return undefined
    const key = `${source}\0${provider}`
    const known = this.#shared.get(key)
    known?.use(resolved)
    if (known !== undefined) return known
    const shared = new SharedShape(resolved, provider, this.#options.clock)
    this.#shared.set(key, shared)
    return shared
  }

  #happened(effect: Effect, claimed: Claimed | undefined): void {
    const { log, suppress, changed } = this.#options
    switch (effect.at) {
      case 'started':
      case 'renewed':
      case 'ended':
        if (effect.at === 'started') log.warn('reaction.started', fieldsOf(effect.live))
        else if (effect.at === 'ended') log.info('reaction.ended', fieldsOf(effect.live))
        else log.debug('reaction.renewed', fieldsOf(effect.live))
        this.#metrics.reaction(effect.live.act.do, effect.at)
        changed?.()
        return
      case 'delivery':
        this.#metrics.delivery(effect.outcome)
        return
      case 'suppress':
        this.#metrics.reaction('suppress', 'started')
        if (claimed !== undefined) suppress?.({ claimed, attempt: effect.attempt, rule: effect.rule })
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
    }
    for (const [key, shared] of this.#shared) if (shared.isForgotten(now)) this.#shared.delete(key)
    this.#sweepAt = this.#shapes.size + SWEEP
  }
}

function keyOf(source: string, site: string, { provider = '', domain = '' }: Group): string {
  return [source, site, provider, domain].join('\0')
}

/** Of a log line. */
function fieldsOf({ id, rule, act, source, site, stream, from, until, cause, place, again }: Live): {
  readonly [name: string]: unknown
} {
  const { attempt, delivery } = cause
  const { code, enhanced, text, stage, host } = attempt
  return {
    reaction: id,
    rule,
    ...(place.file === undefined ? {} : { file: place.file, line: place.line }),
    does: act.do,
    source,
    site,
    ...stream,
    began: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    again,
    stage,
    host,
    reply: [code === 0 ? '' : String(code), enhanced, text].filter((part) => part !== '').join(' '),
    ...(delivery === undefined ? {} : { delivery }),
  }
}
