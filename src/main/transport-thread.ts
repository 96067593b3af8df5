/** The entry of a transport thread: opens what one thread needs, serves the main thread's calls. */

import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

import type { BrokenHost } from '#engine/egress'
import type { BadRate, Live, WarmUpState } from '#engine/shaping'
import { SpoolError, connectSpool } from '#engine/spool'
import type { Change, DeliveryFilter, MessageId } from '#engine/spool'
import type { Counted } from '#engine/tls-report'
import { Traces } from '#engine/trace'
import type { TraceRecord } from '#engine/trace'
import type { Place, QueueOverview, QueueState } from '#engine/queue'
import { handIn, handInLetter, keyedRequests } from '#door/submission'
import type { HandedIn, HandInLetterRequest, HandInParts, HandInRequest, ListeningAt } from '#door/submission'
import type { Config } from '#platform/config'
import { LogStream } from '#platform/log'
import { MetricsRegistry, watchEventLoop } from '#platform/metrics'
import type { Snapshot } from '#platform/metrics'
import { openServerKey } from '#platform/secret'
import { openControl, parseStoreUrl } from '#platform/store'
import { giveBack, link } from '#platform/thread'
import type { Remote } from '#platform/thread'
import { Certificates } from '#platform/tls'
import { LIST_LIMIT } from '#product/operation'
import type { Changed, TraceQuery } from '#product/operation'

import { certificateFiles } from './certificate.ts'
import { logOptions } from './logging.ts'
import type { MainService } from './main-service.ts'
import { submitOwn } from './own-mail.ts'
import type { OwnMail, OwnMailKind } from './own-mail.ts'
import { filterOf } from './trace-filter.ts'
import { startTransport } from './transport.ts'
import type { Transport } from './transport.ts'

export type TransportData = {
  readonly config: Config
  readonly spool: MessagePort
  readonly calls: MessagePort
  readonly thread: string
  readonly shared: boolean
}

/** What the main thread asks of a transport thread. */
export type TransportService = {
  addresses(): readonly ListeningAt[]
  /** Why nothing is taken in; `undefined` when it is. */
  refusal(): string | undefined
  /** Deliveries on the wire. */
  onWire(): number
  /** One state for each key, in order. */
  queues(keys: readonly string[]): {
    readonly overview: QueueOverview
    readonly states: readonly QueueState[]
    /** Campaigns that are held. */
    readonly holds: readonly Live[]
  }
  /** Where in memory the deliveries of a message are, in these queues. */
  places(keys: readonly string[], message: MessageId): readonly Place[]
  change(filter: DeliveryFilter, change: Change, reason: string): Promise<Changed>
  handIn(request: HandInRequest): Promise<HandedIn>
  handInLetter(request: HandInLetterRequest): Promise<HandedIn>
  metrics(): Snapshot
  reactions(): readonly Live[]
  cancelReaction(id: string): Live | undefined
  extendReaction(id: string, by: number): Live | undefined
  warmUps(): readonly WarmUpState[]
  /** Where a rate of the last day is bad as of now; everywhere else none is. */
  rated(bad: readonly BadRate[]): void
  setWarmUp(source: string, provider: string, step?: number): WarmUpState | undefined
  /** Begins a trace; gives its number, `undefined` when there are too many. */
  trace(query: TraceQuery): number | undefined
  /** What was said since the last call, as soon as there is something; nothing when the trace is over. */
  traced(trace: number): Promise<readonly TraceRecord[]>
  untrace(trace: number): void
  /** What came of TLS since the last call. */
  tlsCounted(): readonly Counted[]
  /** Hosts that are spoken to in clear because their TLS does not work. */
  brokenTls(): readonly BrokenHost[]
  /** Puts a report about TLS on its way. Rejects when it cannot be kept. */
  submitOwn(kind: OwnMailKind, mail: OwnMail): Promise<void>
  /** Listeners, limits and certificates of `config` hold for new sessions. Gives what is wrong; then nothing has changed. */
  reload(config: Config): Promise<readonly string[]>
  /** The log file may have been moved away. */
  reopenLog(): void
  /** Memory that only the start needed; blocks for a moment. */
  giveBack(): void
  drain(patience: number): Promise<void>
}

