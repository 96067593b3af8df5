/** `hikyaku serve`: one node until SIGTERM. */

import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { serveControl } from '#door/control'
import type { GlobalOptions } from '#door/cli'
import type { Config, Loaded } from '#platform/config'
import { LogStream } from '#platform/log'
import type { Log } from '#platform/log'
import { exposition, MetricsRegistry, processMetrics, watchEventLoop } from '#platform/metrics'

import { openAudit } from '#product/audit'
import type { Operations, Reloaded } from '#product/operation'
import type { Users } from '#product/user'

import { auditedOperations } from './audited.ts'
import { CONTROL_SOCKET } from './control-socket.ts'
import { configure, mistakes } from './configure.ts'
import { serveMonitoring } from './http.ts'
import type { MonitoringServer } from './http.ts'
import { changed, intoSandbox, openSandbox } from './into-sandbox.ts'
import { apiUrl } from './links.ts'
import { watchDomains } from './domain-looks.ts'
import { logOptions } from './logging.ts'
import { startNode } from './node.ts'
import type { RunningNode } from './node.ts'
import { noting } from './noting.ts'
import { openOperations, usersOf } from './operations.ts'
import { openStreams } from './tracing.ts'
import { watchRates } from './rates.ts'
import { firstOwnerLink } from './user-operations.ts'
import { ownerWanted } from './owner-wanted.ts'
import { watchReputation } from './reputation.ts'
import { startForgetting } from './retention.ts'
import { startWeb } from './web.ts'
import type { RunningWeb } from './web.ts'
import { startWebhooks } from './webhooks.ts'
import type { WebhookService } from './webhooks.ts'
import { startTlsReporting } from './tls-reporting.ts'
import { mustHaveRules } from './shaping.ts'

/** Milliseconds that transactions may take to end after SIGTERM. */
const PATIENCE = 25_000

/** Exit code after the spool broke: a supervisor restarts, and recovery finds out. EX_IOERR of sysexits(3) */
const BROKEN = 74

type Named = Parameters<WebhookService['ping']>[0]

export type Serving = {
  readonly config: Config
  readonly node: RunningNode
  readonly monitoring: MonitoringServer
  /** Where the HTTP API listens, if it does. */
  readonly api: { readonly address: string; readonly port: number } | undefined
  /** Where opens, clicks and unsubscribing are served, if they are. */
  readonly tracking: { readonly address: string; readonly port: number } | undefined
  readonly operations: Operations
  readonly users: Users
  readonly log: Log
  readonly reload: () => Promise<Reloaded>
  /** Drains and closes everything. */
  stop(): Promise<void>
}

/** Runs until a signal ends it; gives the exit code. @throws {CliError} `config` */
export async function serve(options: GlobalOptions, version: string): Promise<number> {
  const { path, loaded } = configure(options.config)
  if (!loaded.ok) throw mistakes(path, loaded.problems)
  mustHaveRules(loaded.config)
  // A reload asked for while we start finds the new configuration; what SIGHUP does by default is to end us.
  process.on('SIGHUP', () => {})
  await using sandbox = loaded.config.sandbox.enabled ? await openSandbox(loaded.config) : undefined
  const into = (config: Config): Config => (sandbox === undefined ? config : intoSandbox(config, sandbox))
  const again = (): Loaded => changed(configure(options.config).loaded, into)
  const serving = await startServing(into(loaded.config), version, again)
  for (const warning of loaded.warnings) serving.log.warn('config.warning', { warning })
  if (serving.api !== undefined) await invite(serving)
  const signal = await untilSignal(serving)
  serving.log.info('node.stopping', { signal })
  await serving.stop()
  return 0
}

/** Not in the log, which more people read. */
async function invite({ users, operations }: Serving): Promise<void> {
  const link = await firstOwnerLink(users, operations)
  if (link !== undefined) process.stderr.write(ownerWanted(link))
}

/** Starts everything a node has; `again` reads the configuration when it is to be reloaded. */
export async function startServing(config: Config, version: string, again: () => Loaded): Promise<Serving> {
  const stream = new LogStream(logOptions(config, 'main'))
  const { log } = stream
  await using undo = new AsyncDisposableStack()
  undo.use(stream)
  const node = await startNode({ config, log, broken: (error) => die(stream, error) })
  undo.adopt(node, (running) => running.stop(PATIENCE))
  let web: RunningWeb | undefined
  const reload = async (): Promise<Reloaded> => {
    await reopenLogs(stream, node)
    const loaded = again()
    const told = await reloaded(config, loaded, node, log)
    if (loaded.ok && told.problems.length === 0) await web?.reload(loaded.config)
    return told
  }
  const metrics = new MetricsRegistry()
  const monitoring = await startMonitoring(node, metrics)
  undo.use(monitoring)
  const note = noting({ ...node, log })
  const reputation = undo.use(watchReputation({ config, log, metrics, note }))
  undo.use(await watchRates({ ...node, log, metrics, now: Date.now }))
  const watch = undo.use(await watchDomains({ ...node, log, metrics, now: Date.now }))
  const webhooks = undo.use(await startWebhooks({ ...node, log, metrics }))
  const site = (): string => apiUrl(config, web?.api?.port)
  const audit = await openAudit(node.control, Date.now)
  const users = await usersOf({ ...node, now: Date.now })
  const running = {
    transport: node.transport,
    startedAt: Date.now(),
    reload,
    standings: reputation.standings,
    look: watch.look,
    ping: (webhook: Named) => webhooks.service.ping(webhook),
  }
  const asked = { ...node, users, audit, apiUrl: site, running, version, now: Date.now }
  const operations = await openOperations(asked)
  const control = { ...auditedOperations(operations, { audit, log }), streams: openStreams(node.transport) }
  undo.use(await serveControl(join(config.node.data, CONTROL_SOCKET), control, log))
  const served = { node, log, metrics, version, users, audit, site, watch }
  web = undo.use(await startWeb({ ...served, operations, webhooks: webhooks.service }))
  undo.use(await startTlsReporting({ ...node, log, metrics }))
  undo.use(await startForgetting(node, log))
  const listeners = await node.transport.addresses()
  await node.giveBack()
  const { api, tracking } = web
  log.info('node.started', {
    node: config.node.name,
    version,
    listeners,
    ...placesOf({ monitoring, api, tracking }),
  })
  const held = undo.move()
  const serving = { config, node, monitoring, api, tracking, operations, users, log, reload }
  return { ...serving, stop: () => held.disposeAsync() }
}

