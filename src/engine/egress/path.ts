/** One source to one site: its connections, how many there may be, and when the next job may go. */

import type { Ceiling, PathLimits, PathShape, Permit, ShapeOwner, Slots } from '#engine/shaping'
import type { Route } from '#engine/routing'
import type { Instant } from '#engine/spool'
import { Dialogue } from '#engine/trace'
import { mayBeClear, tlsDemand } from '#engine/transport-security'
import type { SourceConfig } from '#platform/config'
import type { Log } from '#platform/log'

import { Connection } from './connection.ts'
import type { ConnectionOwner } from './connection.ts'
import type { Job, Tried, Work } from './job.ts'
import type { EgressMetrics } from './metrics.ts'
import { openConnection } from './opening.ts'
import type { Failure, Opened, Surroundings } from './opening.ts'
import type { Hold, PathState } from './path-state.ts'
import { routeFrom } from './source.ts'
import type { TlsTrial } from './tls-trial.ts'
import { triedOf } from './tried.ts'
import type { Way } from './tried.ts'
import { deferred } from './verdict.ts'

export type Path = {
  readonly source: string
  readonly site: string
  /** Connections that are being made. */
  readonly opening: number
  /** What is its share waits for it, and goes by no other: the end of a day of its warm-up. */
  readonly keepsShare: boolean
  /** There may be work. Cheap, and harmless when there is none. */
  wake(): void
  /** The route as DNS says it now, and the limits as configured now; connections opened from here on take them. */
  use(route: Route): void
  describe(): PathState
  /** Takes no more work, lets what is under way finish. Resolves when the last connection is closed. */
  close(): Promise<void>
}

export type PathOptions = {
  readonly source: SourceConfig
  readonly route: Route
  /** Whose site it is, by the shaping rules; it is written down with each attempt. */
  readonly provider?: string
  readonly work: Work
  /** Of all paths. */
  readonly slots: Slots
  /** What may go, and when. */
  readonly shape: PathShape
  readonly around: Surroundings
  readonly log: Log
  readonly metrics: EgressMetrics
  readonly random: () => number
  /** The path has closed for good. */
  readonly closed: (path: SmtpPath) => void
  /** For tests. */
  readonly open?: typeof openConnection
}

/** How long a site that nobody answers at is left alone, in ms, after each failure in a row; the last one repeats. */
export const DOWN = [15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000] as const

/** How long no connection is added after the peer refused one while others stood. */
export const REFUSED_MORE_FOR = 60_000

const STOPPING = 'this server is stopping'

type RefusedMore = Extract<Hold, { at: 'refused-more' }>
type Down = Extract<Hold, { at: 'down' }>

export class SmtpPath implements Path, ConnectionOwner, ShapeOwner {
  readonly source: string
  readonly site: string
  readonly #options: PathOptions
  readonly #way: Way
  readonly #shape: PathShape
  readonly #log: Log
  /** Each with its place among those that there may be. */
  readonly #connections = new Map<Connection, Permit>()
  /** The last one used is used next, so that those not needed grow old and close. */
  readonly #idle: Connection[] = []
  /** Jobs whose connection turned out to be dead before it took a word of them. */
  readonly #again: Job[] = []
  /** Those that had their second chance. */
  readonly #repeated = new WeakSet<Job>()
  readonly #stopping = new AbortController()
  readonly #whenClosed = Promise.withResolvers<void>()
  #route: Route
  #opening = 0
  #isPumping = false
  #isClosing = false
  #isAbandoned = false
  #cancelPace: (() => void) | undefined
  #cancelDown: (() => void) | undefined
  #ceiling: RefusedMore | undefined
  #down: Down | undefined
  #failures = 0

