/** What a message that came back means for the delivery it is about. Pure. */

import type { JudgedMessage, JudgedRecipient } from '#engine/bounce'
import type { Ending, Purpose, Subscription } from '#engine/queue'
import type { AttemptBounce, Claimed, DeliveryKey, Instant, Report } from '#engine/spool'
import { formatMailbox } from '#grammar/address'

/** What it teaches of the recipient, for who keeps suppressions. */
export type Learned = Subscription & {
  readonly delivery: DeliveryKey
  readonly at: Instant
  readonly evidence: string
} & (
    | { readonly kind: 'bounced'; readonly bounce: AttemptBounce }
    | { readonly kind: 'complained' | 'unsubscribed' }
  )

export type Decision =
  | {
      readonly kind: 'report'
      readonly report: Report
      readonly learned?: Learned
      /** What the sender is to be told, as an ending of the delivery. */
      readonly tell?: Ending
    }
  /** A person who is away, a robot that says thanks: never a bounce. RFC 3834 §2 */
  | { readonly kind: 'auto-reply' }
  /** Nothing that changes anything. */
  | { readonly kind: 'other' }

/** What the address and the subject of a message say beside it. */
export type Called = {
  readonly purpose: Purpose
  /** The subject is that of our List-Unsubscribe: nobody but that link has it. */
  readonly isSealed: boolean
}

/** `at`: now. */
export function decide(
  judged: JudgedMessage,
  { purpose, isSealed }: Called,
  claimed: Claimed,
  at: Instant,
): Decision {
  const isAsked = purpose === 'unsubscribe' && isWish(judged, isSealed)
  return isAsked ? unsubscribed(judged, claimed, at) : ofKind(judged, claimed, at)
}

function ofKind(judged: JudgedMessage, claimed: Claimed, at: Instant): Decision {
  switch (judged.kind) {
    case 'bounce':
      return ofBounce(judged, claimed, at)
    case 'delay':
    case 'success':
      return ofProgress(judged.kind, judged, claimed, at)
    case 'complaint':
      return ofComplaint(judged, claimed, at)
    case 'auto-reply':
      return { kind: 'auto-reply' }
    case 'unsubscribe':
      return unsubscribed(judged, claimed, at)
    case 'report':
    case 'none':
      return { kind: 'other' }
  }
}

/** RFC 2369 §3.2: whatever is written to that address is the wish, unless it tells of another message. */
function isWish({ kind }: JudgedMessage, isSealed: boolean): boolean {
  // A mail service writes for its users, and says that it did: no absent person answers with our subject.
  if (kind === 'auto-reply') return isSealed
  return kind === 'unsubscribe' || kind === 'report' || kind === 'none'
}

function ofBounce(judged: JudgedMessage, claimed: Claimed, at: Instant): Decision {
  const about = recipientOf(judged, claimed)
  const bounce: AttemptBounce =
    about === undefined
      ? { class: 'other', type: 'soft', rule: 'none' }
      : { class: about.class, type: about.type, rule: about.rule }
  const report: Report = { kind: 'bounce', at, ...wordsOf(about), bounce }
  // Its sender has heard of that failure, and it was counted when it happened.
  const { state, notify } = claimed.delivery
  if (state === 'bounced' || state === 'expired') return { kind: 'report', report }
  const evidence = report.text === '' ? report.status : report.text
  const learned: Learned = { ...subscriptionOf(claimed), at, kind: 'bounced', bounce, evidence }
  // RFC 3461 §4.1: who says nothing wants to hear of failures.
  const wanted = notify === undefined || (notify !== 'never' && notify.includes('failure'))
  return { kind: 'report', report, learned, ...(wanted ? telling('came-back', report, claimed) : {}) }
}

/** Only who asked for it hears that it is late, or that it arrived. RFC 3461 §4.1 */
function ofProgress(
  kind: 'delay' | 'success',
  judged: JudgedMessage,
  claimed: Claimed,
  at: Instant,
): Decision {
  const about = recipientOf(judged, claimed)
  const bounce = kind === 'delay' && about !== undefined ? { bounce: bounceOf(about) } : {}
  const report: Report = { kind, at, ...wordsOf(about), ...bounce }
  const { notify = [] } = claimed.delivery
  const wanted = notify !== 'never' && notify.includes(kind)
  const notice = kind === 'delay' ? 'late-beyond' : 'arrived'
  return { kind: 'report', report, ...(wanted ? telling(notice, report, claimed) : {}) }
}