function placesOf(servers: Readonly<Record<string, Place | undefined>>): Readonly<Record<string, Place>> {
  const all = Object.entries(servers).flatMap(([name, one]) =>
    one === undefined ? [] : [[name, placeOf(one)]],
  )
  return Object.fromEntries(all) as Record<string, Place>
}

type Place = { readonly address: string; readonly port: number }

function placeOf({ address, port }: Place): Place {
  return { address, port }
}

/** Whatever becomes of the configuration: whoever rotates the files waits for it. */
async function reopenLogs(stream: LogStream, { transport }: RunningNode): Promise<void> {
  try {
    stream.reopen()
    await transport.reopenLog()
  } catch (cause) {
    stream.log.error('log.reopen-failed', { cause })
  }
}

async function reloaded(
  running: Config,
  loaded: Loaded,
  { transport }: RunningNode,
  log: Log,
): Promise<Reloaded> {
  if (!loaded.ok) {
    log.error('config.refused', { problems: loaded.problems })
    return { problems: loaded.problems, restart: [] }
  }
  const problems = await transport.reload(loaded.config)
  if (problems.length > 0) {
    log.error('config.refused', { problems })
    return { problems, restart: [] }
  }
  const waiting = [...FIXED].filter(([, of]) => !isDeepStrictEqual(of(running), of(loaded.config)))
  const restart = waiting.map(([section]) => section)
  for (const section of restart) log.warn('config.restart-needed', { section })
  log.info('config.reloaded')
  return { problems: [], restart }
}

/** What is decided once, when the process starts. */
const FIXED: ReadonlyMap<string, (config: Config) => unknown> = new Map([
  ['[node]', (config: Config): unknown => config.node],
  ['[store]', (config) => config.store],
  ['[http]', (config) => config.http],
  ['[domains]', (config) => config.domains],
  ['[api]', (config) => config.api],
  ['[tracking]', (config) => config.tracking],
  ['[sign_in]', (config) => config.signIn],
  ['[log]', (config) => config.log],
  ['[dns]', (config) => config.dns],
  ['[tls_report]', (config) => config.tlsReport],
  ['[transport_security] trust_ad', (config) => config.transportSecurity.trustAd],
  ['[transport_security] mta_sts_port', (config) => config.transportSecurity.mtaStsPort],
  ['[webhooks]', (config) => config.webhooks],
  ['[sandbox]', (config) => config.sandbox],
  ['[reputation]', (config) => config.reputation],
  ['[retention]', (config) => config.retention],
  ['[streams] retention', (config) => config.streams.map(({ name, retention }) => [name, retention])],
  ['[egress.sources]', (config) => config.egress.sources],
  ['[limits] disk_free', (config) => config.limits.diskFree],
])

async function startMonitoring(node: RunningNode, metrics: MetricsRegistry): Promise<MonitoringServer> {
  const { config, spool, transport } = node
  watchEventLoop(metrics, 'main')
  const ofProcess = await processMetrics()
  return serveMonitoring(config.http.address, config.http.port, {
    async metrics() {
      const snapshots = [await ofProcess(), metrics.snapshot(), await transport.metrics()]
      return exposition(snapshots)
    },
    sick: () => (spool.healthy ? undefined : 'outcomes cannot be written'),
    unready: () => transport.refusal(),
  })
}

/** SIGHUP reloads and waits on; SIGTERM and SIGINT end. */
export function untilSignal({ reload, log }: Pick<Serving, 'reload' | 'log'>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  process.on('SIGHUP', () => {
    reload().catch((cause: unknown) => log.error('config.reload-failed', { cause }))
  })
  process.once('SIGTERM', () => resolve('SIGTERM'))
  process.once('SIGINT', () => resolve('SIGINT'))
  return promise
}

/** No promise can be kept any more: say so where people look, and end at once, before anything else is answered. */
function die(stream: LogStream, error: Error): void {
  stream.log.error('node.broken', { cause: error })
  process.stderr.write(`hikyaku: the node cannot go on: ${error.message}\n`)
  process.exit(BROKEN)
}
