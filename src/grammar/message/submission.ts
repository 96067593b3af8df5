/**
 * What a submission server does to the header section: trace, Date, Message-ID, Bcc. Every other octet stays as it was
 * written, order and folding included. RFC 6409 §8, RFC 5321 §4.4
 */

import { formatPath } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { formatDateTime } from '#grammar/time'

import { CAMPAIGN_FIELD } from './campaign.ts'
import { field } from './header.ts'
import type { Header } from './header.ts'
import { METADATA_FIELD, TAG_FIELD } from './label.ts'
import { unfold } from './value.ts'

/** Facts for one Received field. Words of the client are made harmless here. */
export type Trace = {
  /** What EHLO said. */
  readonly helo: string
  /** The client's IP address. */
  readonly address: string
  /** Its name in the DNS, where somebody looked it up. */
  readonly name?: string
  /** Our host name. */
  readonly by: string
  /** RFC 3848 §1, e.g. `ESMTPSA`. */
  readonly protocol: string
  readonly id: string
  /** Protocol and cipher, e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
  readonly tls?: string
  /** Only when there is one recipient: others would learn of the hidden ones. RFC 5321 §7.6 */
  readonly recipient?: Mailbox
  /** Milliseconds since the epoch. */
  readonly at: number
}

export type SubmissionFacts = {
  readonly trace: Trace
  /** For a message without one; with angle brackets. */
  readonly messageId: string
}

/** The new header section in pieces, empty line included; the body follows from `header.body` on, unchanged. */
export type Prepared = {
  readonly pieces: readonly Uint8Array[]
  /** Octets of the pieces. */
  readonly size: number
  /** The one it has now, with angle brackets. */
  readonly messageId: string
}

const LINE = 78
const CRLF = '\r\n'

/** Adds Received, and Date and Message-ID where missing; removes every Bcc, and what is said to us alone. */
export function prepareSubmission(header: Header, facts: SubmissionFacts): Prepared {
  const date = field(header, 'date')
  const messageId = field(header, 'message-id')
  // At the end, and not above the trace fields of those who had the message before. RFC 5321 §4.4
  let added = header.end === 0 || header.text.endsWith(CRLF, header.end) ? '' : CRLF
  if (date === undefined) added += `Date: ${formatDateTime(facts.trace.at)}${CRLF}`
  if (messageId === undefined) added += `Message-ID: ${facts.messageId}${CRLF}`
  const pieces = [Buffer.from(formatReceived(facts.trace)), ...withoutOurs(header), Buffer.from(added + CRLF)]
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return { pieces, size, messageId: messageId === undefined ? facts.messageId : unfold(header, messageId) }
}

/** RFC 5322 §3.6.3: nobody is to see who else was sent the message. */
const OURS: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', CAMPAIGN_FIELD, TAG_FIELD, METADATA_FIELD])

function withoutOurs(header: Header): readonly Buffer[] {
  const kept: Buffer[] = []
  let from = header.fields[0]?.start ?? header.end
  for (const { name, start, end } of header.fields) {
    if (!OURS.has(name)) continue
    kept.push(header.bytes.subarray(from, start))
    from = end
  }
  kept.push(header.bytes.subarray(from, header.end))
  return kept
}

/** The field with its CRLF, folded at 78. RFC 5321 §4.4 */
export function formatReceived(trace: Trace): string {
  const helo = trace.helo.slice(0, 255).replace(HARMFUL, '?')
  const client = trace.address.includes(':') ? `[IPv6:${trace.address}]` : `[${trace.address}]`
  const name = trace.name === undefined ? '' : `${trace.name.slice(0, 255).replace(HARMFUL, '?')} `
  const clauses = [
    `from ${helo === '' ? client : helo} (${name}${client})`,
    `by ${trace.by}`,
    `with ${trace.protocol}`,
  ]
  if (trace.tls !== undefined) clauses.push(`(${trace.tls})`)
  clauses.push(`id ${trace.id}`)
  if (trace.recipient !== undefined) clauses.push(`for ${formatPath(trace.recipient)}`)
  let text = 'Received:'
  let line = text.length
  for (let i = 0; i < clauses.length; i += 1) {
    const words = i === clauses.length - 1 ? `${clauses[i]};` : (clauses[i] ?? '')
    const folded = line + 1 + words.length > LINE
    text += folded ? `${CRLF} ${words}` : ` ${words}`
    line = folded ? 1 + words.length : line + 1 + words.length
  }
  return `${text}${CRLF} ${formatDateTime(trace.at)}${CRLF}`
}

/** What host names, address literals and cipher names are not made of: a comment or a line could be ended by it. */
const HARMFUL = /[^\w.:[\]-]/g

/**
 * How many Received fields there are, and how many of them say `by` this host: the first number ends loops between
 * others, the second one loops through us. RFC 5321 §6.3
 */
export function countHops(header: Header, host: string): { readonly all: number; readonly own: number } {
  const name = host.toLowerCase()
  const by = ` by ${name} `
  let all = 0
  let own = 0
  for (const candidate of header.fields) {
    if (candidate.name !== 'received') continue
    all += 1
    const text = unfold(header, candidate).toLowerCase()
    // Most say nothing of us, and need not be looked at closely.
    if (text.includes(name) && `${text.replace(/[\s;]+/g, ' ')} `.includes(by)) own += 1
  }
  return { all, own }
}
