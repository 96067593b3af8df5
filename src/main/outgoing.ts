/** The way out as one transport thread composes it: routing, egress, signing, notifications, and the queue before them. */

import { createEgress, openBrokenTlsStore } from '#engine/egress'
import type { Egress } from '#engine/egress'
import {
  createPrepare,
  createSettling,
  createTelling,
  inTurn,
  Notices,
  Queue,
  queueGauges,
  queueMetrics,
} from '#engine/queue'
import type { Personaliser, QueueOptions, Settling, SettlingOptions, Tell } from '#engine/queue'
import { createRouting } from '#engine/routing'
import type { Routing, RoutingNow } from '#engine/routing'
import type { Shaping } from '#engine/shaping'
import { createSigner } from '#engine/signing'
import type { MessageId, NewEvent, Spool } from '#engine/spool'
import { Tally } from '#engine/tls-report'
import { trackingPersonaliser } from '#engine/tracking'
import type { Tracer } from '#engine/trace'
import type { MimeLimits } from '#grammar/message'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import type { DomainDirectory } from '#product/domain'
import type { SuppressionFilter } from '#product/suppression'

import { Experiences } from './experiences.ts'
import type { ExperiencesOptions } from './experiences.ts'
import { formLetters } from './form-letters.ts'
import type { MainService } from './main-service.ts'
import type { LiveReturnPaths } from './return-paths.ts'

import { monotonic, openSecurity } from './security.ts'
import type { Security } from './security.ts'

import { poolProblems, poolsOf } from './pools.ts'
import { openShaper } from './shaper.ts'
import type { Shaper } from './shaper.ts'
import { checkSources } from './sources.ts'
import { trackingOf } from './tracked-mail.ts'
import { unsubscribing } from './unsubscribing.ts'

export type OutgoingParts = {
  readonly config: Config
  readonly spool: Spool
  readonly key: ServerKey
  readonly control: Control
  readonly domains: DomainDirectory
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly tracer: Tracer
  readonly suppressions: Pick<SuppressionFilter, 'bouncedSoftly'>
  readonly experienced: MainService['experienced']
  readonly returnPaths: Pick<LiveReturnPaths, 'of'>
  readonly newId: () => MessageId
  /** Into the log of events. */
  readonly note: (event: NewEvent) => void
}

export type Outgoing = {
  readonly queue: Queue
  readonly egress: Egress
  readonly experiences: Experiences
  readonly security: Security
  readonly tally: Tally
  readonly shaping: Shaping
  /** Tells senders of what later hosts report. */
  readonly tell: Tell
  /** Transactions under way may end within `patience` ms. */
  close(patience: number): Promise<void>
  /** Reads what `config` leads to, and changes nothing yet. */
  prepare(config: Config): Prepared
}

export type Prepared = {
  /** With any, it cannot be put into effect. */
  readonly problems: readonly string[]
  /** Routes, limits and schedules hold from now on; connections that stand keep what they began with. */
  readonly apply: () => void
}

/** The configuration of the moment. Rooms read it through getters, so that a reload needs nobody's help. */
type Live = { config: Config }

export async function startOutgoing(parts: OutgoingParts): Promise<Outgoing> {
  const live: Live = { config: parts.config }
  const security = await openSecurity(parts)
  const tally = tallyOf(parts, security)
  const routing = routingOf(live, security, tally)
  const broken = await openBrokenTlsStore(parts.control, parts.config.node.number)
  const { log, metrics } = parts
  await checkSources(parts.config.egress.sources, log)
  const experiences = experiencesOf(parts, live)
  const started = Promise.withResolvers<Queue>()
  const shaper = shaperOf(parts, live, experiences, started.promise)
  const { shaping } = shaper
  const egress = createEgress({
    routing,
    shaping,
    get config() {
      return live.config.egress
    },
    tls: {},
    dane: security.dane,
    witness: tally.witness,
    brokenTls: await broken.load(),
    log,
    metrics,
    tracer: parts.tracer,
    now: Date.now,
    random: Math.random,
    isPrivate,
  })
  // In their order: first what fills in, then what looks at the result.
  const personaliser = inTurn([formLetters({ hostname: parts.config.node.name }), tracking(parts, live)])
  const planned: Told['planned'] = (key, due) => queue.planned(key, due)
  const { settling, tell } = settlingOf(parts, live, { experiences, personaliser, planned })
  const queue: Queue = new Queue({
    ...queueOptions(parts, live),
    personaliser,
    routing,
    egress,
    shaping,
    get config() {
      return queueConfig(live)
    },
    settling,
  })
  started.resolve(queue)
  queueGauges(parts.metrics, () => ({ inMemory: queue.inMemory, onWire: queue.onWire }))
  return {
    queue,
    egress,
    experiences,
    security,
    tally,
    shaping,
    tell,
    close: (patience) => closed(patience, { egress, shaper, security }),
    prepare: (config) => prepared(config, live, { shaper, queue }),
  }
}

/** What an earlier process held may be over before there is a queue. */
function shaperOf(
  { log, metrics, note }: OutgoingParts,
  live: Live,
  experiences: Experiences,
  queue: Promise<Queue>,
): Shaper {
  return openShaper({
    log,
    metrics,
    note,
    config: () => live.config,
    suppress: (suppressing) => experiences.ruled(suppressing),
    holder: {
      hold: () => void queue.then((started) => started.hold()),
      release: async (held) => (await queue).release(held),
    },
    changed: () => void queue.then((started) => started.reload()),
  })
}

