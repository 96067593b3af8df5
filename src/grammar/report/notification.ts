/** What a delivery status notification is about: the facts that its three parts are made of. RFC 3464 §2 */

import type { Mailbox } from '#grammar/address'

export type Action = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'

export type DsnRecipient = {
  readonly to: Mailbox
  /** `rfc822;…` or `utf-8;…`, as the sender gave it. RFC 3461 §4.2 */
  readonly orcpt?: string
  readonly action: Action
  /** RFC 3463, e.g. `5.1.1`. */
  readonly status: string
  /** The host that spoke. */
  readonly remoteMta?: string
  /** What it said, e.g. `550 5.1.1 No such user`; without `remoteMta`, words of our own. */
  readonly diagnostic?: string
  /** Milliseconds since the epoch. */
  readonly lastAttemptAt?: number
  /**
   * For `relayed`: the next host sends no notifications; does not know of the time by which the message is to be
   * delivered; knows of it. RFC 3461 §5.2.2, RFC 2852 §4.1.4
   */
  readonly onward?: 'no-notices' | 'no-deadline' | 'deadline'
  /** For `delayed`. */
  readonly willRetryUntil?: number
}

/** What of the original goes back. RFC 3461 §4.3 */
export type Returned = {
  /** `full` is honoured for a failure and a small message; otherwise the header section goes back. */
  readonly kind: 'full' | 'headers'
  /** The message, or the beginning of it with its header section. */
  readonly bytes: Uint8Array
  /** Octets of the message, of which `bytes` may be the beginning. */
  readonly size: number
}

export type DsnFacts = {
  /** Our host name. */
  readonly reportingMta: string
  /** The address of the From field, whom people may answer. */
  readonly postmaster: string
  /** The reverse-path of the original. */
  readonly to: Mailbox
  /** xtext-decoded. RFC 3461 §4.4 */
  readonly envid?: string
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number
  /** By when it was to be delivered, if the sender said so. RFC 2852 §4 */
  readonly deliverBy?: number
  readonly now: number
  /** Minutes east of UTC, in which times are shown. */
  readonly offset: number
  /** Of the notification, with angle brackets. */
  readonly messageId: string
  /** From the original, for people. */
  readonly subject?: string
  readonly recipients: readonly [DsnRecipient, ...DsnRecipient[]]
  readonly returned: Returned
}

/** The gravest first: it gives the notification its subject. */
export const ACTIONS = [
  'failed',
  'delayed',
  'expanded',
  'relayed',
  'delivered',
] as const satisfies readonly Action[]

export function gravest(recipients: readonly DsnRecipient[]): Action {
  return ACTIONS.find((action) => recipients.some((recipient) => recipient.action === action)) ?? 'failed'
}

/** One line, without control characters. Words of other hosts get no further than this. */
export function oneLine(text: string, limit: number): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, limit)
    .toWellFormed()
}
