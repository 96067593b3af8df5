/** Mail for the postmaster of our names: to the people who answer for this node, or kept for them. RFC 5321 §4.5.1, RFC 2142 §4 */

import type { Arrival, Intake } from '#engine/queue'
import type { MessageId } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { countHops, displayValue, field, formatReceived, inspect, parseHeader } from '#grammar/message'
import type { Header } from '#grammar/message'
import { reply } from '#grammar/smtp'

import type { Returned, Taken } from './returned.ts'

/** A message that nobody else will get: its words are those of strangers. */
export type Kept = {
  readonly id: MessageId
  readonly receivedAt: number
  readonly client: string
  readonly sender: string
  readonly recipient: string
  readonly author: string
  readonly subject: string
}

export type PostmasterOptions = {
  readonly hostname: string
  /** Who gets it, none of them at a name of ours; nobody: it is kept. */
  readonly postmaster: readonly Mailbox[]
  readonly hops: number
  readonly intake: Pick<Intake, 'newId' | 'accept' | 'stream'>
  /** Resolves when it is durable. */
  readonly keep: (mail: Kept, content: Uint8Array) => Promise<void>
  now(): number
}

const UNREADABLE = reply(552, '5.3.4', 'The header section is too large')
const LOOP = reply(554, '5.4.6', 'The message is in a loop: too many Received fields')
const TOO_LARGE = reply(552, '5.3.4', 'The message is too large for this address')

const HEADER = { bytes: 256 * 1024, fields: 5_000 }
const MIME = { depth: 100, parts: 10_000, headerBytes: HEADER.bytes }

/** Octets given to the spool at a time. */
const CHUNK = 64 * 1024

/** Octets of what is kept, as `product/postmaster` has room for. */
const KEPT = 1024 * 1024

/** Characters of a field that are kept for lists. */
const SHOWN = 998

/** The stream of such mail: no policy of an organization's traffic holds it back. */
const STREAM = 'postmaster'

/** Resolves when it is durable. With the null reverse-path: a stranger is told of nothing that happens after our 250. */
export async function toPostmaster(options: PostmasterOptions, mail: Returned, to: Mailbox): Promise<Taken> {
  const { intake, hostname } = options
  const { offer, client, bytes } = mail
  const parsed = parseHeader(bytes, HEADER)
  if (!parsed.ok) return { reply: UNREADABLE }
  if (countHops(parsed.header, hostname).all > options.hops) return { reply: LOOP }
  const id = intake.newId()
  const { protocol, client: helo } = offer
  const trace = { ...client, helo, by: hostname, protocol, id, recipient: to, at: options.now() }
  const arrived = { id, to, header: parsed.header, received: Buffer.from(formatReceived(trace)) }
  return options.postmaster.length > 0 ? forward(options, mail, arrived) : keep(options, mail, arrived)
}

type Arrived = {
  readonly id: MessageId
  readonly to: Mailbox
  readonly header: Header
  readonly received: Buffer
}

async function forward(
  options: PostmasterOptions,
  mail: Returned,
  { id, header, received }: Arrived,
): Promise<Taken> {
  const { bytes } = mail
  const writing = options.intake.stream(id)
  await writing.write(received)
  for (let at = 0; at < bytes.length; at += CHUNK) await writing.write(bytes.subarray(at, at + CHUNK))
  const accepted = await writing.accept(arrival(options, mail, id, header), received.length + bytes.length)
  return accepted.ok ? { id, reply: reply(250, '2.0.0', `Queued as ${id}`) } : { reply: accepted.reply }
}

async function keep(
  options: PostmasterOptions,
  { offer, client, bytes }: Returned,
  { id, to, header, received }: Arrived,
): Promise<Taken> {
  if (bytes.length > KEPT) return { reply: TOO_LARGE }
  const shown = (name: string): string => {
    const found = field(header, name)
    return found === undefined ? '' : displayValue(header, found, SHOWN)
  }
  const kept: Kept = {
    id,
    receivedAt: options.now(),
    client: client.address,
    sender: formatPath(offer.envelope.from),
    recipient: formatMailbox(to),
    author: shown('from'),
    subject: shown('subject'),
  }
  await options.keep(kept, Buffer.concat([received, bytes]))
  return { id, reply: reply(250, '2.0.0', `Kept as ${id}`) }
}

function arrival(
  { postmaster }: PostmasterOptions,
  { offer, client }: Returned,
  id: Arrival['id'],
  header: Header,
): Arrival {
  const { envelope, client: helo, protocol } = offer
  const subject = field(header, 'subject')
  const eightBit = inspect(header, MIME).eightBit
  return {
    id,
    envelope: {
      from: null,
      to: postmaster.map((to) => ({ to, notify: 'never' })),
      body: envelope.body === '7bit' && eightBit ? '8bitmime' : envelope.body,
      smtputf8: envelope.smtputf8,
      requireTls: false,
      priority: 0,
    },
    organization: 'default',
    stream: STREAM,
    // Without `headerFrom`, so that no key of ours signs what a stranger wrote.
    door: 'mx',
    client: { address: client.address, helo, protocol },
    ...(subject === undefined ? {} : { subject: displayValue(header, subject, SHOWN) }),
  }
}
