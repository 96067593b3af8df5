/**
 * The List-Unsubscribe field of one delivery, and what it says beyond the record of that delivery: people keep mail,
 * and unsubscribe from it, long after the record is gone. RFC 2369 §3.2
 */

import type { Claimed, Content } from '#engine/spool'
import type { Mailbox } from '#grammar/address'
import { field, parseHeader } from '#grammar/message'
import type { DeliveryKey } from '#grammar/message-id'
import type { ServerKey } from '#platform/secret'

import { ownAddress } from './return-path.ts'

/** Whose wish to hear no more it would be, and of what. */
export type Subscription = { readonly organization: string; readonly stream: string; readonly to: Mailbox }

/**
 * Sealed for one delivery: whoever has the link of one cannot make a wish of another out of it. The same each time, as an
 * attempt that is made again sends the same octets.
 */
export type SubscriptionSeal = Pick<ServerKey, 'wrap' | 'unwrap'>

const PURPOSE = 'unsubscribe'

/** Characters of one line, its CRLF not counted. RFC 5322 §2.1.1 */
const LINE = 998

/** What stands before it in the subject, for people who see it and for programs that look for the word. */
const WORD = 'unsubscribe'

export type Offering = {
  /** For mail: where the node takes what comes back. */
  readonly mail?: {
    readonly domain: string
    /** Keys addresses of our own. */
    readonly secret: Uint8Array
    readonly seal: SubscriptionSeal
  }
  /** Of a page of ours, for this delivery alone. */
  readonly url?: string
}

/**
 * The field with its CRLF, and the one that lets mail programs unsubscribe without anybody seeing the page. RFC 8058 §3.1
 * `undefined` when nothing is offered.
 */
export function unsubscribeFields(claimed: Claimed, { mail, url }: Offering): Buffer | undefined {
  // RFC 2369 §2: in the order in which they are to be tried.
  const lines = [
    ...(url === undefined ? [] : [` <${url}>`]),
    ...(mail === undefined ? [] : [mailLine(claimed, mail)]),
  ]
  if (lines.length === 0) return undefined
  const post = url?.startsWith('https:') ? 'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n' : ''
  return Buffer.from(`List-Unsubscribe:\r\n${lines.join(',\r\n')}\r\n${post}`, 'latin1')
}

/**
 * In the address is the delivery, and in the subject the whole subscription, for when the record of the delivery is no
 * more; without it where the line would be too long.
 */
function mailLine(
  { message, delivery }: Claimed,
  { domain, secret, seal }: NonNullable<Offering['mail']>,
): string {
  const { key, to } = delivery
  const { local } = ownAddress({ purpose: 'unsubscribe', key }, domain, secret)
  const sealed = sealSubscription(
    { organization: message.organization, stream: message.stream, to },
    key,
    seal,
  )
  const address = `mailto:${local}@${domain}`
  // RFC 6068 §2: the space is written as octets are; everything else of a seal may stand in a URI.
  const line = ` <${address}?subject=${WORD}%20${sealed}>`
  return line.length <= LINE ? line : ` <${address}?subject=${WORD}>`
}

export function sealSubscription(
  { organization, stream, to }: Subscription,
  key: DeliveryKey,
  seal: SubscriptionSeal,
): string {
  const text = JSON.stringify([nameOf(key), organization, stream, to.local, to.domain])
  return seal.wrap(PURPOSE, text).toString('base64url')
}

/** Of the seal that stands in a subject; `undefined` when there is none, or none for this delivery. */
export function subscriptionIn(
  subject: string,
  key: DeliveryKey,
  seal: SubscriptionSeal,
): Subscription | undefined {
  // A seal is one word; programs that fold a subject where there is no space have been seen to put one there.
  const [, sealed = ''] = /\bunsubscribe[ +]([\w-][\w\- ]{0,1000})/i.exec(subject.slice(0, 2_000)) ?? []
  // Made up, cut short, or sealed with a key that is no longer ours: nobody's wish.
  const text = seal.unwrap(PURPOSE, Buffer.from(sealed.replaceAll(' ', ''), 'base64url'))
  if (text === undefined) return undefined
  const [name, organization = '', stream = '', local = '', domain = ''] = JSON.parse(
    text,
  ) as readonly string[]
  return name === nameOf(key) ? { organization, stream, to: { local, domain } } : undefined
}

/** What is looked at of a header section; a message with more is left as it is. */
const HEADER = { bytes: 256 * 1024, fields: 5_000 }

/** Whether a message has no List-Unsubscribe field, and its header section is one that can be read. */
export async function saysNothing(content: Content): Promise<boolean> {
  const parsed = parseHeader(await beginningOf(content), HEADER)
  return parsed.ok && field(parsed.header, 'list-unsubscribe') === undefined
}

async function beginningOf(content: Content): Promise<Uint8Array> {
  if (content.kind === 'whole') return content.bytes
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of content.chunks()) {
    chunks.push(chunk)
    size += chunk.length
    if (size > HEADER.bytes) break
  }
  return Buffer.concat(chunks)
}

function nameOf({ message, n }: DeliveryKey): string {
  return `${message}.${n}`
}
