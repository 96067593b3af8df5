/**
 * Writes endings down and tells senders.
 *
 * A notification is accepted in the same turn as the endings it is about are settled, so that the group commit puts
 * both into one transaction: a crash can neither lose the notification nor send it twice.
 */

import type { Instant, SenderNotice, Spool } from '#engine/spool'
import { SpoolError } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { Log } from '#platform/log'

import type { Notices, Notification, Notified } from './notice.ts'
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
  const composed = await compose(options, about)
  const notice = noticeOf(composed)
  // From here to the end of the turn nothing is awaited: one transaction.
  const writing = about.map((ending) => write(options, withNotice(ending, notice), after))
  if (composed.kind === 'sent') writing.push(send(options, composed.notification, about))
  await Promise.all(writing)
}

/** What the record of each delivery says of it. */
function noticeOf(composed: Composed): SenderNotice {
  return composed.kind === 'sent'
    ? { kind: 'sent', message: composed.notification.entry.message.id }
    : composed
}

function withNotice(ending: Ending, notice: SenderNotice): Ending {
  const { settlement } = ending
  if (settlement.attempt === undefined) return ending
  return { ...ending, settlement: { ...settlement, attempt: { ...settlement.attempt, notice } } }
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
  noticeSent(options, notification, about[0])
}

type Telling = Pick<SettlingOptions, 'metrics' | 'log' | 'arrived'>

/** A notification is durable. */
export function noticeSent(
  { metrics, log, arrived }: Telling,
  notification: Notification,
  { claimed: { message }, notice }: Ending,
): void {
  metrics.notice('sent')
  log.info('notice.sent', {
    message: notification.entry.message.id,
    about: message.id,
    to: formatPath(message.from),
    kind: notice,
  })
  arrived(notification)
}

export function noticeWithheld({ metrics, log }: Telling, { claimed: { message } }: Ending): void {
  metrics.notice('withheld')
  log.warn('notice.withheld', {
    about: message.id,
    to: formatPath(message.from),
    why: 'the sender had too many notifications within this hour',
  })
}

type Composed = Notified | { readonly kind: 'lost' }

async function compose(options: SettlingOptions, about: readonly [Ending, ...Ending[]]): Promise<Composed> {
  try {
    const notified = await options.notices.of(about, options.now())
    if (notified.kind === 'sent') return notified
    noticeWithheld(options, about[0])
    return notified
  } catch (cause) {
    // The delivery has ended all the same: it is the notification that fails, and the log that tells.
    lost(options, about, cause)
    return { kind: 'lost' }
  }
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
  const { state, attempt } = ending.settlement
  options.metrics.ended(state)
  if (attempt?.bounce !== undefined) options.metrics.refused(attempt.bounce.class)
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
  const { source, site, host, address, tls, stage, duration, bounce } = attempt
  const path = { source, site, host, address, tls, stage, duration }
  return bounce === undefined ? path : { ...path, class: bounce.class, type: bounce.type, rule: bounce.rule }
}
