/** The envelope of a transaction with every parameter parsed, as the session collects it. */

import type { ForwardPath, ReversePath } from '#grammar/address'

/** What a sender asked to be told of one recipient. `never` excludes the others. RFC 3461 §4.1 */
export type Notify = 'never' | readonly ('success' | 'failure' | 'delay')[]

export type Recipient = {
  readonly to: ForwardPath
  readonly notify?: Notify
  /** `addr-type;xtext-decoded address`, as it is to be passed on. RFC 3461 §4.2 */
  readonly orcpt?: string
}

/** RFC 2852 §4. `at` is milliseconds since the epoch, worked out from the by-time when MAIL came. */
export type DeliverBy = {
  readonly at: number
  readonly mode: 'return' | 'notify'
  /** Whoever passes it on is to tell the sender. */
  readonly trace: boolean
  /** The by-time was zero or negative, which only mode N allows: the time ran out at a host before this one. */
  readonly overdue?: true
}

export type Envelope = {
  readonly from: ReversePath
  readonly to: readonly Recipient[]
  /** RFC 6152 §2, RFC 3030 §3 */
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly smtputf8: boolean
  /** RFC 8689 §2 */
  readonly requireTls: boolean
  /** Declared octets. RFC 1870 §6 */
  readonly size?: number
  readonly ret?: 'full' | 'headers'
  /** xtext-decoded. RFC 3461 §4.4 */
  readonly envid?: string
  readonly deliverBy?: DeliverBy
  /** Milliseconds since the epoch before which nothing is sent. RFC 4865 §4 */
  readonly holdUntil?: number
  /** −9 to 9. RFC 6710 §4.1 */
  readonly priority: number
}
