/** Complaints: feedback reports, and those that large receivers send in shapes of their own. RFC 5965, RFC 6591, RFC 6692 */

import { value } from './entity.ts'
import type { Entity, Fields } from './entity.ts'
import { addressesIn } from './returned-message.ts'
import type { Original } from './returned-message.ts'
import { addressOf, readStatusFields } from './status-fields.ts'

/** RFC 5965 §3.1 and the registry; anything else is `other`. */
export const FEEDBACK_TYPES = [
  'abuse',
  'fraud',
  'virus',
  'opt-out',
  'not-spam',
  'auth-failure',
  'other',
] as const

export type FeedbackType = (typeof FEEDBACK_TYPES)[number]

export type Feedback = {
  readonly type: FeedbackType
  /** Whose message it was, where the reporter does not hide it. */
  readonly recipients: readonly string[]
  readonly sourceIp?: string
  readonly reporter: string
}

/** Of a message/feedback-report part, with what the original tells. */
export function feedbackOf(part: Entity, original: Original): Feedback {
  const { message, groups } = readStatusFields(part.text)
  const fields = groups.length === 0 ? message : merged(message, groups)
  const named = [
    ...(fields.get('original-rcpt-to') ?? []),
    ...(fields.get('removal-recipient') ?? []),
    ...(fields.get('final-recipient') ?? []),
  ]
    .map(addressOf)
    .filter((address) => address.includes('@') && !isHidden(address))
  const source = value(fields, 'source-ip')
  return {
    type: typeOf(value(fields, 'feedback-type')),
    recipients: named.length > 0 ? [...new Set(named)] : complainant(original),
    ...(source === '' ? {} : { sourceIp: source }),
    reporter: value(fields, 'user-agent'),
  }
}

function merged(message: Fields, groups: readonly Fields[]): Fields {
  return new Map([message, ...groups].flatMap((fields) => [...fields]))
}

function typeOf(text: string): FeedbackType {
  const word = /^[a-z-]+/.exec(text.trim().toLowerCase())?.[0] ?? ''
  if (word === 'opt-out-list') return 'opt-out'
  return FEEDBACK_TYPES.find((type) => type === word) ?? (word === '' ? 'abuse' : 'other')
}

/** Fields by which a receiver or a sender says for whom a message was, the surest first. */
const FOR_WHOM = [
  'x-hmxmroriginalrecipient',
  'x-original-to',
  'x-envelope-to',
  'x-rcpt-to',
  'x-recipient',
  'delivered-to',
  'to',
]

/** The addresses of the message that was complained about. */
export function complainant({ fields, to }: Original): readonly string[] {
  for (const name of FOR_WHOM) {
    const found = addressesIn(value(fields, name)).filter((address) => !isHidden(address))
    if (found.length > 0) return found
  }
  return to.filter((address) => !isHidden(address))
}

/** Reporters that protect their users put something else in place of the address. */
function isHidden(address: string): boolean {
  return /^(?:redacted|x{3,}|hidden|undisclosed)|@(?:redacted|x{3,})/i.test(address)
}

/** Microsoft's JMRP without a report part, and others that send the message back with a word in the subject. */
export function oldStyleComplaint(
  message: Entity,
  subject: string,
  original: Original,
): Feedback | undefined {
  const marked =
    original.fields.has('x-hmxmroriginalrecipient') || message.fields.has('x-hmxmroriginalrecipient')
  const told =
    /^(?:complaint about message from|\[?(?:abuse|spam) (?:report|complaint)\]?|email feedback report for ip|fw:.{0,20}\bspam complaint)\b/i.test(
      subject,
    )
  if (!marked && !told) return undefined
  const fields = original.fields.size > 0 ? original : { ...original, fields: message.fields }
  return { type: 'abuse', recipients: complainant(fields), reporter: '' }
}
