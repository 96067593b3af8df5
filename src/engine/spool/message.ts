/** What the spool keeps: messages, deliveries and attempts, as values. */

import type { ForwardPath, Mailbox, ReversePath } from '#grammar/address'
import type { DeliveryKey, MessageId } from '#grammar/message-id'
import type { DeliverBy, Notify } from '#grammar/smtp'

/** Milliseconds since the epoch. */
export type Instant = number

/** One accepted content and envelope, without its bytes. */
export type Message = {
  readonly id: MessageId
  readonly acceptedAt: Instant
  readonly organization: string
  readonly stream: string
  /** The credential that submitted it; absent for trusted networks and for mail of the platform itself. */
  readonly credential?: string
  /** Where it came in: `submission`, `mx`, `api`, or `platform` for DSNs and other mail of our own. */
  readonly door: string
  /** The peer: address, EHLO name and RFC 3848 protocol, e.g. `ESMTPSA`. Empty for `platform`. */
  readonly client: { readonly address: string; readonly helo: string; readonly protocol: string }
  readonly from: ReversePath
  /** Octets of the content as stored, trace header included. */
  readonly size: number
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly smtputf8: boolean
  readonly requireTls: boolean
  readonly ret?: 'full' | 'headers'
  readonly envid?: string
  readonly deliverBy?: DeliverBy
  readonly priority: number
  /** After this no further attempt is made. */
  readonly expiresAt: Instant
  /** From the content, cut to 998 octets: for people who search. */
  readonly subject?: string
  readonly headerFrom?: string
  readonly headerMessageId?: string
  /** What the sender tells its mail apart by: see `TAGS`. */
  readonly tags?: readonly string[]
  /** What the sender is told again with each event, by names of its own: see `METADATA`. */
  readonly metadata?: Metadata
  /** What the sender has said about this message; where it has not, its stream says it. */
  readonly tracking?: Tracking
  /** Its content is no mail yet: a template, of which each recipient is sent what it becomes with the delivery's `data`. */
  readonly content?: 'template'
  /** What its sender calls the campaign that it belongs to, where the content says so; cut to 100 characters. */
  readonly campaign?: string
}

export type Metadata = Readonly<Record<string, string>>

/** Whether it is to be told that a recipient opened the message, or followed a link in it. */
export type Tracking = { readonly opens?: boolean; readonly clicks?: boolean }

/**
 *   waiting ──▶ active ──▶ delivered | bounced | expired
 *    ▲  ▲          │
 *    │  └──────────┘ deferred: back to waiting with a later `due`
 *    ▼
 *   held         waiting, active and held may become cancelled
 *
 * `active` means that the running process has it in memory; at start every active delivery is waiting again.
 */
export type DeliveryState = 'waiting' | 'active' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled'

export type NewDelivery = {
  readonly to: ForwardPath
  readonly notify?: Notify
  readonly orcpt?: string
  /** The scheduled queue it waits in: `organization/stream/domain`. */
  readonly queue: string
  /** 0 is sent first. From the priority and the stream. */
  readonly band: number
  readonly state: 'active' | 'waiting' | 'held'
  readonly due: Instant
  /** What is this recipient's own in a template: JSON, of `DATA_LIMIT` octets at most. It goes when the delivery ends. */
  readonly data?: string
}

/** Octets of the data of one delivery. */
export const DATA_LIMIT = 16 * 1024

/** Octets of data after which a claim ends, so that a window of them is not read at once. */
export const CLAIMED_DATA = 1024 * 1024

export type Delivery = Omit<NewDelivery, 'state'> & {
  readonly key: DeliveryKey
  readonly state: DeliveryState
  readonly attempts: number
  /** A delay DSN was sent for it. */
  readonly delayNotified: boolean
  /** The last attempt's words, or why it is held or cancelled. */
  readonly lastReply?: string
  /** When it reached a final state. */
  readonly endedAt?: Instant
}

