/**
 * Delivery status notifications: a text for people, fields for programs, and the original or its header section. 7-bit
 * throughout, however the original was; only an address outside of ASCII makes its header UTF-8. RFC 3464, RFC 6522
 */

import { formatMailbox } from '#grammar/address'
import {
  base64Lines,
  field,
  foldedField,
  parseHeader,
  quotedPrintable,
  textField,
  unfold,
} from '#grammar/message'
import { formatDateTime } from '#grammar/time'

import { deliveryStatus, needsGlobal } from './delivery-status.ts'
import { SUBJECTS, dsnText } from './dsn-text.ts'
import { gravest } from './notification.ts'
import type { DsnFacts } from './notification.ts'
import { returnedPart } from './returned.ts'

export type Dsn = {
  readonly bytes: Uint8Array
  /** What has to be declared to send it: 8BITMIME and SMTPUTF8 only when an address of its header is UTF-8. */
  readonly body: '7bit' | '8bitmime'
  readonly smtputf8: boolean
  /** Unencoded. */
  readonly subject: string
}

/**
 * To be sent with the null reverse-path, and never about a message that had it. RFC 3464 §2, RFC 5321 §6.1
 */
export function composeDsn(facts: DsnFacts): Dsn {
  const subject = SUBJECTS[gravest(facts.recipients)]
  const boundary = `=_${facts.messageId.replace(/[^A-Za-z0-9]/g, '').slice(0, 60)}`
  const to = formatMailbox(facts.to)
  // Only the To field can be outside of ASCII. RFC 6532 §3.2
  const smtputf8 = /[^\0-\x7f]/.test(to)
  const bytes = Buffer.concat([
    Buffer.from(header(facts, { to, subject, boundary })),
    Buffer.from(`--${boundary}\r\n`),
    textPart(dsnText(facts)),
    Buffer.from(`\r\n--${boundary}\r\n`),
    statusPart(facts),
    Buffer.from(`\r\n--${boundary}\r\n`),
    returnedPart(facts),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  return { bytes, body: smtputf8 ? '8bitmime' : '7bit', smtputf8, subject }
}

type Head = { readonly to: string; readonly subject: string; readonly boundary: string }

function header(facts: DsnFacts, { to, subject, boundary }: Head): string {
  const original = originalMessageId(facts)
  return [
    foldedField('From', `Mail Delivery System <${facts.postmaster}>`),
    foldedField('To', `<${to}>`),
    textField('Subject', subject),
    foldedField('Date', formatDateTime(facts.now, facts.offset)),
    foldedField('Message-ID', facts.messageId),
    original === undefined ? '' : foldedField('In-Reply-To', original) + foldedField('References', original),
    // RFC 3834 §5: no vacation program is to answer.
    'Auto-Submitted: auto-replied\r\n',
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n`,
    '\r\n',
  ].join('')
}

/** So that mail readers show the notification with what it is about. RFC 5322 §3.6.4 */
function originalMessageId({ returned }: DsnFacts): string | undefined {
  const read = parseHeader(returned.bytes, { bytes: Infinity, fields: Infinity })
  const found = read.ok ? field(read.header, 'message-id') : undefined
  const value = read.ok && found !== undefined ? unfold(read.header, found) : ''
  return /^<[!-;=?-~]{1,900}>$/.test(value) ? value : undefined
}

function textPart(text: string): Buffer {
  const type = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n'
  return Buffer.concat([Buffer.from(type), base64Lines(Buffer.from(text))])
}

function statusPart(facts: DsnFacts): Buffer {
  const fields = Buffer.from(deliveryStatus(facts))
  // RFC 3464 §2.1: the type has no encoding; RFC 6533 §6: message/global-delivery-status may have any.
  if (!needsGlobal(facts))
    return Buffer.concat([Buffer.from('Content-Type: message/delivery-status\r\n\r\n'), fields])
  const type =
    'Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
  return Buffer.concat([Buffer.from(type), quotedPrintable(fields)])
}
