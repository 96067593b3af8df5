/**
 * A plan of messages, run in virtual time through the shaping that a node sends by, against receivers that are
 * calculated with: when each part would be done, what holds it back meanwhile, and what becomes of it.
 */

import type { RetryPolicy } from '#engine/lifetime'
import type { Rules } from '#engine/receiver'
import type { Route } from '#engine/routing'
import { Shaping, Slots } from '#engine/shaping'
import type { Group, Kept, WarmUpTerms } from '#engine/shaping'
import type { Instant } from '#engine/spool'
import type { Log } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { Backlog } from './backlog.ts'
import type { Luck } from './backlog.ts'
import { Account, Ledger } from './ledger.ts'
import type { Pace } from '#engine/course'
import { RehearsedPath } from './path.ts'
import { Timeline } from './timeline.ts'
import { receiverFor } from './reception.ts'
import type { Reception } from './reception.ts'
import { reportOf } from './report.ts'
import type { Rehearsed } from './report.ts'
import { generator } from './seed.ts'
import { RehearsedSite } from './site.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Messages to one domain, to one recipient each. */
export type Share = {
  readonly domain: string
  readonly count: number
  /** Where the domain's mail goes. */
  readonly way: Pick<Route, 'site' | 'names' | 'via'>
}

export type Plan = {
  readonly shares: readonly Share[]
  /** Those of the pool that it leaves by. */
  readonly sources: readonly string[]
  readonly stream: string
  readonly start: Instant
  /** The same plan with the same seed comes to the same. */
  readonly seed: number
  readonly pace: Pace
  /** Share of recipients that there are not, and of first tries put off by receivers that no rule knows. */
  readonly unknown: number
  readonly greylisting: number
  /** What is sent by. */
  readonly rules: Rules
  readonly reception: Reception
  readonly warmUp: WarmUpTerms
  /** What a node has counted and what has set in there. */
  readonly kept?: Kept | undefined
  readonly retries: RetryPolicy
  /** Milliseconds that a message is tried. */
  readonly expire: number
  /** Deliveries of a queue in memory. */
  readonly window: number
}

/** Messages to one site that have the same limits. */
type Load = { readonly group: Group; readonly site: string; readonly counts: Map<string, number> }

export function rehearse(plan: Plan): Rehearsed {
  return new Rehearsal(plan).run()
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

class Rehearsal {
  readonly #plan: Plan
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #shaping: Shaping
  readonly #slots: Slots
  /** Those that may have a connection that nobody uses. */
  readonly #idle = new Set<RehearsedPath>()
  readonly #sites: RehearsedSite[] = []
  #left = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#clock = new VirtualClock(plan.start)
    this.#random = generator(plan.seed)
    const { rules, egress: config } = plan.rules
    this.#shaping = new Shaping({
      rules,
      config,
      clock: this.#clock,
      log: SILENT,
      metrics: new MetricsRegistry(),
      warmUp: () => plan.warmUp,
    })
    if (plan.kept !== undefined) this.#shaping.restore(plan.kept)
    this.#slots = new Slots(
      () => config.connections,
      () => this.#spareOne(),
    )
  }

  run(): Rehearsed {
    const { start, expire } = this.#plan
    const parts = [...Map.groupBy(this.#loads(), ({ group, site }) => group.provider ?? site)]
    const opened = parts.map(([name, loads]) => this.#part(name, loads))
    this.#clock.after(expire, () => {
      for (const site of this.#sites) site.expire()
    })
    for (const site of this.#sites) site.wake()
    this.#clock.run(() => this.#left === 0)
    this.#shaping.close()
    return reportOf(opened, { start, seed: this.#plan.seed })
  }

  #spareOne(): void {
    for (const path of this.#idle) {
      if (path.spareOne()) return
      this.#idle.delete(path)
    }
  }

  #loads(): readonly Load[] {
    const loads = new Map<string, Load>()
    for (const { domain, count, way } of this.#plan.shares) {
      const group = this.#shaping.groupOf(domain, way)
      const key = `${way.site}\0${group.domain ?? ''}`
      const load = loads.getOrInsertComputed(key, () => ({ group, site: way.site, counts: new Map() }))
      load.counts.set(domain, (load.counts.get(domain) ?? 0) + count)
    }
    return [...loads.values()]
  }

  #part(name: string, loads: readonly Load[]): Parameters<typeof reportOf>[0][number] {
    const { sources, start } = this.#plan
    const total = loads.reduce((sum, load) => sum + countOf(load), 0)
    const account = new Account(total, start)
    const [leading] = loads.toSorted((a, b) => countOf(b) - countOf(a))
    const byes = sources.map((source) => ({ source, timeline: new Timeline(start) }))
    const ledgers = loads.map((load) =>
      byes.map(({ timeline }) => new Ledger(account, timeline, load === leading)),
    )
    for (const [i, load] of loads.entries()) this.#site(load, account, ledgers[i] ?? [])
    return {
      name,
      provider: leading?.group.provider,
      domains: loads.flatMap(({ counts }) => [...counts.keys()]),
      sites: loads.length,
      account,
      sources: byes.map(({ source, timeline }, i) => ({
        source,
        timeline,
        sent: () => ledgers.reduce((sum, one) => sum + (one[i]?.sent ?? 0), 0),
      })),
    }
  }

  #site(load: Load, account: Account, ledgers: readonly Ledger[]): void {
    const { sources, stream, pace, start, expire, window, retries: policy, reception } = this.#plan
    const { site: name, group } = load
    const [clock, random] = [this.#clock, this.#random]
    const shapes = sources.map((source) => ({ source, shape: this.#shaping.shapeOf(source, name, group) }))
    const receiver = receiverFor({ site: name, group, shapes }, reception, clock.now())
    const done = (count: number): void => {
      this.#left -= count
    }
    const backlog = new Backlog(load.counts, this.#luck(group))
    this.#left += backlog.size
    const end = start + expire
    const parts = { name, stream, backlog, receiver, account, clock, policy, end, window, random, done }
    const site = new RehearsedSite(parts)
    this.#sites.push(site)
    const slots = this.#slots
    for (const [i, { source, shape }] of shapes.entries()) {
      const ledger = ledgers[i]
      if (ledger === undefined) continue
      const path = new RehearsedPath({
        source,
        stream,
        site,
        shape,
        receiver,
        clock,
        pace,
        slots,
        ledger,
        random,
        idle: this.#idle,
      })
      site.paths.push(path)
    }
  }

  /** Who is known to the rules is known not to greylist. */
  #luck({ provider }: Group): Luck {
    const { unknown, greylisting } = this.#plan
    return { random: this.#random, unknown, greylisting: provider === undefined ? greylisting : 0 }
  }
}

function countOf({ counts }: Load): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
