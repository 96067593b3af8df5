/**
 * What one transport thread runs: the submission door, the queue, and egress, joined to the spool and the control
 * database. Knows nothing of threads: tests start it in their own.
 */

import { createIntake } from '#engine/queue'
import type { Intake, IntakeOptions, Queue } from '#engine/queue'
import { messageIds } from '#engine/spool'
import type { MessageId, NewEvent, Spool } from '#engine/spool'
import type { Tracer } from '#engine/trace'
import { startSubmission } from '#door/submission'
import type { Certificates, Submission, SubmissionParts } from '#door/submission'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import { openAuthenticator } from '#product/account'
import { openDirectory } from '#product/domain'
import type { DomainDirectory } from '#product/domain'
import { parseStoreUrl } from '#platform/store'
import type { Control } from '#platform/store'
import { openAllowance } from '#product/quota'
import type { Allowance } from '#product/quota'
import { openSuppressionFilter } from '#product/suppression'
import type { SuppressionFilter } from '#product/suppression'

import type { MainService } from './main-service.ts'
import { noting } from './noting.ts'
import { watchReturnPaths } from './return-paths.ts'
import type { LiveReturnPaths } from './return-paths.ts'
import { startFeedback } from './returning.ts'
import { returnPathKey, startOutgoing } from './outgoing.ts'
import type { Outgoing } from './outgoing.ts'
import { memoryPressure } from './pressure.ts'

export type TransportParts = {
  readonly config: Config
  readonly spool: Spool
  readonly control: Control
  readonly key: ServerKey
  readonly certificates: Certificates
  readonly log: Log
  readonly tracer: Tracer
  readonly metrics: MetricsRegistry
  /** Several threads listen on the same ports. */
  readonly shared: boolean
  readonly experienced: MainService['experienced']
  readonly keptForPostmaster: MainService['keptForPostmaster']
  readonly reported: MainService['reported']
}

export type Transport = {
  readonly submission: Submission
  readonly intake: Intake
  readonly domains: DomainDirectory
  readonly suppressions: SuppressionFilter
  readonly allowance: Allowance
  /** Puts an event into the log; nobody waits for it. */
  readonly note: (event: NewEvent) => void
  readonly outgoing: Outgoing
  /** Takes nothing in, lets transactions of both directions end, within `patience` ms; then everything is closed. */
  readonly drain: (patience: number) => Promise<void>
  /** What can change while it runs, from now on as `config` says. Gives what is wrong; then nothing has changed. */
  readonly reload: (config: Config) => Promise<readonly string[]>
}

/** Resolves when it listens and the queue has learned what waits. @throws what a listener says that cannot listen */
export async function startTransport(parts: TransportParts): Promise<Transport> {
  const { config, spool, log, metrics, shared, tracer, certificates: tls } = parts
  const now = Date.now
  const known = await openKnown(parts)
  const { authenticator, domains, suppressions, allowance, returnPaths } = known
  const state: State = { config, draining: false }
  const newId = idsAfter(spool, config.node.number)
  const note = noted(parts)
  const outgoing = await startOutgoing({ ...parts, domains, suppressions, returnPaths, newId, note })
  const { queue, tell } = outgoing
  const intake = intakeOf(parts, { queue, newId, allowance }, state)
  const secret = returnPathKey(parts)
  const back = { ...parts, config: () => state.config, returnPaths, intake, tell, secret }
  const feedback = startFeedback(back)
  await queue.start()
  const submission = await startSubmission({
    hostname: config.node.name,
    listeners: config.listeners,
    limits: config.limits,
    tls,
    ...known,
    tell: note,
    intake,
    feedback,
    log,
    metrics,
    tracer,
    now,
    shared,
  })
  return {
    submission,
    outgoing,
    intake,
    domains,
    suppressions,
    allowance,
    note,
    async reload(changed) {
      // First what can fail: then the configuration that was stays as a whole.
      const { problems, apply } = outgoing.prepare(changed)
      if (problems.length > 0) return problems
      await submission.reload(changed)
      apply()
      state.config = changed
      return []
    },
    async drain(patience) {
      state.draining = true
      // A store that does not answer must not keep us: it finds what it has when it is opened again.
      const put = Promise.race([queue.stop(), after(patience)])
      const stopped = Promise.all([submission.drain(patience), put])
      await Promise.all([stopped, outgoing.close(patience)])
      await submission.close()
      await outgoing.experiences.flush()
      suppressions.close()
      returnPaths[Symbol.dispose]()
      await allowance.close()
      await authenticator.close()
    },
  }
}

/** Nobody waits for it. */
function noted(parts: TransportParts): Transport['note'] {
  const note = noting(parts)
  return (event) => void note(event)
}

/** What is true now. */
type State = { config: Config; draining: boolean }

function intakeOf(
  { spool, log }: TransportParts,
  { queue, newId, allowance }: Pick<IntakeOptions, 'newId' | 'allowance'> & { readonly queue: Queue },
  state: State,
): Intake {
  const pressure = memoryPressure(() => state.config.limits.memoryShare)
  return createIntake({
    spool,
    queue,
    get expire() {
      return state.config.queue.expire
    },
    get expireNull() {
      return state.config.queue.expireNull
    },
    log,
    ...(allowance && { allowance }),
    newId,
    now: Date.now,
    pressure: () => (state.draining ? 'the server is shutting down' : pressure()),
  })
}

/** What is asked of the control database for each message, mostly answered from memory. */
async function openKnown(
  parts: TransportParts,
): Promise<
  Pick<SubmissionParts, 'authenticator'> &
    Pick<Transport, 'domains' | 'suppressions' | 'allowance'> & { readonly returnPaths: LiveReturnPaths }
> {
  const { control, key, log } = parts
  const now = Date.now
  return {
    authenticator: await openAuthenticator(control, key, { now, log }),
    domains: await openDirectory(control, key, now),
    suppressions: await openFilter(parts),
    allowance: await openQuotaAllowance(parts),
    returnPaths: await watchReturnPaths(control, log),
  }
}

function openFilter({ control, log }: TransportParts): Promise<SuppressionFilter> {
  const failed = (cause: unknown): void => log.error('suppression.not-read', { cause })
  return openSuppressionFilter(control, { now: Date.now, failed })
}

function openQuotaAllowance(parts: TransportParts): Promise<Allowance> {
  const { config, control, spool, log } = parts
  return openAllowance(control, {
    source: spool,
    tell: (event) => toldOfQuota(parts, event),
    now: Date.now,
    isShared: parseStoreUrl(config.store.url, config.node.data).engine === 'postgres',
    failed: (cause) => log.error('quota.not-read', { cause }),
  })
}

/** For webhooks and whoever follows the log of the organization, and for who reads that of the process. */
async function toldOfQuota({ spool, log }: TransportParts, event: NewEvent): Promise<void> {
  const { organization, stream, data } = event
  await spool.append(event)
  const fields = { organization, ...(stream !== undefined && { stream }), ...data }
  if (event.kind === 'quota-reached') log.warn('quota.reached', fields)
  else log.info('quota.near', fields)
}

/** Resolves after so many milliseconds, and keeps no process for it. */
function after(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, milliseconds).unref()
  return promise
}

/** Ids that sort behind every one that the spool has ever had. */
function idsAfter({ newest }: Spool, node: number): () => MessageId {
  return messageIds(node, Date.now, newest === undefined ? {} : { after: newest })
}
