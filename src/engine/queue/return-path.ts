/**
 * Return paths of our own, one a delivery, so that a bounce says which delivery it is about.
 *
 * `b-<message>-<n>-<tag>@<return-path domain>`: the tag is an HMAC, so that strangers cannot make one up.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

import type { Mailbox } from '#grammar/address'
import { parseMessageId } from '#grammar/message-id'
import type { DeliveryKey } from '#grammar/message-id'

/** 80 bits in hexadecimal: a local part survives case folding, and stays under 64 octets. */
const TAG_LENGTH = 20

export function returnPath(key: DeliveryKey, domain: string, secret: Uint8Array): Mailbox {
  return { local: `b-${key.message}-${key.n}-${tag(key, secret)}`, domain }
}

/** The delivery a return path names; `undefined` when it is none of ours. */
export function readReturnPath(local: string, secret: Uint8Array): DeliveryKey | undefined {
  const [b, id = '', n = '', given = '', ...more] = local.toLowerCase().split('-')
  const message = parseMessageId(id)
  if (b !== 'b' || more.length > 0 || message === undefined || !/^\d{1,9}$/.test(n)) return undefined
  const key = { message, n: Number(n) }
  const right = Buffer.from(tag(key, secret))
  const said = Buffer.from(given)
  return said.length === right.length && timingSafeEqual(said, right) ? key : undefined
}

function tag({ message, n }: DeliveryKey, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(`return-path ${message}.${n}`).digest('hex').slice(0, TAG_LENGTH)
}
