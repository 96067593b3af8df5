/** Tells a sender of what a later host reported about a delivery that had ended here. RFC 3464 §2 */

import type { SenderNotice, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

import type { QueueMetrics } from './metrics.ts'
import type { Notices } from './notice.ts'
import type { Ending } from './outcome.ts'
import { noticeSent, noticeWithheld } from './settling.ts'
import type { SettlingOptions } from './settling.ts'

export type TellingOptions = {
  readonly spool: Pick<Spool, 'accept'>
  readonly notices: Notices
  readonly log: Log
  readonly metrics: QueueMetrics
  now(): number
  readonly arrived: SettlingOptions['arrived']
}

/** Resolves when the notification is durable, or withheld. @throws {SpoolError} when it cannot be kept */
export type Tell = (about: Ending) => Promise<SenderNotice>

export function createTelling(options: TellingOptions): Tell {
  return async (about) => {
    const notified = await options.notices.of([about], options.now())
    if (notified.kind === 'withheld') {
      noticeWithheld(options, about)
      return notified
    }
    const { notification } = notified
    await options.spool.accept(notification.entry, notification.bytes)
    noticeSent(options, notification, about)
    return { kind: 'sent', message: notification.entry.message.id }
  }
}
