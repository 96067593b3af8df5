/** What a command line is read against: the extensions on offer, the state of the transaction, the clock, the limits. */

import type { AddressRules } from '#grammar/address'

import type { Extension } from './extension.ts'

export type CommandContext = {
  /** What EHLO offers now. A parameter of an extension that is not in it gets 555. RFC 5321 §4.1.1.11 */
  readonly offered: ReadonlySet<Extension>
  /** The transaction's MAIL said SMTPUTF8; only RCPT looks. */
  readonly smtputf8: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `smtputf8` in it is not looked at: the two fields above decide. */
  readonly address: AddressRules
  /** Milliseconds a FUTURERELEASE may hold. RFC 4865 §3 */
  readonly holdMaximum: number
  /** Milliseconds; a BY= with mode R below it is refused. RFC 2852 §4 */
  readonly deliverByMinimum: number
}
