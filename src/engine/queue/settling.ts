/**
 * Writes endings down and tells senders.
 *
 * A notification is accepted in the same turn as the endings it is about are settled, so that the group commit puts
 * both into one transaction: a crash can neither lose the notification nor send it twice.
 */

import type { Instant, Spool } from '#engine/spool'
import { SpoolError } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { Log } from '#platform/log'

import type { Notices, Notification } from './notice.ts'
import { replyText } from './outcome.ts'
import type { Ending } from './outcome.ts'
import type { QueueMetrics } from './metrics.ts'

export type Settling = {
  /** `after` is called for each ending once it is durable. Never throws: a broken spool tells main by itself. */
  settle(endings: readonly Ending[], after: (ending: Ending) => void): void
}

export type SettlingOptions = {
  readonly spool: Spool
  readonly notices: Notices
  readonly log: Log
  readonly metrics: QueueMetrics
  now(): Instant
  /** An ending is durable. Never throws. */
  ended(ending: Ending): void
  /** A notification is in the store and wants to be sent. */
  arrived(notification: Notification): void
}

/** Milliseconds between tries to store a notification while the disk is full or the store does not answer. */
const RETRY = 5_000

export function createSettling(options: SettlingOptions): Settling {
  return {
    settle(endings, after) {
      const about: Ending[] = []
      for (const ending of endings) {
        // What is to be told of waits for the words; a success beside it must not wait to be recorded.
        if (ending.notice === undefined) void write(options, ending, after)
        else about.push(ending)
      }
      const [first, ...more] = about
      if (first !== undefined) void tell(options, [first, ...more], after)
    },
  }
}

async function tell(
  options: SettlingOptions,
  about: readonly [Ending, ...Ending[]],
  after: (ending: Ending) => void,
): Promise<void> {
  const notification = await compose(options, about)
  // From here to the end of the turn nothing is awaited: one transaction.
  const writing = about.map((ending) => write(options, ending, after))
  if (notification !== undefined) writing.push(send(options, notification, about))
  await Promise.all(writing)
}

async function send(
  options: SettlingOptions,
  notification: Notification,
  about: readonly [Ending, ...Ending[]],
): Promise<void> {
  try {
    await options.spool.accept(notification.entry, notification.bytes)
  } catch (cause) {
    // The endings are kept until the store can write again, and so is this.
    if (cause instanceof SpoolError && (cause.code === 'full' || cause.code === 'unreachable')) {
      setTimeout(() => void send(options, notification, about), RETRY)
      return
    }
    lost(options, about, cause)
    return
  }
  options.metrics.notice('sent')
  options.log.info('notice.sent', {
    message: notification.entry.message.id,
    about: about[0].claimed.message.id,
    to: formatPath(about[0].claimed.message.from),
    kind: about[0].notice,
  })
  options.arrived(notification)
}

async function compose(
  options: SettlingOptions,
  about: readonly [Ending, ...Ending[]],
): Promise<Notification | undefined> {
  try {
    const notified = await options.notices.of(about, options.now())
    if (notified.kind === 'sent') return notified.notification
    options.metrics.notice('withheld')
    options.log.warn('notice.withheld', {
      about: about[0].claimed.message.id,
      to: formatPath(about[0].claimed.message.from),
      why: 'the sender had too many notifications within this hour',
    })
  } catch (cause) {
    // The delivery has ended all the same: it is the notification that fails, and the log that tells.
    lost(options, about, cause)
  }
  return undefined
}

function lost(options: SettlingOptions, about: readonly Ending[], cause: unknown): void {
  options.metrics.notice('lost')
  options.log.error('notice.lost', { about: about[0]?.claimed.message.id, cause })
}

async function write(
  options: SettlingOptions,
  ending: Ending,
  after: (ending: Ending) => void,
): Promise<void> {
  try {
    await options.spool.settle(ending.settlement)
  } catch (cause) {
    if (cause instanceof SpoolError) return
    throw cause
  }
  options.metrics.ended(ending.settlement.state)
  logEnding(options.log, ending, options.now())
  options.ended(ending)
  after(ending)
}

function logEnding(log: Log, { claimed, settlement }: Ending, now: Instant): void {
  const { message, delivery } = claimed
  const { attempt } = settlement
  const fields = {
    message: message.id,
    n: delivery.key.n,
    from: formatPath(message.from),
    to: formatMailbox(delivery.to),
    attempts: delivery.attempts + (attempt === undefined ? 0 : 1),
    delay: now - message.acceptedAt,
    reply: attempt === undefined ? settlement.reason : replyText(attempt),
    ...(attempt === undefined ? {} : pathFields(attempt)),
  }
  switch (settlement.state) {
    case 'delivered':
      log.info('delivery.delivered', fields)
      return
    case 'waiting':
      log.info('delivery.deferred', { ...fields, due: new Date(settlement.due).toISOString() })
      return
    case 'bounced':
      log.warn('delivery.bounced', fields)
      return
    case 'expired':
      log.warn('delivery.expired', fields)
      return
    case 'held':
      log.info('delivery.held', fields)
      return
    case 'cancelled':
      log.info('delivery.cancelled', fields)
  }
}

function pathFields(attempt: NonNullable<Ending['settlement']['attempt']>): object {
  const { source, site, host, address, tls, stage, duration } = attempt
  return { source, site, host, address, tls, stage, duration }
}
