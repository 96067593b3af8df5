/**
 * Addresses of our own, one a delivery, so that what comes back says which delivery it is about.
 *
 * `b-<message>-<n>-<tag>` is a return path (VERP), `fbl+…` where complaints go, `unsubscribe+…` what a List-Unsubscribe
 * field may name. The tag is an HMAC over the delivery and what the address is for, so that strangers cannot make one
 * up. The delivery stands for organization, stream and recipient, which would not fit: a local part has 64 octets.
 * RFC 5321 §4.5.3.1.1
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

import type { Claimed } from '#engine/spool'
import type { Mailbox, ReversePath } from '#grammar/address'
import { parseMessageId } from '#grammar/message-id'
import type { DeliveryKey } from '#grammar/message-id'

export type Purpose = 'return-path' | 'complaint' | 'unsubscribe'

/** What an address of ours says. */
export type OwnAddress = { readonly purpose: Purpose; readonly key: DeliveryKey }

const PREFIX: Record<Purpose, string> = {
  'return-path': 'b-',
  complaint: 'fbl+',
  unsubscribe: 'unsubscribe+',
}
const PURPOSES = ['return-path', 'complaint', 'unsubscribe'] as const satisfies readonly Purpose[]

/** 80 bits in hexadecimal: a local part survives case folding, and stays under 64 octets. */
const TAG_LENGTH = 20

export function returnPath(key: DeliveryKey, domain: string, secret: Uint8Array): Mailbox {
  return ownAddress({ purpose: 'return-path', key }, domain, secret)
}

export type ReturnPathOptions = {
  readonly config: { readonly returnPathDomain?: string }
  readonly secret: Uint8Array
  /** Of messages whose author's domain has return paths of its own. */
  readonly returnPathDomainOf?: (message: Claimed['message']) => string | undefined
}

/** Of one delivery: its own return path where there are such, else what its sender said. */
export function reversePathOf({ message, delivery }: Claimed, options: ReturnPathOptions): ReversePath {
  const { config, secret, returnPathDomainOf } = options
  if (config.returnPathDomain === undefined || message.from === null) return message.from
  return returnPath(delivery.key, returnPathDomainOf?.(message) ?? config.returnPathDomain, secret)
}

export function ownAddress({ purpose, key }: OwnAddress, domain: string, secret: Uint8Array): Mailbox {
  return { local: `${PREFIX[purpose]}${key.message}-${key.n}-${tag(purpose, key, secret)}`, domain }
}

/** What a local part names; `undefined` when it is none of ours. */
export function readOwnAddress(local: string, secret: Uint8Array): OwnAddress | undefined {
  const text = local.toLowerCase()
  const purpose = PURPOSES.find((one) => text.startsWith(PREFIX[one]))
  if (purpose === undefined) return undefined
  const [id = '', n = '', given = '', ...more] = text.slice(PREFIX[purpose].length).split('-')
  const message = parseMessageId(id)
  if (more.length > 0 || message === undefined || !/^\d{1,9}$/.test(n)) return undefined
  const key = { message, n: Number(n) }
  const right = Buffer.from(tag(purpose, key, secret))
  const said = Buffer.from(given)
  return said.length === right.length && timingSafeEqual(said, right) ? { purpose, key } : undefined
}

function tag(purpose: Purpose, { message, n }: DeliveryKey, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(`${purpose} ${message}.${n}`).digest('hex').slice(0, TAG_LENGTH)
}
