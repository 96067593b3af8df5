/** What comes back to a node, as one transport thread composes it: addresses, records, suppressions, notifications. */

import { Feedback, feedbackMetrics } from '#engine/feedback'
import type { Learned } from '#engine/feedback'
import type { Intake } from '#engine/queue'
import type { Spool } from '#engine/spool'
import { addressKey, parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { ownNames, postmasterReaders } from '#platform/config'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import type { Experience } from '#product/suppression'

import type { MainService } from './main-service.ts'
import type { Outgoing } from './outgoing.ts'
import type { LiveReturnPaths } from './return-paths.ts'

export type ReturningParts = {
  /** The configuration of the moment. */
  readonly config: () => Config
  readonly spool: Spool
  readonly returnPaths: Pick<LiveReturnPaths, 'with'>
  readonly intake: Intake
  readonly secret: Uint8Array
  readonly key: ServerKey
  readonly tell: Outgoing['tell']
  readonly experienced: MainService['experienced']
  readonly keptForPostmaster: MainService['keptForPostmaster']
  readonly reported: MainService['reported']
  readonly log: Log
  readonly metrics: MetricsRegistry
}

export function startFeedback(parts: ReturningParts): Feedback {
  const { config, spool, returnPaths, intake, secret, key, tell, log, metrics } = parts
  const { experienced, keptForPostmaster, reported } = parts
  return new Feedback({
    hostname: config().node.name,
    get names() {
      return returnPaths.with(ownNames(config()))
    },
    get postmaster() {
      return postmasterReaders(config()).map(mailboxOf)
    },
    keep: keptForPostmaster,
    reported,
    get hops() {
      return config().limits.hops
    },
    secret,
    seal: key,
    spool,
    intake,
    learned: (learned) => experienced([experienceOf(learned)], config().suppression),
    tell,
    log,
    metrics: feedbackMetrics(metrics),
    now: Date.now,
  })
}

export function experienceOf(learned: Learned): Experience {
  const { organization, stream, to, delivery, at, evidence } = learned
  const name = `${delivery.message}.${delivery.n}`
  const known = { organization, stream, address: addressKey(to), delivery: name, at, evidence }
  if (learned.kind !== 'bounced') return { ...known, kind: learned.kind }
  const { class: what, type } = learned.bounce
  return { ...known, kind: 'bounced', class: what, type }
}

/** The configuration has made sure that it is one. */
function mailboxOf(text: string): Mailbox {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true, furtherHop: true })
  if (!parsed.ok) throw new Error(`the postmaster: ${text}`)
  return parsed.value
}