const { config, spool, calls, thread, shared } = workerData as TransportData
const stream = new LogStream(logOptions(config, thread))
const metrics = new MetricsRegistry()
watchEventLoop(metrics, thread)

const traces = new Traces(Date.now)
const joined = await connectSpool(spool)
const control = openControl(parseStoreUrl(config.store.url, config.node.data), { now: Date.now })
const certificates = await Certificates.open({
  ...(await certificateFiles(config)),
  minimumVersion: config.tls.minimumVersion,
  log: stream.log,
  metrics,
  now: Date.now,
})
/** Main calls as soon as this thread has started; what it is asked meanwhile waits. */
const main = Promise.withResolvers<Remote<MainService>>()
const transport = await startTransport({
  config,
  spool: joined,
  control,
  key: openServerKey(config.node.data),
  certificates,
  log: stream.log,
  metrics,
  tracer: traces,
  shared,
  experienced: async (batch, policy) => (await main.promise).experienced(batch, policy),
  reported: async (reported) => (await main.promise).reported(reported),
  keptForPostmaster: async (mail, content) => (await main.promise).keptForPostmaster(mail, content),
})
main.resolve(link<MainService>(calls, service(transport)).remote)

function service(running: Transport): TransportService {
  const { submission, outgoing, intake, drain, reload } = running
  const { queue, egress, shaping, tally } = outgoing
  let current = config
  const keyed = keyedRequests(joined)
  const handing = (): HandInParts => handingIn(running, current, keyed)
  return {
    addresses: () => submission.addresses(),
    refusal: () => intake.refusal()?.lines[0],
    onWire: () => queue.onWire,
    queues: (keys) => ({
      overview: queue.overview,
      states: keys.map((key) => queue.describe(key)),
      holds: shaping.holds(),
    }),
    places: (keys, message) => keys.flatMap((key) => queue.places(key, message)),
    async change(filter, change, reason) {
      return queue.change(filter, change, reason, LIST_LIMIT)
    },
    handIn: (request) => handIn(handing(), request),
    handInLetter: (request) => handInLetter(handing(), request),
    metrics: () => metrics.snapshot(),
    reactions: () => shaping.reactions(),
    cancelReaction: (id) => shaping.cancel(id),
    extendReaction: (id, by) => shaping.extend(id, by),
    warmUps: () => shaping.warmUps(),
    rated: (bad) => shaping.rated(bad),
    setWarmUp: (source, provider, step) => shaping.setWarmUp(source, provider, step),
    trace: (query) => traces.follow(filterOf(query)),
    traced: (trace) => traces.take(trace),
    untrace: (trace) => traces.unfollow(trace),
    tlsCounted: () => tally.take(),
    brokenTls: () => egress.brokenTls(),
    submitOwn: (kind, mail) => submitOwn(intake, kind, mail),
    async reload(changed) {
      const { minimumVersion } = changed.tls
      const refused = await certificates.reload({ ...(await certificateFiles(changed)), minimumVersion })
      if (refused !== undefined) return [refused]
      const problems = await reload(changed)
      if (problems.length === 0) current = changed
      return problems
    },
    reopenLog: () => stream.reopen(),
    giveBack,
    async drain(patience) {
      traces.close()
      await drain(patience)
      await control.close()
      // A spool that broke has told the main thread; there is nothing left to save here.
      await joined.close().catch((error: unknown) => {
        if (!(error instanceof SpoolError)) throw error
      })
      certificates[Symbol.dispose]()
      await stream[Symbol.asyncDispose]()
    },
  }
}

function handingIn(
  { intake, domains, suppressions, allowance, note }: Transport,
  current: Config,
  keyed: HandInParts['keyed'],
): HandInParts {
  return { config: current, intake, domains, suppressions, allowance, keyed, tell: note, now: Date.now }
}
