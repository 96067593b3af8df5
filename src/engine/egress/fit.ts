/** Whether this message may go to this peer at all; asked before anything is said about it. */

import type { Route } from '#engine/routing'
import type { Claimed, Instant, Message } from '#engine/spool'
import { needsSmtputf8 } from '#grammar/address'
import type { ReversePath } from '#grammar/address'
import type { Capabilities } from '#grammar/smtp'

import { bounced, deferred } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export type Peer = {
  /** As the route names it. */
  readonly host: string
  readonly address: string
  readonly capabilities: Capabilities
  /** Protocol and cipher; `` in clear. */
  readonly tls: string
  /** The certificate is good for the host, by an authority or by DANE. */
  readonly verified: boolean
}

export type Envelope = {
  readonly from: ReversePath
  readonly claimed: readonly Claimed[]
  readonly message: Message
  readonly vouchedBy: Route['vouchedBy'] | undefined
  readonly now: Instant
}

/** Why none of it can be sent here; `undefined` when it can. */
export function unfit(envelope: Envelope, peer: Peer): Verdict | undefined {
  const { message, now, vouchedBy } = envelope
  return (
    (message.requireTls ? untrusted(peer, vouchedBy) : undefined) ??
    (message.deliverBy?.mode === 'return' ? tooLate(message.deliverBy.at, now, peer) : undefined) ??
    (peer.capabilities.smtputf8 || !needsUtf8(envelope) ? undefined : notInAscii(peer)) ??
    tooLarge(message.size, peer)
  )
}

function needsUtf8({ message, from, claimed }: Envelope): boolean {
  return message.smtputf8 || needsSmtputf8(from) || claimed.some(({ delivery }) => needsSmtputf8(delivery.to))
}

/** RFC 6531 §3.5: neither address nor header can be said in ASCII, so the sender must hear of it. */
function notInAscii({ host }: Peer): Verdict {
  return bounced('EHLO', '5.6.7', `${host} does not offer SMTPUTF8, which this message needs`)
}

/**
 * RFC 2852 §4.1.4: a server that does not know the deadline would deliver late what was to be returned, and one that
 * needs more time than is left would refuse it. The time is told in whole seconds, and none is no time that could be
 * told. All three have one status, as at Sendmail: in time it cannot be delivered.
 */
function tooLate(at: Instant, now: Instant, { host, capabilities }: Peer): Verdict | undefined {
  const left = Math.floor((at - now) / 1_000)
  if (left < 1) return bounced('MAIL', '5.4.7', 'the time by which it was to be delivered is over')
  if (capabilities.deliverBy === undefined)
    return bounced('EHLO', '5.4.7', `${host} does not offer DELIVERBY, and may deliver it late`)
  const least = capabilities.deliverBy / 1_000
  if (left >= least) return undefined
  return bounced('EHLO', '5.4.7', `${left} seconds are left, and ${host} wants at least ${least}`)
}

/** RFC 1870 §6.1: who can know that it will be refused need not send it. */
export function tooLarge(size: number, { host, capabilities }: Peer): Verdict | undefined {
  if (capabilities.size === undefined || size <= capabilities.size) return undefined
  return bounced('EHLO', '5.3.4', `${size} octets are more than the ${capabilities.size} that ${host} takes`)
}

/**
 * RFC 8689 §4.2.1. That the peer does not offer REQUIRETLS is its policy, and final; a certificate that does not
 * verify is an accident as a rule, and may be mended before the message expires.
 */
function untrusted(peer: Peer, vouchedBy: Envelope['vouchedBy']): Verdict | undefined {
  if (peer.tls === '' || (peer.verified && !peer.capabilities.requireTls)) {
    return bounced('EHLO', '5.7.30', `REQUIRETLS support required: ${peer.host} does not offer it`)
  }
  if (!peer.verified) {
    return deferred('tls', '4.7.30', `REQUIRETLS needs a verified certificate: that of ${peer.host} is not`)
  }
  // Otherwise whoever forges the answer for the MX names a host of his own, with a certificate that verifies.
  if (vouchedBy === undefined) {
    const needs = 'REQUIRETLS needs an MX that DNSSEC or an enforced MTA-STS policy vouches for'
    return deferred('tls', '4.7.30', `${needs}: nothing does for ${peer.host}`)
  }
  return undefined
}