/** A delivery with what is needed to send it. */
export type Claimed = { readonly message: Message; readonly delivery: Delivery }

/** What one try did, as it is kept. */
export type Attempt = {
  readonly at: Instant
  /** Milliseconds. */
  readonly duration: number
  readonly outcome: 'delivered' | 'deferred' | 'bounced'
  /** The path: egress source and site. */
  readonly source: string
  readonly site: string
  /** Whose site it is, by the shaping rules; absent where they know of none. */
  readonly provider?: string
  /** Host name and address that answered; empty when none did. */
  readonly host: string
  readonly address: string
  /** Protocol and cipher, e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`, with ` verified` when the name was checked; `` in clear. */
  readonly tls: string
  /** Where the words were said: `route`, `connect`, `tls`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `end of data` … */
  readonly stage: string
  /** 0 when there was no reply. */
  readonly code: number
  readonly enhanced: string
  /** Control characters removed, at most 1,000 characters. */
  readonly text: string
  /** Why it was not taken; absent for a success, and in records of before there were classes. */
  readonly bounce?: AttemptBounce
  /** Absent where the sender was owed nothing. */
  readonly notice?: SenderNotice
}

/** As `bounce classify` says it: a class such as `user-unknown`, and the rule that found it. */
export type AttemptBounce = {
  readonly class: string
  readonly type: 'hard' | 'soft' | 'none'
  readonly rule: string
}

/** What came of telling the sender: the notification that did, or why there is none. */
export type SenderNotice =
  | { readonly kind: 'sent'; readonly message: MessageId }
  /** As many as may be had gone to that sender within the hour. */
  | { readonly kind: 'withheld'; readonly limit: number }
  /** It could not be made; the log says why. */
  | { readonly kind: 'lost' }

/**
 * What came back about a delivery: a report of the host that had taken it, or of whom that asked, or what the recipient
 * did first. The state of the delivery stays what it was: that the host took it is still true.
 */
export type Report = {
  readonly kind: 'bounce' | 'delay' | 'success' | 'complaint' | 'unsubscribe' | 'open' | 'click'
  readonly at: Instant
  /** The host that is said to have spoken; empty when nothing tells. */
  readonly host: string
  /** RFC 3463; empty when nothing tells it. */
  readonly status: string
  /** Control characters removed, at most 1,000 characters. */
  readonly text: string
  /** Why it was not taken, of a bounce or a delay. */
  readonly bounce?: AttemptBounce
  /** Absent where the sender was owed nothing. */
  readonly notice?: SenderNotice
  /** Of what the recipient did: who seems to have done it, such as `human`, and the rule that says so. */
  readonly reader?: { readonly class: string; readonly rule: string }
}

/** Whether a message is of no organization's making: notifications and other mail of our own, mail of strangers for the postmaster. */
export function isOurs({ door }: Pick<Message, 'door'>): boolean {
  return door === 'platform' || door === 'mx'
}

/** A delivery as its record says what became of it, for who asks what is to be learnt of many. */
export type Past = {
  readonly key: DeliveryKey
  readonly organization: string
  readonly stream: string
  readonly door: string
  readonly to: Mailbox
  readonly state: DeliveryState
  readonly lastReply?: string
  readonly endedAt?: Instant
  /** Of one that bounced or expired, or that something came back about. */
  readonly last?: Attempt
  readonly reports: readonly Report[]
}

/** What becomes of a delivery after an attempt, or without one (`attempt` absent: expiry, a decision of policy). */
export type Settlement = {
  readonly key: DeliveryKey
  readonly state: 'waiting' | 'held' | 'delivered' | 'bounced' | 'expired' | 'cancelled'
  /** When it waits again, the time of the next try. */
  readonly due: Instant
  readonly at: Instant
  readonly attempt?: Attempt
  readonly delayNotified?: boolean
  readonly reason: string
}
