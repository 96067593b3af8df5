/** A message made of its parts: header section, alternatives, inline and attached files. RFC 5322, RFC 2045, RFC 2387 */

import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { base64Lines, foldedField } from '#grammar/message'
import { formatDateTime } from '#grammar/time'

import { charsetOf } from './charset.ts'
import type { Charset, CharsetName } from './charset.ts'
import { parameter } from './parameter.ts'

/** `name` may be any text, and empty. */
export type Author = { readonly name: string; readonly mailbox: Mailbox }

export type Attachment = {
  readonly name: string
  /** A media type, `type/subtype`. */
  readonly type: string
  readonly content: Uint8Array
  /** Set: shown where the HTML says `cid:` and this. RFC 2392 */
  readonly contentId?: string
}

/** Everything is well-formed: no control characters in what goes into the header section, names of fields are names. */
export type Composition = {
  readonly from: Author
  readonly to: readonly Author[]
  readonly cc: readonly Author[]
  readonly replyTo: readonly Author[]
  readonly subject: string
  /** In their order, after those above. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly text?: string
  readonly html?: string
  readonly attachments: readonly Attachment[]
  readonly charset: CharsetName
  /** Milliseconds since the epoch. */
  readonly date: number
  /** With its angle brackets. */
  readonly messageId: string
  /** At most 60 letters and digits that occur nowhere in the content: chance is enough. RFC 2046 §5.1.1 */
  readonly boundary: string
}

/** What one of many messages that are alike has of its own. */
export type Own = Pick<Composition, 'to' | 'cc' | 'subject' | 'fields' | 'text' | 'html' | 'messageId'>

/** What they have in common. */
export type Common = Omit<Composition, keyof Own>

/** Characters that `charset` has not are lost: see `unfitting`. */
export function compose(message: Composition): Buffer {
  return Buffer.concat(composer(message)(message))
}

/** Makes messages that are alike, in pieces: what is the same in all of them is made once. */
export function composer(common: Common): (own: Own) => readonly Buffer[] {
  const charset = charsetOf(common.charset)
  const start = [
    `Date: ${formatDateTime(common.date)}\r\n`,
    addresses('From', [common.from], charset),
    addresses('Reply-To', common.replyTo, charset),
  ].join('')
  const all = common.attachments.map(filePart)
  const isInline = common.attachments.map(({ contentId }) => contentId !== undefined)
  const files: Files = {
    boundary: common.boundary,
    inline: all.filter((_, n) => isInline[n] === true),
    attached: all.filter((_, n) => isInline[n] === false),
    all,
  }
  return (own) => {
    const { fields, body } = partOf(own, files, charset)
    const head = `${start}${headOf(own, charset)}MIME-Version: 1.0\r\n${fields}\r\n`
    return [Buffer.from(head), ...body]
  }
}

function headOf(own: Own, charset: Charset): string {
  const { to, cc, subject, fields, messageId } = own
  return [
    addresses('To', to, charset),
    addresses('Cc', cc, charset),
    foldedField('Message-ID', messageId),
    textOf('Subject', subject, charset),
    ...fields.map(([name, value]) => textOf(name, value, charset)),
  ].join('')
}

function textOf(name: string, text: string, charset: Charset): string {
  return foldedField(name, charset.words(text, name.length + 2))
}

/** An atom or words of them need no quotes. RFC 5322 §3.2.3 */
const PHRASE = /^[\w!#$%&'*+\-/=?^`{|}~ ]+$/
const PRINTABLE = /^[\x20-\x7e]*$/

function addresses(name: string, authors: readonly Author[], charset: Charset): string {
  if (authors.length === 0) return ''
  // Each after the first on a line of its own: encoded-words are folded by the column that they begin in.
  const texts = authors.map((author, n) => addressOf(author, n === 0 ? name.length + 2 : 1, charset))
  return foldedField(name, texts.join(',\r\n '))
}

function addressOf({ name, mailbox }: Author, column: number, charset: Charset): string {
  const address = formatMailbox(mailbox)
  if (name === '') return address
  return `${phrase(name, column, charset)} <${address}>`
}

function phrase(name: string, column: number, charset: Charset): string {
  if (!PRINTABLE.test(name) || name.includes('=?')) return charset.words(name, column)
  return PHRASE.test(name) ? name : `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** One MIME entity: its fields, and the pieces of its body. */
type Part = { readonly fields: string; readonly body: readonly Buffer[] }

type Files = {
  readonly boundary: string
  readonly inline: readonly Part[]
  readonly attached: readonly Part[]
  readonly all: readonly Part[]
}

function partOf({ text, html }: Own, { boundary, inline, attached, all }: Files, charset: Charset): Part {
  const shown = html === undefined ? undefined : textPart('html', html, charset)
  const plain = text === undefined && shown !== undefined ? undefined : textPart('plain', text ?? '', charset)
  const related = shown && multipart('related', `${boundary}r`, [shown, ...inline])
  const alternative = multipart('alternative', `${boundary}a`, [plain, related])
  // Without HTML there is nothing that an inline file could be shown in.
  return multipart('mixed', `${boundary}m`, [alternative, ...(shown === undefined ? all : attached)])
}

function textPart(subtype: 'plain' | 'html', text: string, charset: Charset): Part {
  const lines = text.replaceAll(/\r\n?|\n/g, '\r\n')
  const { encoding, bytes } = charset.body(lines.endsWith('\r\n') ? lines : `${lines}\r\n`)
  const fields =
    `Content-Type: text/${subtype}; charset=${charset.name}\r\n` +
    `Content-Transfer-Encoding: ${encoding}\r\n`
  return { fields, body: [bytes] }
}

function filePart({ name, type, content, contentId }: Attachment): Part {
  const shown = contentId === undefined ? 'attachment' : 'inline'
  const fields =
    foldedField('Content-Type', `${type}${parameter('name', name)}`) +
    'Content-Transfer-Encoding: base64\r\n' +
    foldedField('Content-Disposition', `${shown}${parameter('filename', name)}`) +
    (contentId === undefined ? '' : foldedField('Content-ID', `<${contentId}>`))
  return { fields, body: [base64Lines(content)] }
}

/** One part alone needs no wrapping. */
function multipart(
  subtype: 'mixed' | 'alternative' | 'related',
  boundary: string,
  parts: readonly (Part | undefined)[],
): Part {
  const present = parts.filter((part) => part !== undefined)
  const [first] = present
  if (first !== undefined && present.length === 1) return first
  const body = present.flatMap(({ fields, body: inside }) => [
    Buffer.from(`--${boundary}\r\n${fields}\r\n`),
    ...inside,
    // It belongs to the delimiter, and not to the part that it ends. RFC 2046 §5.1.1
    Buffer.from('\r\n'),
  ])
  return {
    fields: foldedField('Content-Type', `multipart/${subtype}; boundary="${boundary}"`),
    body: [...body, Buffer.from(`--${boundary}--\r\n`)],
  }
}
