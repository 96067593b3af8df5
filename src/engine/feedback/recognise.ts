/** What an address of ours at the MX is for. Pure. */

import { readOwnAddress } from '#engine/queue'
import type { OwnAddress } from '#engine/queue'
import type { Mailbox } from '#grammar/address'

export type Recognised =
  | ({ readonly at: 'delivery' } & OwnAddress)
  /** Complaints whose delivery only their content can tell. */
  | { readonly at: 'complaints' }
  | { readonly at: 'postmaster' }
  /** What receivers report of our domains each day. */
  | { readonly at: 'reports' }
  /** One of our domains, and nobody there; whether it was forged or never was is not for strangers to know. */
  | { readonly at: 'nobody' }
  /** Not a domain of ours: to take it would be to relay. */
  | { readonly at: 'elsewhere' }

export type Own = {
  /** Where mail comes to us, in lower case. */
  readonly names: ReadonlySet<string>
  readonly secret: Uint8Array
}

/** Local parts for `rua=` in DNS records, where everybody can read them: there is nothing to be kept secret. */
export const REPORT_ADDRESSES = { dmarc: 'dmarc-reports', tls: 'tls-reports' } as const

/** RFC 5321 §4.5.1: case does not matter for the postmaster; for no other address of ours either. */
export function recognise({ local, domain }: Mailbox, own: Own): Recognised {
  if (!own.names.has(domain.toLowerCase())) return { at: 'elsewhere' }
  const address = readOwnAddress(local, own.secret)
  if (address !== undefined) return { at: 'delivery', ...address }
  switch (local.toLowerCase()) {
    case 'fbl':
    case 'complaints':
      return { at: 'complaints' }
    case 'postmaster':
    case 'abuse':
      return { at: 'postmaster' }
    case REPORT_ADDRESSES.dmarc:
    case REPORT_ADDRESSES.tls:
      return { at: 'reports' }
    default:
      return { at: 'nobody' }
  }
}

/** How our addresses look in a message, whatever field or part they stand in. */
const OWN = /(?:\bb-|\bfbl\+|\bunsubscribe\+)[0-9a-z]{11}-\d{1,9}-[0-9a-f]{20}(?=@)/gi

/** More that look like one are not tried: a real report quotes one message. */
const MOST = 50

/**
 * The delivery that a complaint is about, by any address of ours that the returned message has in it: its Return-Path,
 * Original-Mail-From, List-Unsubscribe. Nobody who has not seen the message can write one. RFC 5965 §3.2
 */
export function quotedDelivery(message: Uint8Array, secret: Uint8Array): OwnAddress | undefined {
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1')
  for (const [local] of text.matchAll(OWN).take(MOST)) {
    const found = readOwnAddress(local, secret)
    if (found !== undefined) return found
  }
  return undefined
}
