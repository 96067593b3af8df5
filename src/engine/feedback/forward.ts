/** Mail for the postmaster of our names, on its way to the people who answer for this node. RFC 5321 §4.5.1, RFC 2142 §4 */

import type { Arrival, Intake } from '#engine/queue'
import type { Mailbox } from '#grammar/address'
import { countHops, displayValue, field, formatReceived, inspect, parseHeader } from '#grammar/message'
import type { Header } from '#grammar/message'
import { reply } from '#grammar/smtp'

import type { Returned, Taken } from './returned.ts'

export type ForwardOptions = {
  readonly hostname: string
  readonly postmaster: Mailbox
  readonly hops: number
  readonly intake: Pick<Intake, 'newId' | 'accept' | 'stream'>
  now(): number
}

const UNREADABLE = reply(552, '5.3.4', 'The header section is too large')
const LOOP = reply(554, '5.4.6', 'The message is in a loop: too many Received fields')

const HEADER = { bytes: 256 * 1024, fields: 5_000 }
const MIME = { depth: 100, parts: 10_000, headerBytes: HEADER.bytes }

/** Octets given to the spool at a time. */
const CHUNK = 64 * 1024

/** The stream of such mail: no policy of an organization's traffic holds it back. */
const STREAM = 'postmaster'

/** Resolves when it is durable. With the null reverse-path: a stranger is told of nothing that happens after our 250. */
export async function forward(options: ForwardOptions, mail: Returned, to: Mailbox): Promise<Taken> {
  const { intake, hostname } = options
  const { offer, client, bytes } = mail
  const parsed = parseHeader(bytes, HEADER)
  if (!parsed.ok) return { reply: UNREADABLE }
  if (countHops(parsed.header, hostname).all > options.hops) return { reply: LOOP }
  const id = intake.newId()
  const { protocol, client: helo } = offer
  const trace = { ...client, helo, by: hostname, protocol, id, recipient: to, at: options.now() }
  const received = Buffer.from(formatReceived(trace))
  const writing = intake.stream(id)
  await writing.write(received)
  for (let at = 0; at < bytes.length; at += CHUNK) await writing.write(bytes.subarray(at, at + CHUNK))
  const accepted = await writing.accept(
    arrival(options, mail, id, parsed.header),
    received.length + bytes.length,
  )
  return accepted.ok ? { id, reply: reply(250, '2.0.0', `Queued as ${id}`) } : { reply: accepted.reply }
}

function arrival(
  { postmaster }: ForwardOptions,
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
      to: [{ to: postmaster, notify: 'never' }],
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
    ...(subject === undefined ? {} : { subject: displayValue(header, subject, 998) }),
  }
}
