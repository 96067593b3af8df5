/** From a request to a message: addresses read, the charset chosen, what cannot be told with its place. */

import type { Mailbox } from '#grammar/address'
import { compose, unfitting } from '#grammar/composition'
import type { Attachment, Author, CharsetName, Composition } from '#grammar/composition'

import { author, distinct } from './address.ts'
import type { MessageRequest } from './message-schema.ts'
import { invalidAt } from './problem.ts'

export type Letter = {
  readonly from: Mailbox
  /** To, Cc and Bcc, each once. */
  readonly recipients: readonly Mailbox[]
  readonly composition: Composition
}

/** A request that says all that is sent. */
export type WholeRequest = Omit<MessageRequest, 'template' | 'variables' | 'subject'> & {
  readonly subject: string
}

export type Composed = Pick<Letter, 'from' | 'recipients'> & { readonly content: Buffer }

export type Circumstances = {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Lower-case letters and digits nobody has used before. */
  readonly unique: string
}

/** @throws {Problem} `invalid` */
export function composed(request: WholeRequest, circumstances: Circumstances): Composed {
  const { from, recipients, composition } = letterOf(request, circumstances)
  return { from, recipients, content: compose(composition) }
}

/** All that can be wrong, found; the octets are yet to be made. @throws {Problem} `invalid` */
export function letterOf(request: WholeRequest, { now, unique }: Circumstances): Letter {
  if (request.text === undefined && request.html === undefined)
    throw invalidAt('#/text', 'there is neither text nor html')
  const from = author(request.from, '#/from')
  const to = authors(request.to, '#/to')
  const cc = authors(request.cc, '#/cc')
  const recipients = distinct([...to, ...cc, ...authors(request.bcc, '#/bcc')].map((each) => each.mailbox))
  if (recipients.length === 0) throw invalidAt('#/to', 'there is no recipient')
  const composition: Composition = {
    from,
    to,
    cc,
    replyTo: authors(request.reply_to, '#/reply_to'),
    subject: request.subject,
    fields: fieldsOf(request.headers ?? {}),
    ...(request.text !== undefined && { text: request.text }),
    ...(request.html !== undefined && { html: request.html }),
    attachments: (request.attachments ?? []).map(attachment),
    charset: charsetOf(request),
    date: now,
    messageId: `<${unique}@${from.mailbox.domain}>`,
    boundary: unique,
  }
  return { from: from.mailbox, recipients, composition }
}

/** @throws {Problem} `invalid` */
export function authors(given: MessageRequest['reply_to'], pointer: string): readonly Author[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) return [author(given, pointer)]
  return given.map((each, n) => author(each, `${pointer}/${n}`))
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

/** @throws {Problem} `invalid` */
export function fieldsOf(headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  const fields = Object.entries(headers)
  for (const [name] of fields) {
    const lower = name.toLowerCase()
    if (OURS.has(lower) || lower.startsWith('content-'))
      throw invalidAt(`#/headers/${name}`, 'this field is not for headers to set')
  }
  return fields
}

export function attachment(
  file: NonNullable<MessageRequest['attachments']>[number],
): Attachment & { readonly content: Buffer } {
  return {
    name: file.name,
    type: file.type ?? 'application/octet-stream',
    content: Buffer.from(file.content, 'base64'),
    ...(file.content_id !== undefined && { contentId: file.content_id }),
  }
}

function charsetOf(request: WholeRequest): CharsetName {
  if (request.charset !== 'iso-2022-jp') return 'utf-8'
  for (const name of ['subject', 'text', 'html'] as const) {
    const strange = unfitting(request[name] ?? '')
    if (strange.length === 0) continue
    if (request.charset_fallback === 'utf-8') return 'utf-8'
    throw invalidAt(`#/${name}`, `iso-2022-jp has no ${strange.join(' ')}`)
  }
  return 'iso-2022-jp'
}