type Closing = { readonly egress: Egress; readonly shaper: Shaper; readonly security: Security }

async function closed(patience: number, { egress, shaper, security }: Closing): Promise<void> {
  await egress.close(patience)
  await shaper.close()
  security.close()
}

function tallyOf({ metrics }: OutgoingParts, security: Security): Tally {
  return new Tally({ sts: (domain) => security.mtaSts.known(domain), metrics, now: Date.now })
}

type Reloading = { readonly shaper: Shaper; readonly queue: Queue }

function prepared(config: Config, live: Live, { shaper, queue }: Reloading): Prepared {
  // The sources stay: paths stand on them, and a name that is gone would have nowhere to send from.
  const { sources } = live.config.egress
  const changed = { ...config, egress: { ...config.egress, sources } }
  const { problems, apply } = shaper.prepare(changed)
  return {
    problems: [...poolProblems(changed, live.config), ...problems],
    apply() {
      live.config = changed
      apply()
      queue.reload()
    },
  }
}

function experiencesOf({ suppressions, experienced, log }: OutgoingParts, live: Live): Experiences {
  const record: ExperiencesOptions['record'] = (batch) => experienced(batch, live.config.suppression)
  return new Experiences({ filter: suppressions, record, log })
}

function routingOf(live: Live, security: Security, tally: Tally): Routing & RoutingNow {
  const { node, egress, dns } = live.config
  return createRouting({
    dns: security.dns,
    get tlsPolicies() {
      return live.config.tlsPolicies
    },
    get mtaSts() {
      return live.config.transportSecurity.mtaSts ? security.mtaSts : undefined
    },
    get dane() {
      return live.config.transportSecurity.dane
    },
    get routes() {
      return live.config.routes
    },
    get defaults() {
      return live.config.egress
    },
    outsidePolicy: tally.outside,
    ownNames: [node.name, ...egress.sources.map(({ ehlo }) => ehlo)],
    ownAddresses: egress.sources.flatMap(({ address }) => (address === undefined ? [] : [address])),
    cacheEntries: dns.cacheEntries,
    now: monotonic,
    random: Math.random,
  })
}

function tracking({ key }: OutgoingParts, live: Live): Personaliser {
  return trackingPersonaliser({
    key,
    wanted: (message) => trackingOf(live.config, message),
    get limits() {
      return mimeLimits(live)
    },
  })
}

function mimeLimits({ config }: Live): MimeLimits {
  const { headerBytes, mimeDepth, mimeParts } = config.limits
  return { headerBytes, depth: mimeDepth, parts: mimeParts }
}

/** One object for as long as the configuration is the same: the queue asks for it several times a message. */
const queueConfigs = new WeakMap<Config, QueueOptions['config']>()

function queueConfig({ config }: Live): QueueOptions['config'] {
  const { queue, streams } = config
  return queueConfigs.getOrInsertComputed(config, () => ({
    ...queue,
    // Each path has its own limit; this one is only for what memory holds together.
    recipientsPerTransaction: Infinity,
    weights: new Map(streams.map(({ name, weight }) => [name, weight])),
    poolOf: poolsOf(config),
  }))
}

function queueOptions(
  parts: OutgoingParts,
  live: Live,
): Omit<QueueOptions, 'routing' | 'egress' | 'shaping' | 'personaliser' | 'config' | 'settling'> {
  const { domains, log, spool } = parts
  const signer = createSigner({ keysOf: (domain) => domains.keys(domain) })
  const secret = returnPathKey(parts)
  return {
    spool,
    prepare: createPrepare({
      signer,
      get limits() {
        return mimeLimits(live)
      },
      now: Date.now,
    }),
    secret,
    returnPathDomainOf: parts.returnPaths.of,
    unsubscribe: unsubscribing({ config: () => live.config, key: parts.key, secret }),
    log,
    now: Date.now,
    random: Math.random,
  }
}

/** What return paths and other addresses of the node's own are made with, and read. */
export function returnPathKey({ key, config }: Pick<OutgoingParts, 'key' | 'config'>): Uint8Array {
  return key.mac('return-path', config.node.name)
}

/** Who hears of endings, and what they are about. */
type Told = {
  readonly personaliser: Personaliser
  readonly experiences: Experiences
  readonly planned: (queue: string, due: number) => void
}

function settlingOf(
  parts: OutgoingParts,
  live: Live,
  told: Told,
): { readonly settling: Settling; readonly tell: Tell } {
  const { config, spool, log, metrics, newId } = parts
  const notices = new Notices({
    nodeName: config.node.name,
    get postmaster() {
      return live.config.queue.postmaster
    },
    get perSenderPerHour() {
      return live.config.queue.dsnPerSenderPerHour
    },
    get expire() {
      return live.config.queue.expireNull
    },
    newId,
    personaliser: told.personaliser,
    read: (id) => spool.read(id),
  })
  const options = {
    spool,
    notices,
    log,
    metrics: queueMetrics(metrics),
    now: Date.now,
    arrived: ({ entry }) => {
      for (const { queue, due } of entry.deliveries) told.planned(queue, due)
    },
    ended: (ending) => told.experiences.ended(ending),
  } satisfies SettlingOptions
  return { settling: createSettling(options), tell: createTelling(options) }
}
