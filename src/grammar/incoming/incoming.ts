/** What a message that came in is: a bounce, a complaint, an automatic answer, another report, or none of these. */

import { amazonNotice } from './amazon-notice.ts'
import type { AmazonNotice } from './amazon-notice.ts'
import { isAutomaticReply, isChallenge, isUnsubscribe, tellsDelay, tellsFailure } from './automatic.ts'
import { readEntity, value } from './entity.ts'
import type { Entity } from './entity.ts'
import { feedbackOf, oldStyleComplaint } from './feedback-report.ts'
import type { Feedback } from './feedback-report.ts'
import { namedRecipients } from './named-recipients.ts'
import { plainReport } from './plain-notice.ts'
import { isDelayed, looksLikeBounce } from './recognise.ts'
import { quotedReply } from './reply-text.ts'
import { addressesIn, splitNotice } from './returned-message.ts'
import type { Original } from './returned-message.ts'
import { attachedOriginal, look, ownText } from './seen.ts'
import type { Seen } from './seen.ts'
import { statusReport } from './status-report.ts'
import type { Reported } from './status-report.ts'

export type Incoming =
  | {
      readonly kind: 'bounce' | 'delay' | 'success'
      readonly recipients: readonly Reported[]
      readonly original: Original
    }
  | { readonly kind: 'complaint'; readonly feedback: Feedback; readonly original: Original }
  /** Of an absent person, or of a system that wants the sender to prove something. Never a bounce. */
  | { readonly kind: 'auto-reply'; readonly from: readonly string[]; readonly challenge: boolean }
  /** Aggregate and other reports that are about no single message. */
  | { readonly kind: 'report'; readonly of: 'dmarc' | 'tls' | 'disposition' }
  | { readonly kind: 'unsubscribe'; readonly from: readonly string[] }
  | { readonly kind: 'none' }

/** Never throws, whatever the octets; looks at the beginning of them only, as `READ_LIMITS` says. */
export function readIncoming(message: Uint8Array): Incoming {
  const seen = look(readEntity(message))
  return (
    amazon(seen) ??
    complaint(seen) ??
    otherReport(seen) ??
    reportForMachines(seen, 0) ??
    inWords(seen) ??
    reportForMachines(seen, 1) ??
    handedOn(seen, HANDS) ??
    pasted(seen) ?? { kind: 'none' }
  )
}

/** How often a notice may have been handed on as an attachment. */
const HANDS = 3

type Told = Extract<Incoming, { readonly original: Original; readonly kind: 'bounce' | 'delay' | 'success' }>

/** Notices in words that came as messages within this one, which says nothing itself: forwarded, or in a digest. */
function handedOn({ parts }: Seen, hands: number): Told | undefined {
  const found = parts
    .filter(({ entity, within }) => within === 0 && entity.type.startsWith('message/'))
    .flatMap(({ entity }) => entity.parts.slice(0, 1))
    .flatMap((inner) => toldBy(look(inner), hands) ?? [])
  const [first] = found
  if (first === undefined) return undefined
  const kind = (['bounce', 'delay', 'success'] as const).find((one) =>
    found.some((each) => each.kind === one),
  )
  const same = found.filter((each) => each.kind === kind)
  return { ...first, kind: kind ?? first.kind, recipients: same.flatMap(({ recipients }) => recipients) }
}

function toldBy(seen: Seen, hands: number): Told | undefined {
  const read = reportForMachines(seen, 0) ?? (looksLikeBounce(seen) ? bounceInWords(seen) : undefined)
  return read ?? (hands > 1 ? handedOn(seen, hands - 1) : undefined)
}

/** What mail programs write above a message that is forwarded within the letter. */
const FORWARDED =
  /^[ \t]*(?:begin forwarded message:|-{3,20} ?(?:forwarded|original) message ?-{3,20})[ \t]*$/im

