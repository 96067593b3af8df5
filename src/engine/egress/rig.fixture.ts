/** What tests of egress stand on: an egress with one path to a scripted server, and work to give it. */

import { isPrivate } from '#platform/address-range'
import type { EgressConfig } from '#platform/config'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'
import type { Host, Route } from '#engine/routing'
import { NO_RULES } from '#engine/rule'
import type { Ruleset } from '#engine/rule'
import { Shaping } from '#engine/shaping'
import type { Live } from '#engine/shaping'
import type { Content, Delivery, Message, MessageId } from '#engine/spool'

import { createEgress } from './egress.ts'
import type { Egress, EgressOptions } from './egress.ts'
import type { Job, NotSendable, Tried, Unreachable, Work } from './job.ts'
import type { Path } from './path.ts'
import { systemTimers } from './timers.ts'
import type { Timers } from './timers.ts'

export const CONTENT = 'Subject: hello\r\n\r\n.one\r\n..two\r\nthe end\r\n'

const MINUTE = 60_000

export const CONFIG: EgressConfig = {
  pools: [],
  sources: [{ name: 'main', ehlo: 'client.example.org', relay: [], relayTls: 'required' }],
  port: 25,
  tls: 'opportunistic',
  allowPrivate: true,
  connections: 100,
  connectionsPerPath: 1,
  messagesPerConnection: 100,
  messageRate: 0,
  recipientsPerTransaction: 100,
  idle: MINUTE,
  timeouts: {
    connect: MINUTE,
    greeting: MINUTE,
    ehlo: MINUTE,
    tls: MINUTE,
    mail: MINUTE,
    rcpt: MINUTE,
    data: MINUTE,
    block: MINUTE,
    end: MINUTE,
    quit: MINUTE,
  },
}

export type JobOptions = {
  readonly to?: readonly string[]
  readonly message?: Partial<Message>
  readonly delivery?: Partial<Pick<Delivery, 'notify' | 'orcpt'>>
  /** `null`: nobody. */
  readonly vouchedBy?: Route['vouchedBy'] | null
  readonly content?: string | (() => Promise<Content | NotSendable>)
}

/** Work as a list; remembers what became of each job, and when nothing could be reached. */
export class MemoryWork implements Work {
  readonly jobs: Job[] = []
  readonly failures: Unreachable[] = []
  #waiting: (() => void)[] = []

  readonly suspensions: Live[] = []

  hasWork(): boolean {
    return this.jobs.length > 0
  }

  next(): Job | undefined {
    return this.jobs.shift()
  }

  domains(): Iterable<string> {
    return new Set(this.jobs.flatMap(({ claimed }) => claimed.map(({ delivery }) => delivery.to.domain)))
  }

  suspended(_source: string, reaction: Live | undefined): void {
    if (reaction !== undefined) this.suspensions.push(reaction)
  }

