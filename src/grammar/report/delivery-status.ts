/** The part of a notification that programs read: message/delivery-status. RFC 3464 §2.1, RFC 6533 §3 */

import { formatMailbox } from '#grammar/address'
import { foldedField } from '#grammar/message'
import { formatDateTime } from '#grammar/time'

import { oneLine } from './notification.ts'
import type { DsnFacts, DsnRecipient } from './notification.ts'

/** Below the line limit with the field's name. RFC 5322 §2.1.1 */
const VALUE = 900

const NOT_ASCII = /[^\0-\x7f]/g

/** Whether an address is outside of ASCII, so that the part has to be message/global-delivery-status. RFC 6533 §3 */
export function needsGlobal({ recipients }: DsnFacts): boolean {
  return recipients.some(({ to, orcpt = '' }) => !isAscii(to.local) || !isAscii(orcpt))
}

function isAscii(text: string): boolean {
  return text.search(NOT_ASCII) < 0
}

/** Blocks of fields, the message's and then one for each recipient, with an empty line between. UTF-8. */
export function deliveryStatus(facts: DsnFacts): string {
  const message = [
    line('Reporting-MTA', `dns; ${ascii(facts.reportingMta)}`),
    facts.envid === undefined ? '' : line('Original-Envelope-Id', ascii(facts.envid)),
    line('Arrival-Date', formatDateTime(facts.arrivedAt, facts.offset)),
    // RFC 2852 §4 adds it to the fields of RFC 3464 §2.2.
    facts.deliverBy === undefined
      ? ''
      : line('Deliver-By-Date', formatDateTime(facts.deliverBy, facts.offset)),
  ]
  return [message.join(''), ...facts.recipients.map((recipient) => block(recipient, facts.offset))].join(
    '\r\n',
  )
}

function block(recipient: DsnRecipient, offset: number): string {
  const { to, orcpt, action, status, remoteMta, lastAttemptAt, willRetryUntil } = recipient
  return [
    orcpt === undefined ? '' : line('Original-Recipient', orcpt),
    line('Final-Recipient', `${isAscii(to.local) ? 'rfc822' : 'utf-8'}; ${formatMailbox(to)}`),
    line('Action', action),
    line('Status', status),
    remoteMta === undefined ? '' : line('Remote-MTA', `dns; ${ascii(remoteMta)}`),
    diagnosticCode(recipient),
    lastAttemptAt === undefined ? '' : line('Last-Attempt-Date', formatDateTime(lastAttemptAt, offset)),
    // RFC 3464 §2.3.9: only of those that are still tried.
    willRetryUntil === undefined || action !== 'delayed'
      ? ''
      : line('Will-Retry-Until', formatDateTime(willRetryUntil, offset)),
  ].join('')
}

/** RFC 3464 §2.3.6: `smtp` is what a remote host said; of our own words the type begins with X. */
function diagnosticCode({ diagnostic, remoteMta }: DsnRecipient): string {
  if (diagnostic === undefined) return ''
  return line('Diagnostic-Code', `${remoteMta === undefined ? 'X-Hikyaku' : 'smtp'}; ${ascii(diagnostic)}`)
}

function line(name: string, value: string): string {
  return foldedField(name, oneLine(value, VALUE))
}

function ascii(text: string): string {
  return text.replace(NOT_ASCII, '?')
}