/** A notice that somebody pasted into a letter, with its header section, behind `>` or not. */
function pasted({ parts }: Seen): Told | undefined {
  const text = ownText(parts.filter(({ within }) => within === 0))
  const start = FORWARDED.exec(text.slice(0, 2000))
  if (start === null) return undefined
  const inner = text
    .slice(start.index + start[0].length)
    .replace(/^> ?/gm, '')
    .trimStart()
  if (!/^(?:from|subject|date|to):/i.test(inner)) return undefined
  return toldBy(look(readEntity(new TextEncoder().encode(inner))), 1)
}

function amazon({ message, notice, original }: Seen): Incoming | undefined {
  const read = notice.includes('Type"') ? amazonNotice(notice) : undefined
  if (read === undefined || message.parts.length > 0) return undefined
  const told = read.messageId === undefined ? original : { ...original, messageId: `<${read.messageId}>` }
  return read.kind === 'complaint'
    ? { kind: 'complaint', feedback: amazonFeedback(read), original: told }
    : {
        kind: read.kind,
        recipients: read.recipients.map((one) => amazonReported(one, read.kind)),
        original: told,
      }
}

function amazonFeedback({ recipients, feedbackType }: AmazonNotice): Feedback {
  const type =
    feedbackType === 'not-spam' || feedbackType === 'fraud' || feedbackType === 'virus'
      ? feedbackType
      : 'abuse'
  return { type, recipients: recipients.map(({ address }) => address), reporter: 'Amazon SES' }
}

function amazonReported(
  { address, status, diagnostic }: AmazonNotice['recipients'][number],
  kind: AmazonNotice['kind'],
): Reported {
  return {
    recipient: address,
    action: kind === 'success' ? 'delivered' : 'failed',
    status,
    ...quotedReply(diagnostic),
    remoteMta: '',
    diagnostic: diagnostic.replace(/^smtp;\s*/i, ''),
    more: [],
  }
}

function complaint({ parts, message, subject, original }: Seen): Incoming | undefined {
  const report = parts.find(({ entity }) => entity.type === 'message/feedback-report')
  if (report !== undefined)
    return { kind: 'complaint', feedback: feedbackOf(report.entity, original), original }
  const feedback = oldStyleComplaint(message, subject, original)
  return feedback === undefined ? undefined : { kind: 'complaint', feedback, original }
}

/** RFC 8460 §5.3, RFC 7489 §7.2.1.1, RFC 8098 §3 */
function otherReport(seen: Seen): Incoming | undefined {
  const { message, parts, subject } = seen
  const own = parts.filter(({ within }) => within === 0).map(({ entity }) => entity)
  const isTls =
    message.parameters.get('report-type')?.toLowerCase() === 'tlsrpt' ||
    own.some(({ type }) => type.startsWith('application/tlsrpt'))
  if (isTls || message.fields.has('tls-report-domain')) return { kind: 'report', of: 'tls' }
  if (AGGREGATE.test(subject) && own.some(({ type }) => FILE.test(type)))
    return { kind: 'report', of: 'dmarc' }
  const disposition = own.find(({ type }) => type === 'message/disposition-notification')
  return disposition === undefined || tellsDiscard(disposition, seen)
    ? undefined
    : { kind: 'report', of: 'disposition' }
}

const AGGREGATE = /^\W{0,10}(?:\[[^\]]{1,40}\]\s*)?report domain:|dmarc (?:aggregate|report)/i

const FILE = /^(?:application\/(?:gzip|zip|x-gzip|x-zip[\w-]*|octet-stream|xml)|text\/xml)$/

/** Dovecot and others tell with a disposition that they threw the message away. */
function tellsDiscard({ text }: Entity, { subject, notice }: Seen): boolean {
  const discards = /disposition:[^\n]*(?:deleted|failed|denied)/i.test(text) || tellsFailure(subject)
  return discards && tellsFailure(`${subject}\n${notice}`)
}