  failed(why: Unreachable): void {
    this.failures.push(why)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async nextFailure(): Promise<Unreachable> {
    const seen = this.failures.length
    while (this.failures.length === seen) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
    return this.failures[seen] as Unreachable
  }
}

let serial = 0

/** `done` is counted: a second call rejects, as would a wrong number of elements. */
export function jobOf(options: JobOptions = {}): {
  readonly job: Job
  readonly done: Promise<readonly Tried[]>
} {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Tried[]>()
  serial += 1
  const message = messageOf(`${serial}`, options)
  const addresses = options.to ?? ['one@example.com']
  const claimed = addresses.map((address, n) => ({
    message,
    delivery: deliveryOf(message.id, n, address, options),
  }))
  let calls = 0
  const job: Job = {
    claimed,
    from: message.from,
    ...(options.vouchedBy === null ? {} : { vouchedBy: options.vouchedBy ?? 'dnssec' }),
    content: () =>
      typeof options.content === 'function' ? options.content() : Promise.resolve(wholeOf(options.content)),
    done(tried) {
      calls += 1
      if (calls > 1) reject(new Error('done was called twice'))
      if (tried.length !== claimed.length) reject(new Error(`${tried.length} attempts for ${claimed.length}`))
      resolve(tried)
    },
  }
  return { job, done: promise }
}

function wholeOf(text = CONTENT): Content {
  return { kind: 'whole', bytes: Buffer.from(text, 'latin1') }
}

function messageOf(id: string, { message }: JobOptions): Message {
  return {
    id: id as MessageId,
    acceptedAt: 0,
    organization: 'acme',
    stream: 'transactional',
    door: 'submission',
    client: { address: '', helo: '', protocol: '' },
    from: { local: 'sender', domain: 'example.org' },
    size: CONTENT.length,
    body: '7bit',
    smtputf8: false,
    requireTls: false,
    priority: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    ...message,
  }
}

function deliveryOf(id: MessageId, n: number, address: string, { delivery }: JobOptions): Delivery {
  const at = address.lastIndexOf('@')
  return {
    to: { local: address.slice(0, at), domain: address.slice(at + 1) },
    queue: 'transactional/example.com',
    band: 1,
    due: 0,
    key: { message: id, n },
    state: 'active',
    attempts: 0,
    delayNotified: false,
    ...delivery,
  }
}

export type RigOptions = {
  /** Ports of servers on loopback, in the order of their hosts `mx1.example.net` and so on. */
  readonly ports: readonly number[]
  readonly config?: Partial<Omit<EgressConfig, 'timeouts'>> & {
    readonly timeouts?: Partial<EgressConfig['timeouts']>
  }
  readonly route?: Partial<Route>
  readonly timers?: Timers
  readonly tls?: EgressOptions['tls']
  readonly routing?: EgressOptions['routing']
  readonly tracer?: EgressOptions['tracer']
  readonly dane?: EgressOptions['dane']
  readonly witness?: EgressOptions['witness']
  readonly brokenTls?: EgressOptions['brokenTls']
  readonly now?: () => number
  readonly rules?: Ruleset
  readonly isPrivate?: (address: string) => boolean
}

export class Rig implements AsyncDisposable {
  readonly egress: Egress
  readonly shaping: Shaping
  readonly path: Path
  readonly work = new MemoryWork()
  readonly log: MemoryLog = memoryLog()
  readonly metrics = new MetricsRegistry()
  readonly route: Route

  constructor(options: RigOptions) {
    const config = {
      ...CONFIG,
      ...options.config,
      timeouts: { ...CONFIG.timeouts, ...options.config?.timeouts },
    }
    const { now = Date.now } = options
    this.shaping = shapingOf(config, options, this)
    this.egress = createEgress({
      shaping: this.shaping,
      routing: options.routing ?? { addresses: async () => ({ ok: true, addresses: ['127.0.0.1'] }) },
      config,
      tls: options.tls ?? { minVersion: 'TLSv1.2' },
      log: this.log,
      metrics: this.metrics,
      now,
      random: () => 0.5,
      isPrivate: options.isPrivate ?? isPrivate,
      ...(options.dane === undefined ? {} : { dane: options.dane }),
      ...(options.witness === undefined ? {} : { witness: options.witness }),
      ...(options.brokenTls === undefined ? {} : { brokenTls: options.brokenTls }),
      ...(options.tracer === undefined ? {} : { tracer: options.tracer }),
      ...(options.timers === undefined ? {} : { timers: options.timers }),
    })
    this.route = routeOf(options.ports, { allowPrivate: config.allowPrivate, ...options.route })
    this.path = this.egress.path('main', this.route, this.work)
  }

  /** Puts a job into the work, wakes the path and resolves with what became of it. */
  send(options: JobOptions = {}): Promise<readonly Tried[]> {
    const { job, done } = jobOf(options)
    this.work.jobs.push(job)
    this.path.wake()
    return done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.egress.close(0)
    this.shaping.close()
  }
}

function shapingOf(
  config: EgressConfig,
  { now = Date.now, timers = systemTimers, rules = NO_RULES }: RigOptions,
  { log, metrics }: Pick<Rig, 'log' | 'metrics'>,
): Shaping {
  const after = (ms: number, ring: () => void): (() => void) => timers.after(ms, ring)
  return new Shaping({ rules, config, clock: { now, after }, log, metrics })
}

export function routeOf(ports: readonly number[], route: Partial<Route> = {}): Route {
  const hosts: Host[] = ports.map((port, n) => ({ name: `mx${n + 1}.example.net`, port, implicitTls: false }))
  const names = hosts.map(({ name }) => name)
  return {
    site: 'mx.example.net',
    hosts,
    names,
    via: 'mx',
    tls: 'opportunistic',
    allowPrivate: true,
    ...route,
  }
}

/** Time that stands still until it is told to pass. */
export class ManualTimers implements Timers {
  #now = 0
  readonly #alarms = new Set<{ readonly at: number; readonly ring: () => void }>()

  monotonic(): number {
    return this.#now
  }

  after(ms: number, ring: () => void): () => void {
    const alarm = { at: this.#now + ms, ring }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#alarms].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#alarms.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.ring()
    }
    this.#now = end
  }
}
