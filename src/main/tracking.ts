/** The tracking door of a node, from what the node has. */

import { serveTracking } from '#door/tracking'
import type { TrackingServer } from '#door/tracking'
import { parseRanges } from '#platform/address-range'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import { Certificates } from '#platform/tls'
import { openSuppressions } from '#product/suppression'
import { Preferences, TRACKING_METRICS, TrackingRecorder } from '#product/tracking'

import { certificateFiles } from './certificate.ts'
import type { RunningNode } from './node.ts'
import { marketingStreams } from './offered.ts'

export type TrackingOfNode = {
  readonly node: RunningNode
  readonly log: Log
  readonly metrics: MetricsRegistry
}

export type RunningTracking = TrackingServer & {
  /** Its certificate, and the streams that one unsubscribes from, may be others from now on. */
  reload(config: Config): Promise<void>
}

/** Resolves when it listens; `undefined` when the configuration wants none. @throws what listening throws, and {CertificateError} */
export async function startTracking({
  node,
  log,
  metrics,
}: TrackingOfNode): Promise<RunningTracking | undefined> {
  const { control, key, spool } = node
  let { config } = node
  if (!config.tracking.enabled) return undefined
  await using undo = new AsyncDisposableStack()
  const certificates = config.tracking.tls ? undo.use(await certificatesOf(config, log, metrics)) : undefined
  const counted = metrics.register(TRACKING_METRICS)
  const { machineWithin, keepClient } = config.tracking
  const recorder = undo.use(
    new TrackingRecorder({
      spool,
      patience: { soon: machineWithin },
      keepClient,
      counted,
      log,
      now: Date.now,
    }),
  )
  const suppressions = await openSuppressions(control, Date.now)
  const streams = (): readonly string[] => marketingStreams(config)
  const server = undo.use(
    await serveTracking({
      ...config.tracking,
      trustedProxies: rangesOf(config.tracking.trustedProxies),
      ...(certificates && { secureContext: () => certificates.context(undefined) }),
      key,
      recorder,
      preferences: new Preferences({ spool, suppressions, streams, counted, log, now: Date.now }),
      log,
      now: Date.now,
    }),
  )
  const held = undo.move()
  return {
    address: server.address,
    port: server.port,
    async reload(changed) {
      config = changed
      const { minimumVersion } = changed.tls
      await certificates?.reload({ ...(await certificateFiles(changed)), minimumVersion })
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

async function certificatesOf(config: Config, log: Log, metrics: MetricsRegistry): Promise<Certificates> {
  const { minimumVersion } = config.tls
  return await Certificates.open({
    ...(await certificateFiles(config)),
    minimumVersion,
    log,
    metrics,
    now: Date.now,
  })
}

/** The configuration has made sure that they are. */
function rangesOf(texts: readonly string[]): Parameters<typeof serveTracking>[0]['trustedProxies'] {
  const parsed = parseRanges(texts)
  if (!parsed.ok) throw new Error(`tracking.trusted_proxies: ${parsed.wrong.join(', ')}`)
  return parsed.ranges
}
