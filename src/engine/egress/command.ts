/** MAIL and RCPT as we say them, with what the peer offers and nothing else. RFC 5321 §4.1.1.11 */

import type { Delivery, Instant, Message } from '#engine/spool'
import { formatPath } from '#grammar/address'
import type { ReversePath } from '#grammar/address'
import { encodeXtext, formatOrcpt } from '#grammar/smtp'
import type { Capabilities, DeliverBy } from '#grammar/smtp'

export type MailCommand = {
  readonly from: ReversePath
  readonly message: Message
  /** Octets of what will be sent, dots not yet stuffed. RFC 1870 §6 */
  readonly size: number
  readonly now: Instant
}

/** With CRLF. */
export function mailCommand({ from, message, size, now }: MailCommand, peer: Capabilities): string {
  let line = `MAIL FROM:${formatPath(from)}`
  if (peer.size !== undefined) line += ` SIZE=${size}`
  line += bodyParameter(message.body, peer)
  if (message.smtputf8 && peer.smtputf8) line += ' SMTPUTF8'
  if (message.requireTls && peer.requireTls) line += ' REQUIRETLS'
  if (peer.dsn) line += dsnParameters(message)
  // RFC 6710 §4.1: 0 is what a server assumes when nothing is said.
  if (peer.mtPriority && message.priority !== 0) line += ` MT-PRIORITY=${message.priority}`
  if (peer.deliverBy !== undefined && message.deliverBy !== undefined)
    line += byParameter(message.deliverBy, now)
  return `${line}\r\n`
}

/** With CRLF. */
export function rcptCommand({ to, notify, orcpt }: Delivery, peer: Capabilities): string {
  let line = `RCPT TO:${formatPath(to)}`
  if (peer.dsn) {
    if (notify !== undefined)
      line += ` NOTIFY=${notify === 'never' ? 'NEVER' : notify.join(',').toUpperCase()}`
    if (orcpt !== undefined) line += ` ORCPT=${formatOrcpt(orcpt)}`
  }
  return `${line}\r\n`
}

function bodyParameter(body: Message['body'], peer: Capabilities): string {
  if (body === '7bit') return ''
  // RFC 3030 §3: BINARYMIME needs CHUNKING.
  if (body === 'binarymime' && peer.binaryMime && peer.chunking) return ' BODY=BINARYMIME'
  return peer.eightBitMime ? ' BODY=8BITMIME' : ''
}

function dsnParameters({ ret, envid }: Message): string {
  const returned = ret === undefined ? '' : ret === 'full' ? ' RET=FULL' : ' RET=HDRS'
  return envid === undefined ? returned : `${returned} ENVID=${encodeXtext(envid)}`
}

/** RFC 2852 §4.1.4: the time that is left; in mode N it may be over, and the peer is told by how much. */
function byParameter({ at, mode, trace }: DeliverBy, now: Instant): string {
  const seconds = Math.max(-999_999_999, Math.min(999_999_999, Math.floor((at - now) / 1000)))
  return ` BY=${seconds};${mode === 'return' ? 'R' : 'N'}${trace ? 'T' : ''}`
}