function ofComplaint(judged: JudgedMessage, claimed: Claimed, at: Instant): Decision {
  const words = wordsOf(judged.recipients[0])
  const { feedback = 'other' } = judged
  switch (feedback) {
    case 'opt-out':
      return unsubscribed(judged, claimed, at)
    case 'abuse':
    case 'fraud':
    case 'virus':
    case 'other': {
      const text = words.text === '' ? feedback : `${feedback}, told by ${words.text}`
      const report: Report = { kind: 'complaint', at, ...words, text }
      const learned: Learned = { ...subscriptionOf(claimed), at, kind: 'complained', evidence: text }
      return { kind: 'report', report, learned }
    }
    // Its reader took it out of the junk; or it failed authentication, which says nothing of a reader.
    case 'not-spam':
    case 'auth-failure':
      return { kind: 'other' }
  }
}

function unsubscribed(judged: JudgedMessage, claimed: Claimed, at: Instant): Decision {
  const learned = wishOf(judged, subscriptionOf(claimed), claimed.delivery.key, at)
  const report: Report = { kind: 'unsubscribe', at, host: '', status: '', text: learned.evidence }
  return { kind: 'report', report, learned }
}

/** Of a message whose subject is sealed: what it wishes though the record of the delivery is gone. */
export function lateWish(
  judged: JudgedMessage,
  subscription: Subscription,
  key: DeliveryKey,
  at: Instant,
): Learned | undefined {
  return isWish(judged, true) ? wishOf(judged, subscription, key, at) : undefined
}

function wishOf(
  judged: JudgedMessage,
  subscription: Subscription,
  delivery: DeliveryKey,
  at: Instant,
): Learned {
  const by = judged.recipients[0]?.recipient ?? formatMailbox(subscription.to)
  return { ...subscription, delivery, at, kind: 'unsubscribed', evidence: oneLine(`asked by mail of ${by}`) }
}

function subscriptionOf({ message, delivery }: Claimed): Subscription & Pick<Learned, 'delivery'> {
  const { organization, stream } = message
  return { organization, stream, to: delivery.to, delivery: delivery.key }
}

/**
 * The one of the report that is the delivery's, else the first: mail that was forwarded comes back for an address that
 * we never heard of. Whom the report names beside it does not matter: the token is proof for one delivery.
 */
function recipientOf({ recipients }: JudgedMessage, { delivery }: Claimed): JudgedRecipient | undefined {
  const address = formatMailbox(delivery.to).toLowerCase()
  const isIt = (text: string | undefined): boolean => text?.toLowerCase() === address
  return (
    recipients.find(({ recipient, originalRecipient }) => isIt(recipient) || isIt(originalRecipient)) ??
    recipients[0]
  )
}

function bounceOf({ class: name, type, rule }: JudgedRecipient): AttemptBounce {
  return { class: name, type, rule }
}

function wordsOf(about: JudgedRecipient | undefined): Pick<Report, 'host' | 'status' | 'text'> {
  if (about === undefined) return { host: '', status: '', text: '' }
  const { remoteMta, status, diagnostic } = about
  return { host: oneLine(remoteMta).slice(0, 255), status, text: oneLine(diagnostic) }
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1_000)
    .toWellFormed()
}

const STATE = { 'came-back': 'bounced', 'late-beyond': 'waiting', arrived: 'delivered' } as const
const OUTCOME = { 'came-back': 'bounced', 'late-beyond': 'deferred', arrived: 'delivered' } as const

/** A reply at the beginning of what the report quotes. RFC 5321 §4.2 */
const REPLY = /^([245]\d\d)[ -]+(?:([245]\.\d{1,3}\.\d{1,3}) +)?/

/** RFC 5321 §4.5.5: nothing for mail from the null reverse-path. */
function telling(
  notice: 'came-back' | 'late-beyond' | 'arrived',
  { at, host, status, text }: Report,
  { message, delivery }: Claimed,
): { readonly tell?: Ending } {
  if (message.from === null) return {}
  const [quoted = '', code = '0', enhanced = status] = REPLY.exec(text) ?? []
  const attempt = {
    at,
    duration: 0,
    outcome: OUTCOME[notice],
    source: '',
    site: '',
    host,
    address: '',
    tls: '',
    stage: '',
    code: Number(code),
    enhanced,
    text: text.slice(quoted.length),
  }
  const settlement = { key: delivery.key, state: STATE[notice], due: at, at, attempt, reason: text }
  return { tell: { claimed: { message, delivery }, settlement, notice } }
}