  constructor(options: PathOptions) {
    this.#options = options
    this.source = options.source.name
    this.site = options.route.site
    const { provider } = options
    this.#way = { source: this.source, site: this.site, ...(provider === undefined ? {} : { provider }) }
    this.#route = routeFrom(options.source, options.route)
    this.#shape = options.shape
    this.#log = options.log.with({ source: this.source, site: this.site })
    this.#shape.attach(this)
    if (this.#shape.suspended !== undefined) this.reshaped()
  }

  get opening(): number {
    return this.#opening
  }

  get keepsShare(): boolean {
    return this.#shape.keepsShare
  }

  get held(): number {
    return this.#connections.size + this.#opening
  }

  wake(): void {
    this.#pump()
  }

  use(route: Route): void {
    this.#route = routeFrom(this.#options.source, route)
  }

  placeFree(): void {
    this.#pump()
  }

  shareFree(): void {
    // It may have been to wait until midnight, and now for less than a second.
    this.#cancelPace?.()
    this.#cancelPace = undefined
    this.#pump()
  }

  /** A reaction has set in, changed or ended. */
  reshaped(): void {
    const { suspended } = this.#shape
    this.#options.work.suspended(this.source, suspended)
    if (suspended === undefined) return this.#pump()
    for (const connection of this.#idle.splice(0)) connection.quit()
  }

  describe(): PathState {
    const { size } = this.#connections
    const { domain } = this.#shape.where
    let busy = 0
    for (const connection of this.#connections.keys()) if (connection.isBusy) busy += 1
    return {
      source: this.source,
      site: this.site,
      ...(domain === undefined ? {} : { domain }),
      connections: size + this.#opening,
      busy,
      idle: this.#idle.length,
      opening: this.#opening,
      ...(this.#shape.perMinute > 0 ? { perMinute: this.#shape.perMinute } : {}),
      hold: this.#hold(busy),
      ...(this.#shape.hasPaused ? { paused: this.#shape.pausedStreams } : {}),
    }
  }

  close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      this.#cancelPace?.()
      this.#cancelDown?.()
      this.#options.slots.forget(this)
      this.#stopping.abort()
      for (const connection of this.#idle.splice(0)) connection.quit()
      this.#giveUpAgain(this.#stoppedTried())
      this.#closedIfEmpty()
    }
    return this.#whenClosed.promise
  }

  /** Ends what `close` waits for; jobs under way are deferred. */
  abandon(): void {
    this.#isAbandoned = true
    for (const connection of this.#connections.keys()) connection.abandon(STOPPING)
  }

  /** Closes one connection that nobody uses; false when there is none. */
  spareOne(): boolean {
    const connection = this.#idle.shift()
    connection?.quit()
    return connection !== undefined
  }

  ready(connection: Connection): void {
    if (this.#mustGo) return connection.quit()
    this.#idle.push(connection)
    this.#pump()
  }

  get #mustGo(): boolean {
    if (this.#isClosing || this.#shape.suspended !== undefined) return true
    return this.#options.slots.shouldYield(this.held) || this.#shape.shouldYield(this.held)
  }

  ended({ job }: { readonly job: Job }, tried: readonly Tried[]): void {
    this.#shape.end()
    job.done(this.#shape.tried(job.claimed, tried))
  }

  another(): boolean {
    return this.#shape.another(this)
  }

  untouched(job: Job, tried: readonly Tried[]): void {
    this.#shape.end()
    if (this.#isClosing || this.#repeated.has(job)) return job.done(tried)
    const [said] = tried
    // It may have hung up with a word about all of us, and not about this job.
    if (said !== undefined && said.code !== 0) this.#shape.failed(said)
    if (this.#shape.suspended !== undefined) return job.done(tried)
    this.#repeated.add(job)
    this.#again.push(job)
  }

  gone(connection: Connection, why: string): void {
    this.#connections.get(connection)?.closed()
    this.#connections.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    const { host, address } = connection.peer
    this.#log.debug('connection.closed', { host, address, why })
    this.#options.slots.release()
    this.#closedIfEmpty()
    this.#pump()
  }

  /** Hands out work while there is a connection for it, then sees to another connection. */
  #pump(): void {
    // Work may wake us from inside `next`, and a connection may be ready from inside `run`.
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#handOut());
    this.#isPumping = false
  }

  #handOut(): boolean {
    if (this.#isClosing || this.#down !== undefined || !this.#hasWork) return false
    const wait = this.#shape.messageWait(this)
    if (wait > 0) {
      this.#pace(wait)
      return false
    }
    const connection = this.#idle.pop()
    if (connection === undefined) {
      this.#grow()
      return false
    }
    const job = this.#again.shift() ?? this.#nextJob(connection)
    if (job === undefined) {
      this.#idle.push(connection)
      return false
    }
    this.#shape.begin()
    connection.run(job)
    return true
  }

  #nextJob({ recipients }: Connection): Job | undefined {
    return this.#options.work.next(this.source, recipients, this.#shape)
  }

  get #hasWork(): boolean {
    return this.#again.length > 0 || this.#options.work.hasWork(this.source, this.#shape)
  }

  #pace(wait: number): void {
    // It will be told.
    if (wait === Infinity) return
    this.#cancelPace ??= this.#options.around.timers.after(wait, () => {
      this.#cancelPace = undefined
      this.#pump()
    })
  }

  /**
   * One connection more for work that finds none free. While there is work each new connection may bring another, so
   * that a site is met with one, two, four, and not with everything at once.
   */
  #grow(): void {
    if (this.held >= this.#mostConnections() || this.#opening >= Math.max(1, this.#connections.size)) return
    const { slots } = this.#options
    const wait = this.#shape.openingWait(this)
    if (wait > 0) return this.#pace(wait)
    if (!slots.claim(this)) return
    this.#opening += 1
    void this.#open(this.#shape.open(this))
  }

  #mostConnections(): number {
    if (this.#ceiling !== undefined && this.#ceiling.until <= this.#options.around.now())
      this.#ceiling = undefined
    return Math.min(this.#shape.mostConnections(), this.#ceiling?.connections ?? Infinity)
  }

  async #open(permit: Permit): Promise<void> {
    const { source, around, open = openConnection } = this.#options
    const { tls, timeouts } = this.#shape.limits
    const startedAt = around.now()
    const surroundings = shaped(around, timeouts, permit)
    const opened = await open(source, routeWith(this.#route, tls), surroundings, this.#stopping.signal)
    this.#opening -= 1
    permit.opened(opened.ok)
    if (opened.ok) this.#opened(opened, permit, startedAt)
    else this.#failed(opened, startedAt)
  }

  #opened({ wire, peer, trials }: Extract<Opened, { ok: true }>, permit: Permit, startedAt: Instant): void {
    const { around, metrics } = this.#options
    const connection = new Connection(
      wire,
      peer,
      {
        way: this.#way,
        limits: this.#shape.limits,
        log: this.#log,
        metrics,
        now: around.now,
        witness: (domain) => this.#witness(domain, trials),
      },
      this,
    )
    this.#connections.set(connection, permit)
    this.#failures = 0
    const worth = peer.verified ? 'verified' : 'unverified'
    metrics.opened(peer.tls === '' ? 'none' : worth, Math.max(0, around.now() - startedAt))
    this.#log.debug('connection.opened', { host: peer.host, address: peer.address, tls: peer.tls })
    // Opened while the path was being closed, and too late to be seen by `abandon`.
    if (this.#isAbandoned) connection.abandon(STOPPING)
    else this.ready(connection)
  }

  #failed({ failure, trials }: Extract<Opened, { ok: false }>, startedAt: Instant): void {
    const { verdict, host, address, tls } = failure
    this.#options.slots.release()
    if (trials.length > 0) for (const domain of this.#options.work.domains()) this.#witness(domain, trials)
    if (this.#isClosing) return this.#closedIfEmpty()
    const now = this.#options.around.now()
    const duration = Math.max(0, now - startedAt)
    const attempt = triedOf(verdict, { at: startedAt, duration, way: this.#way, host, address, tls })
    this.#options.metrics.failed(verdict.stage)
    this.#trace(host, address, verdict)
    this.#log.debug('connection.failed', {
      host,
      address,
      stage: verdict.stage,
      code: verdict.code,
      text: verdict.text,
    })
    this.#shape.failed(attempt)
    // What it set off explains it better, and says how long.
    if (this.#shape.suspended !== undefined) return this.#giveUpAgain(attempt)
    if (this.#connections.size > 0) {
      this.#ceiling = {
        at: 'refused-more',
        connections: this.#connections.size,
        until: now + REFUSED_MORE_FOR,
        attempt,
      }
    } else if (this.#opening === 0) {
      this.#goDown(attempt, now)
    }
  }

  /** RFC 8460 §5.3.1: a report is not part of the next one. */
  #witness(domain: string, trials: readonly TlsTrial[]): void {
    const { witness } = this.#options.around
    if (this.#route.exempt !== true && trials.length > 0) witness?.(domain, trials)
  }

  /** Those who follow see also what did not come about. */
  #trace(host: string, address: string, { stage, text }: Failure['verdict']): void {
    const { tracer } = this.#options.around
    if (!tracer.isActive) return
    const { source, site } = this
    const dialogue = new Dialogue(tracer, () => ({
      way: 'out',
      peer: address,
      by: `${source} → ${host || site}`,
    }))
    dialogue.turn({ domains: [site] })
    dialogue.event(`no connection to ${site}, ${stage}: ${text}`)
    dialogue.end()
  }

  #goDown(attempt: Tried, now: Instant): void {
    const base = DOWN[Math.min(this.#failures, DOWN.length - 1)] ?? 0
    // Spread by a tenth either way, so that paths that failed together do not come back together.
    const wait = Math.round(base * (0.9 + 0.2 * this.#options.random()))
    this.#failures += 1
    this.#down = { at: 'down', until: now + wait, failures: this.#failures, attempt }
    this.#log.info('path.down', { until: now + wait, failures: this.#failures, text: attempt.text })
    this.#cancelDown = this.#options.around.timers.after(wait, () => this.#comeBack())
    this.#giveUpAgain(attempt)
    this.#options.work.failed({ attempt, until: now + wait })
  }

  #comeBack(): void {
    this.#down = undefined
    this.#pump()
  }

  #giveUpAgain(attempt: Tried): void {
    for (const job of this.#again.splice(0)) job.done(job.claimed.map(() => attempt))
  }

  #stoppedTried(): Tried {
    const verdict = deferred('connect', '4.3.2', STOPPING)
    const at = this.#options.around.now()
    return triedOf(verdict, { at, duration: 0, way: this.#way, host: '', address: '', tls: '' })
  }

  #closedIfEmpty(): void {
    if (!this.#isClosing || this.held > 0) return
    this.#shape.detach(this)
    this.#options.closed(this)
    this.#whenClosed.resolve()
  }

  #hold(busy: number): Hold {
    if (this.#isClosing) return { at: 'closing' }
    if (this.#shape.suspended !== undefined) return { at: 'suspended', reaction: this.#shape.suspended }
    if (this.#down !== undefined) return this.#down
    return this.#shape.pace() ?? (this.#idle.length > 0 ? { at: 'open' } : this.#lack(busy))
  }

  /** Why there is no connection for what could go. */
  #lack(busy: number): Hold {
    const isNone = busy === 0 && this.#opening === 0
    const ceiling = this.#shape.ceiling()
    if (ceiling?.at === 'rate') return { at: 'opening-paced', limit: ceiling.limit, until: ceiling.until }
    if (this.#connections.size === 0 && !isNone) return { at: 'connecting' }
    if (ceiling !== undefined) return this.#full(ceiling)
    if (isNone) return { at: 'open' }
    if (this.held >= this.#mostConnections() && this.#ceiling !== undefined) return this.#ceiling
    const isWaiting = this.#options.slots.isWaiting(this)
    return isWaiting ? { at: 'full', limit: 'all', connections: this.held } : { at: 'open' }
  }

  #full(ceiling: Exclude<Ceiling, { readonly at: 'rate' }>): Hold {
    if (ceiling.at === 'reaction') return { at: 'single', reaction: ceiling.reaction }
    const { limit: rule } = ceiling
    const limit = rule.provider === undefined ? 'path' : 'provider'
    return { at: 'full', limit, connections: this.held, rule }
  }
}

/** The hosts stay a getter: equals take turns. A route of the operator's has its own policy. */
function routeWith(route: Route, rule: Route['tls'] | undefined): Route {
  if (route.via === 'static' || route.exempt === true || rule === undefined) return route
  const tls = rule === 'none' && mayBeClear(route.tls) ? 'none' : tlsDemand(route.tls, rule)
  return {
    ...route,
    tls,
    get hosts() {
      return route.hosts
    },
  }
}

function shaped(around: Surroundings, timeouts: PathLimits['timeouts'], { another }: Permit): Surroundings {
  return { ...around, config: { ...around.config, timeouts }, another }
}
