/**
 * What one transport thread runs: the submission door, the queue, and egress, joined to the spool and the control
 * database. Knows nothing of threads: tests start it in their own.
 */

import { createEgress } from '#engine/egress'
import type { Egress } from '#engine/egress'
import {
  createIntake,
  createPrepare,
  createSettling,
  Notices,
  Queue,
  queueGauges,
  queueMetrics,
} from '#engine/queue'
import type { Intake } from '#engine/queue'
import { createRouting } from '#engine/routing'
import { createSigner } from '#engine/signing'
import { messageIds } from '#engine/spool'
import type { Spool } from '#engine/spool'
import { startSubmission } from '#door/submission'
import type { Certificates, Submission } from '#door/submission'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import { openAuthenticator } from '#product/account'
import { openDirectory } from '#product/domain'
import type { DomainDirectory } from '#product/domain'
import type { Control } from '#platform/store'

import { memoryPressure } from './pressure.ts'

export type TransportParts = {
  readonly config: Config
  readonly spool: Spool
  readonly control: Control
  readonly key: ServerKey
  readonly certificates: Certificates
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** Several threads listen on the same ports. */
  readonly shared: boolean
}

export type Transport = {
  readonly submission: Submission
  readonly queue: Queue
  readonly egress: Egress
  readonly intake: Intake
  readonly domains: DomainDirectory
  /** Takes nothing in, lets transactions of both directions end, within `patience` ms; then everything is closed. */
  drain(patience: number): Promise<void>
}

/** Resolves when it listens and the queue has learned what waits. @throws what a listener says that cannot listen */
export async function startTransport(parts: TransportParts): Promise<Transport> {
  const { config, spool, control, key, log, metrics } = parts
  const now = Date.now
  const authenticator = await openAuthenticator(control, key, { now, log })
  const domains = await openDirectory(control, key, now)
  let draining = false
  const newId = messageIds(config.node.number, now, spool.newest === undefined ? {} : { after: spool.newest })
  const { queue, egress } = startQueue(parts, domains, newId)
  const pressure = memoryPressure(config.limits.memoryShare)
  const intake = createIntake({
    spool,
    queue,
    expire: config.queue.expire,
    expireNull: config.queue.expireNull,
    log,
    newId,
    now,
    pressure: () => (draining ? 'the server is shutting down' : pressure()),
  })
  await queue.start()
  const submission = await startSubmission({
    hostname: config.node.name,
    listeners: config.listeners,
    limits: config.limits,
    tls: parts.certificates,
    authenticator,
    domains,
    intake,
    log,
    metrics,
    now,
    shared: parts.shared,
  })
  return {
    submission,
    queue,
    egress,
    intake,
    domains,
    async drain(patience) {
      draining = true
      const stopped = Promise.all([submission.drain(patience), queue.stop()])
      await Promise.all([stopped, egress.close(patience)])
      await submission.close()
    },
  }
}

function startQueue(
  { config, spool, key, log, metrics }: TransportParts,
  domains: DomainDirectory,
  newId: ReturnType<typeof messageIds>,
): { readonly queue: Queue; readonly egress: Egress } {
  const now = Date.now
  const random = Math.random
  const routing = createRouting({
    dns: new Resolver({ config: config.dns, now: () => performance.now() }),
    routes: config.routes,
    defaults: config.egress,
    ownNames: [config.node.name, ...config.egress.sources.map(({ ehlo }) => ehlo)],
    ownAddresses: config.egress.sources.flatMap(({ address }) => (address === undefined ? [] : [address])),
    cacheEntries: config.dns.cacheEntries,
    now: () => performance.now(),
    random,
  })
  const egress = createEgress({
    routing,
    config: config.egress,
    tls: {},
    log,
    metrics,
    now,
    random,
    isPrivate,
  })
  const notices = new Notices({
    nodeName: config.node.name,
    postmaster: config.queue.postmaster,
    perSenderPerHour: config.queue.dsnPerSenderPerHour,
    expire: config.queue.expireNull,
    newId,
    read: (id) => spool.read(id),
  })
  const counts = queueMetrics(metrics)
  const settling = createSettling({
    spool,
    notices,
    log,
    metrics: counts,
    now,
    arrived: ({ entry }) => {
      for (const delivery of entry.deliveries) queue.planned(delivery.queue, delivery.due)
    },
  })
  const signer = createSigner({ keysOf: (domain) => domains.keys(domain) })
  const { headerBytes, mimeDepth, mimeParts } = config.limits
  const queue = new Queue({
    spool,
    routing,
    egress,
    sources: config.egress.sources.map(({ name }) => name),
    config: { ...config.queue, recipientsPerTransaction: config.egress.recipientsPerTransaction },
    settling,
    prepare: createPrepare({ signer, limits: { headerBytes, depth: mimeDepth, parts: mimeParts }, now }),
    secret: key.mac('return-path', config.node.name),
    log,
    now,
    random,
  })
  queueGauges(metrics, () => ({ inMemory: queue.inMemory, onWire: queue.onWire }))
  return { queue, egress }
}