const STATUS = /^message\/(?:global-)?delivery-status$/

/** A report within a message within this one counts only when this one says nothing itself. */
function reportForMachines(
  { parts, message, notice, original, subject }: Seen,
  depth: 0 | 1,
): Told | undefined {
  const found = parts.find(
    ({ entity, within }) => STATUS.test(entity.type) && (depth === 0 ? within === 0 : within > 0),
  )
  if (found === undefined || isChallenge(message.fields, notice)) return undefined
  const beside = found.beside.map((entity) => ({ entity, within: 0, beside: [] }))
  const text = depth === 0 ? notice : splitNotice(ownText(beside)).notice
  const about = (depth === 0 ? original : undefined) ?? attachedOriginal(beside) ?? original
  const named = namedRecipients(text, sendersOf(message, about))
  const recipients = statusReport(found.entity.text, { text, named })
  if (recipients.length === 0) return undefined
  const delayed = tellsDelay(subject) && recipients.every(({ status }) => status.startsWith('4'))
  return { kind: kindOf(recipients, delayed), recipients, original: about }
}

function kindOf(recipients: readonly Reported[], delayed: boolean): 'bounce' | 'delay' | 'success' {
  if (recipients.some(({ action }) => action === 'failed')) return delayed ? 'delay' : 'bounce'
  return recipients.some(({ action }) => action === 'delayed') ? 'delay' : 'success'
}

/** To whom the report goes, and from whom: neither of them is who did not get the message. */
function sendersOf({ fields }: Entity, original: Original): readonly string[] {
  const own = ['to', 'return-path', 'from', 'reply-to', 'errors-to'].flatMap((name) =>
    (fields.get(name) ?? []).flatMap(addressesIn),
  )
  const sender = ['return-path', 'x-envelope-from', 'x-postfix-sender'].flatMap((name) =>
    addressesIn(value(original.fields, name)),
  )
  return [...own, ...sender, ...(original.from === undefined ? [] : [original.from])]
}

function inWords(seen: Seen): Incoming | undefined {
  const from = addressesIn(value(seen.message.fields, 'from'))
  if (looksLikeBounce(seen)) return bounceInWords(seen)
  const { fields } = seen.message
  if (isAutomaticReply(fields)) return { kind: 'auto-reply', from, challenge: false }
  if (isChallenge(fields, seen.notice)) return { kind: 'auto-reply', from, challenge: true }
  return isUnsubscribe(fields, seen.notice) ? { kind: 'unsubscribe', from } : undefined
}

function bounceInWords(seen: Seen): Told {
  const { message, notice, original } = seen
  const { fields } = message
  const notThese = sendersOf(message, original)
  const failed = (fields.get('x-failed-recipients') ?? []).join(' ')
  const isNamed = failed !== '' || namedRecipients(notice, notThese).length > 0
  const within = isNamed ? undefined : reportForMachines(seen, 1)
  if (within !== undefined) return within
  const delayed = isDelayed(seen)
  const inFields = fieldsInWords(notice, notThese)
  if (inFields.length > 0) return { kind: kindOf(inFields, delayed), recipients: inFields, original }
  const recipients = plainReport({
    notice,
    action: delayed ? 'delayed' : 'failed',
    failed,
    notThese,
    original: original.to,
    domain: /@([\w.-]{3,255})/.exec(value(fields, 'from'))?.[1] ?? '',
  })
  return { kind: delayed ? 'delay' : 'bounce', recipients, original }
}

/** The fields of a report, where the parts were lost or never made. */
function fieldsInWords(notice: string, notThese: readonly string[]): readonly Reported[] {
  const start = /^(?:action|final-recipient):/im.exec(notice)?.index
  if (start === undefined || !/^final-recipient:/im.test(notice)) return []
  const text = notice.slice(0, start)
  return statusReport(notice.slice(start), { text, named: namedRecipients(text, notThese) })
}
