/** From a request to a message: addresses read, the charset chosen, what cannot be told with its place. */

import { parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { compose, unfitting } from '#grammar/composition'
import type { Attachment, Author, CharsetName } from '#grammar/composition'

import type { AddressRequest, MessageRequest } from './message-schema.ts'
import { Problem } from './problem.ts'

export type Composed = {
  readonly from: Mailbox
  /** To, Cc and Bcc, each once. */
  readonly recipients: readonly Mailbox[]
  readonly content: Buffer
}

export type Circumstances = {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Lower-case letters and digits nobody has used before. */
  readonly unique: string
}

/** @throws {Problem} `invalid` */
export function composed(request: MessageRequest, { now, unique }: Circumstances): Composed {
  if (request.text === undefined && request.html === undefined)
    throw invalid('#/text', 'there is neither text nor html')
  const from = author(request.from, '#/from')
  const to = authors(request, 'to')
  const cc = authors(request, 'cc')
  const recipients = distinct([...to, ...cc, ...authors(request, 'bcc')])
  if (recipients.length === 0) throw invalid('#/to', 'there is no recipient')
  const content = compose({
    from,
    to,
    cc,
    replyTo: authors(request, 'reply_to'),
    subject: request.subject,
    fields: fieldsOf(request.headers ?? {}),
    ...(request.text !== undefined && { text: request.text }),
    ...(request.html !== undefined && { html: request.html }),
    attachments: (request.attachments ?? []).map(attachment),
    charset: charsetOf(request),
    date: now,
    messageId: `<${unique}@${from.mailbox.domain}>`,
    boundary: unique,
  })
  return { from: from.mailbox, recipients, content }
}

function authors(request: MessageRequest, name: 'to' | 'cc' | 'bcc' | 'reply_to'): readonly Author[] {
  const given = request[name]
  if (given === undefined) return []
  if (!Array.isArray(given)) return [author(given, `#/${name}`)]
  return given.map((each, n) => author(each, `#/${name}/${n}`))
}

/** `Name <address>`, the name quoted or not. RFC 5322 §3.4 */
const NAMED = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<([^<>]+)>\s*$/

function author(request: AddressRequest, pointer: string): Author {
  if (typeof request !== 'string')
    return { name: request.name ?? '', mailbox: mailbox(request.email, pointer) }
  const [, quoted, plain, address] = NAMED.exec(request) ?? []
  const name = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? ''
  return { name, mailbox: mailbox(address ?? request.trim(), pointer) }
}

function mailbox(text: string, pointer: string): Mailbox {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true })
  if (parsed.ok && parsed.rest === '') return parsed.value
  throw invalid(pointer, `${text} is not an address`)
}

function distinct(all: readonly Author[]): readonly Mailbox[] {
  return [...new Map(all.map(({ mailbox: each }) => [`${each.local}@${each.domain}`, each])).values()]
}

/** Fields that have a place of their own in the request, or that nobody but us writes. */
const OURS = new Set([
  'from',
  'sender',
  'to',
  'cc',
  'bcc',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'mime-version',
  'received',
  'return-path',
  'dkim-signature',
])

function fieldsOf(headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  const fields = Object.entries(headers)
  for (const [name] of fields) {
    const lower = name.toLowerCase()
    if (OURS.has(lower) || lower.startsWith('content-'))
      throw invalid(`#/headers/${name}`, 'this field is not for headers to set')
  }
  return fields
}

function attachment(file: NonNullable<MessageRequest['attachments']>[number]): Attachment {
  return {
    name: file.name,
    type: file.type ?? 'application/octet-stream',
    content: Buffer.from(file.content, 'base64'),
    ...(file.content_id !== undefined && { contentId: file.content_id }),
  }
}

function charsetOf(request: MessageRequest): CharsetName {
  if (request.charset !== 'iso-2022-jp') return 'utf-8'
  for (const name of ['subject', 'text', 'html'] as const) {
    const strange = unfitting(request[name] ?? '')
    if (strange.length === 0) continue
    if (request.charset_fallback === 'utf-8') return 'utf-8'
    throw invalid(`#/${name}`, `iso-2022-jp has no ${strange.join(' ')}`)
  }
  return 'iso-2022-jp'
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem('invalid', 'See errors for what is wrong, and where.', { places: [{ pointer, detail }] })
}
