/** The way out: paths that share a number of connections, and come to an orderly end together. */

import { createSecureContext } from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'

import type { Route, Routing } from '#engine/routing'
import { Slots } from '#engine/shaping'
import type { Group, Shaping } from '#engine/shaping'
import type { Instant } from '#engine/spool'
import { UNTRACED } from '#engine/trace'
import type { Dane } from '#engine/transport-security'
import type { Tracer } from '#engine/trace'
import type { EgressConfig } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import { BrokenTls } from './broken-tls.ts'
import type { BrokenHost } from './broken-tls.ts'
import type { Work } from './job.ts'
import { egressGauges, egressMetrics } from './metrics.ts'
import type { EgressMetrics } from './metrics.ts'
import type { PathState } from './path-state.ts'
import { SmtpPath } from './path.ts'
import type { Path, PathOptions } from './path.ts'
import { systemTimers } from './timers.ts'
import type { Timers } from './timers.ts'
import type { TlsWitness } from './tls-trial.ts'

/**
 * Of all places, the share that further connections of a path may fill; the rest is for paths that have none. Tarpits
 * keep what they were given for minutes: without it, a hundred of them with ten each would leave nothing for others.
 */
const FURTHER = 0.75

export type EgressOptions = {
  readonly routing: Pick<Routing, 'addresses'>
  /** May be a getter: new connections take what it says by then. Sources stay as they are at the first path. */
  readonly config: EgressConfig
  /** `ca`: who may sign certificates, where that is not who Node trusts. */
  readonly tls: Pick<SecureContextOptions, 'ca' | 'minVersion'>
  /** What may go where, and when. */
  readonly shaping: Pick<Shaping, 'shapeOf'>
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly now: () => Instant
  /** In [0, 1). */
  readonly random: () => number
  /** Whether nobody on the public Internet has this address. */
  readonly isPrivate: (address: string) => boolean
  /** Which TLSA records of a host must be obeyed. Absent: nobody’s. */
  readonly dane?: (host: string, port: number) => Promise<Dane>
  /** Told what came of TLS. */
  readonly witness?: TlsWitness
  /** What an earlier process knew. */
  readonly brokenTls?: readonly BrokenHost[]
  /** Who may follow what is said. */
  readonly tracer?: Tracer
  /** For tests. */
  readonly timers?: Timers
  /** For tests. */
  readonly open?: PathOptions['open']
}

export type Egress = {
  /** `group`: what has limits of its own on the site. @throws when the configuration has no source of this name */
  path(source: string, route: Route, work: Work, group?: Group): Path
  /** Every path that is not closed. */
  describe(): readonly PathState[]
  /** Hosts that are spoken to in clear because their TLS does not work. */
  brokenTls(): readonly BrokenHost[]
  /** Connections of all paths. */
  readonly connections: number
  /** Lets transactions under way finish for `within` ms, then defers them. Resolves when every socket is closed. */
  close(within: number): Promise<void>
}

export function createEgress(options: EgressOptions): Egress {
  return new SmtpEgress(options)
}

class SmtpEgress implements Egress {
  readonly #options: EgressOptions
  readonly #timers: Timers
  readonly #context: SecureContext
  readonly #brokenTls: BrokenTls
  readonly #paths = new Set<SmtpPath>()
  readonly #slots: Slots
  readonly #metrics: EgressMetrics

  constructor(options: EgressOptions) {
    this.#options = options
    this.#brokenTls = new BrokenTls(options.brokenTls)
    this.#timers = options.timers ?? systemTimers
    this.#context = createSecureContext(options.tls)
    this.#slots = new Slots(
      () => options.config.connections,
      () => this.#spareOne(),
      FURTHER,
    )
    this.#metrics = egressMetrics(options.metrics)
    egressGauges(options.metrics, () => this.describe())
  }

  get connections(): number {
    return this.#slots.taken
  }

  path(name: string, route: Route, work: Work, group: Group = {}): Path {
    const options = this.#options
    const { routing, shaping, now, isPrivate, log, random, open } = options
    const source = options.config.sources.find((one) => one.name === name)
    if (source === undefined) throw new Error(`no egress source is called ${name}`)
    const path = new SmtpPath({
      source,
      route,
      ...(group.provider === undefined ? {} : { provider: group.provider }),
      work,
      slots: this.#slots,
      shape: shaping.shapeOf(name, route.site, group),
      around: {
        routing,
        get config() {
          return options.config
        },
        context: this.#context,
        brokenTls: this.#brokenTls,
        dane: options.dane ?? noDane,
        witness: options.witness,
        timers: this.#timers,
        tracer: options.tracer ?? UNTRACED,
        now,
        isPrivate,
      },
      log,
      metrics: this.#metrics,
      random,
      ...(open === undefined ? {} : { open }),
      closed: (closed) => this.#paths.delete(closed),
    })
    this.#paths.add(path)
    return path
  }

  brokenTls(): readonly BrokenHost[] {
    return this.#brokenTls.list(this.#options.now())
  }

  describe(): readonly PathState[] {
    return Array.from(this.#paths, (path) => path.describe())
  }

  async close(within: number): Promise<void> {
    const paths = [...this.#paths]
    const closed = Promise.all(paths.map((path) => path.close()))
    const cancel = this.#timers.after(within, () => paths.forEach((path) => path.abandon()))
    await closed
    cancel()
  }

  /** A connection that only waits gives its place to a path that has none. */
  #spareOne(): void {
    for (const path of this.#paths) if (path.spareOne()) return
  }
}

function noDane(): Promise<Dane> {
  return Promise.resolve({ kind: 'none' })
}
