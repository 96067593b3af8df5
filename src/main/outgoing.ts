/** The way out as one transport thread composes it: routing, egress, signing, notifications, and the queue before them. */

import { createEgress } from '#engine/egress'
import type { Egress } from '#engine/egress'
import { createPrepare, createSettling, Notices, Queue, queueGauges, queueMetrics } from '#engine/queue'
import type { QueueOptions, Settling } from '#engine/queue'
import { createRouting } from '#engine/routing'
import type { Routing, RoutingNow } from '#engine/routing'
import { createSigner } from '#engine/signing'
import { classifyReply } from '#engine/bounce'
import type { Stage } from '#engine/bounce'
import type { Attempt, Delivery, MessageId, Spool } from '#engine/spool'
import type { Tracer } from '#engine/trace'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import type { DomainDirectory } from '#product/domain'
import type { Bounce, SuppressionFilter } from '#product/suppression'

import { Experiences } from './experiences.ts'
import type { MainService } from './main-service.ts'

export type OutgoingParts = {
  readonly config: Config
  readonly spool: Spool
  readonly key: ServerKey
  readonly domains: DomainDirectory
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly tracer: Tracer
  readonly suppressions: Pick<SuppressionFilter, 'bouncedSoftly'>
  readonly experienced: MainService['experienced']
  readonly newId: () => MessageId
}

export type Outgoing = {
  readonly queue: Queue
  readonly egress: Egress
  readonly experiences: Experiences
  /** Routes, limits and schedules of `config` hold from now on; connections that stand keep what they began with. */
  reload(config: Config): void
}

/** The configuration of the moment. Rooms read it through getters, so that a reload needs nobody's help. */
type Live = { config: Config }

export function startOutgoing(parts: OutgoingParts): Outgoing {
  const live: Live = { config: parts.config }
  const routing = routingOf(live)
  const egress = createEgress({
    routing,
    get config() {
      return live.config.egress
    },
    tls: {},
    log: parts.log,
    metrics: parts.metrics,
    tracer: parts.tracer,
    now: Date.now,
    random: Math.random,
    isPrivate,
  })
  const experiences = new Experiences({
    filter: parts.suppressions,
    classify: bounceOf,
    record: (batch) => parts.experienced(batch, live.config.suppression),
    log: parts.log,
  })
  const queue: Queue = new Queue({
    ...queueOptions(parts, live),
    routing,
    egress,
    get config() {
      return queueConfig(live)
    },
    settling: settlingOf(parts, live, {
      experiences,
      planned: (key, due) => queue.planned(key, due),
    }),
  })
  queueGauges(parts.metrics, () => ({ inMemory: queue.inMemory, onWire: queue.onWire }))
  return {
    queue,
    egress,
    experiences,
    reload(config) {
      // The sources stay: paths stand on them, and a name that is gone would have nowhere to send from.
      const { sources } = live.config.egress
      live.config = { ...config, egress: { ...config.egress, sources } }
      queue.reload()
    },
  }
}

/** A step of the time of day must not empty the caches. */
function monotonic(): number {
  return performance.now()
}

function routingOf(live: Live): Routing & RoutingNow {
  const { node, egress, dns } = live.config
  return createRouting({
    dns: new Resolver({ config: dns, now: monotonic }),
    get routes() {
      return live.config.routes
    },
    get defaults() {
      return live.config.egress
    },
    ownNames: [node.name, ...egress.sources.map(({ ehlo }) => ehlo)],
    ownAddresses: egress.sources.flatMap(({ address }) => (address === undefined ? [] : [address])),
    cacheEntries: dns.cacheEntries,
    now: monotonic,
    random: Math.random,
  })
}

/** One object for as long as the configuration is the same: the queue asks for it several times a message. */
const queueConfigs = new WeakMap<Config, QueueOptions['config']>()

function queueConfig({ config }: Live): QueueOptions['config'] {
  return queueConfigs.getOrInsertComputed(config, ({ queue, egress }) => ({
    ...queue,
    recipientsPerTransaction: egress.recipientsPerTransaction,
  }))
}

function queueOptions(
  parts: OutgoingParts,
  live: Live,
): Omit<QueueOptions, 'routing' | 'egress' | 'config' | 'settling'> {
  const { config, domains, key, log, spool } = parts
  const signer = createSigner({ keysOf: (domain) => domains.keys(domain) })
  return {
    spool,
    sources: config.egress.sources.map(({ name }) => name),
    prepare: createPrepare({
      signer,
      get limits() {
        const { headerBytes, mimeDepth, mimeParts } = live.config.limits
        return { headerBytes, depth: mimeDepth, parts: mimeParts }
      },
      now: Date.now,
    }),
    secret: key.mac('return-path', config.node.name),
    log,
    now: Date.now,
    random: Math.random,
  }
}

/** Who hears of endings. */
type Told = {
  readonly experiences: Experiences
  readonly planned: (queue: string, due: number) => void
}

function settlingOf(parts: OutgoingParts, live: Live, told: Told): Settling {
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
    read: (id) => spool.read(id),
  })
  return createSettling({
    spool,
    notices,
    log,
    metrics: queueMetrics(metrics),
    now: Date.now,
    arrived: ({ entry }) => {
      for (const { queue, due } of entry.deliveries) told.planned(queue, due)
    },
    ended: (ending) => told.experiences.ended(ending),
  })
}

function bounceOf(attempt: Attempt, { to }: Delivery): Bounce {
  const { code, enhanced, text, stage, host } = attempt
  return classifyReply({ code, enhanced, text, stage: stage as Stage, host, domain: to.domain })
}
