/**
 * A message that came in, taken apart for reading: header fields, parts, text. Forgiving, since bounces are the worst
 * formed mail there is; limits stand here, in the tokenizer. Nothing that is carried on is read by it: that is
 * grammar/message. RFC 2045, RFC 2046
 */

import { decodeWords } from '#grammar/message'

import { decodeText } from './charset.ts'

/** Values in order of appearance, unfolded; names in lower case. A `Map`: `__proto__` is a name too. */
export type Fields = ReadonlyMap<string, readonly string[]>

export type Entity = {
  readonly fields: Fields
  /** In lower case, e.g. `multipart/report`. */
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  /** Decoded, lines ended by LF; empty when there are parts. */
  readonly text: string
  /** Of a multipart its parts, of a message within it one. */
  readonly parts: readonly Entity[]
}

/** What is read of a message: more tells nothing new, and costs a hostile sender less than us. */
export const READ_LIMITS = {
  octets: 1_048_576,
  parts: 100,
  depth: 8,
  /** Characters of what a mail system says in words. */
  notice: 65_536,
  /** Fields of one header section. */
  fields: 1000,
} as const

type Budget = { parts: number }

type Place = { readonly depth: number; readonly isPart: boolean }

/** Reads the beginning of `message`; never throws. Lines may end in CRLF, LF or CR. */
export function readEntity(message: Uint8Array): Entity {
  const length = Math.min(message.length, READ_LIMITS.octets)
  const octets = Buffer.from(message.buffer, message.byteOffset, length).toString('latin1')
  const content = octets.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  return entityOf(withoutLead(content), { depth: 0, isPart: false }, { parts: READ_LIMITS.parts })
}

/** What programs that keep messages in files put before the header section: a byte order mark, empty lines. */
function withoutLead(content: string): string {
  const marked = content.startsWith('\xef\xbb\xbf') ? content.slice(3) : content
  const lead = /^(?:[ \t]{0,1000}\n){1,10}/.exec(marked)?.[0].length ?? 0
  return lead > 0 && BEGINS.test(marked.slice(lead, lead + 100)) ? marked.slice(lead) : marked
}

const BEGINS = /^(?:received|return-path|delivered-to|from|to|subject|date|message-id|x-[\w-]{1,60}):|^From /i

/** `content` is one character an octet. */
function entityOf(content: string, { depth, isPart }: Place, budget: Budget): Entity {
  budget.parts--
  const { fields, body } = splitHeader(content)
  const deeper = depth + 1
  const open = depth < READ_LIMITS.depth && budget.parts > 0
  // Parts have no trace fields: this one is the message that came back, put there without a header section of its own.
  if (isPart && open && fields.has('received')) return messageWithin(content, deeper, budget)
  const { type, parameters } = contentType(value(fields, 'content-type'))
  const base = { fields, type, parameters }
  const parts = open ? partsOf(type, parameters, body) : undefined
  if (parts !== undefined) {
    const isDigest = type === 'multipart/digest'
    const read = parts
      .slice(0, budget.parts)
      .map((part) =>
        isDigest && part.startsWith('\n')
          ? messageWithin(part.slice(1), deeper, budget)
          : entityOf(part, { depth: deeper, isPart: true }, budget),
      )
    return { ...base, type: type === '' ? 'multipart/mixed' : type, text: '', parts: read }
  }
  const octets = decodeTransfer(body, value(fields, 'content-transfer-encoding'))
  if (open && (type === 'message/rfc822' || type === 'message/global')) {
    const { parts: inner } = messageWithin(octets.toString('latin1').replace(/^\n{1,9}/, ''), deeper, budget)
    return { ...base, text: '', parts: inner }
  }
  return { ...base, text: textOf(octets, type, parameters), parts: [] }
}

function messageWithin(content: string, depth: number, budget: Budget): Entity {
  const message = entityOf(content, { depth, isPart: false }, budget)
  return { fields: new Map(), type: 'message/rfc822', parameters: new Map(), text: '', parts: [message] }
}

function textOf(octets: Buffer, type: string, parameters: ReadonlyMap<string, string>): string {
  const text = decodeText(octets, (parameters.get('charset') ?? '').toLowerCase())
  const lines = text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text
  return type === 'text/html' ? withoutTags(lines) : lines
}

/** The first value of a field, or nothing. */
export function value(fields: Fields, name: string): string {
  return fields.get(name)?.[0] ?? ''
}

/** With encoded-words decoded. RFC 2047 */
export function words(fields: Fields, name: string): string {
  const raw = value(fields, name)
  // oxlint-disable-next-line no-control-regex
  const text = /[\x80-\xff\x1b]/.test(raw) ? decodeText(Buffer.from(raw, 'latin1'), '') : raw
  return decodeWords(text)
}

// RFC 5322 §2.2: a name has no spaces. No folding without a colon in the first line of a field.
const FIELD = /^([!-9;-~]{1,80})[ \t]*:[ \t]?(.*)$/

/**
 * The header section ends at the empty line. A line that is no field goes to the field before it: relays have been seen
 * to strip the space that folding needs.
 */
export function splitHeader(content: string): { readonly fields: Fields; readonly body: string } {
  const fields = new Map<string, string[]>()
  let at = /^>?From /.test(content) ? lineEnd(content, 0) : 0
  let last: string[] | undefined
  for (let n = 0; at < content.length && n < READ_LIMITS.fields; n++) {
    const end = lineEnd(content, at)
    const line = content.slice(at, end).replace(/\n$/, '')
    if (line.trim() === '') return { fields, body: content.slice(end) }
    last = takeLine(fields, last, line)
    if (last === undefined) break
    at = end
  }
  return { fields, body: content.slice(at) }
}

/** The values that the line went to; `undefined` for a first line that is no field. */
function takeLine(
  fields: Map<string, string[]>,
  last: string[] | undefined,
  line: string,
): string[] | undefined {
  const found = line.startsWith(' ') || line.startsWith('\t') ? null : FIELD.exec(line)
  if (found !== null) return add(fields, found[1] ?? '', found[2] ?? '')
  last?.push(`${last.pop() ?? ''} ${line.trim()}`)
  return last
}

function add(fields: Map<string, string[]>, name: string, text: string): string[] {
  const values = fields.getOrInsert(name.toLowerCase(), [])
  values.push(text.trim())
  return values
}

function lineEnd(content: string, from: number): number {
  const found = content.indexOf('\n', from)
  return found < 0 ? content.length : found + 1
}

const PARAMETER = /;\s*([\w-]{1,60})\*?\d?\*?\s*=\s*(?:"([^"]*)"?|([^;\s]*))/g

/** RFC 2045 §5.1 */
function contentType(text: string): {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
} {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, token = ''] of text.slice(0, 2000).matchAll(PARAMETER))
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), quoted ?? token)
  const [type = ''] = text.split(';', 1)
  return { type: type.trim().toLowerCase().split(/\s/, 1)[0] ?? '', parameters }
}

function partsOf(
  type: string,
  parameters: ReadonlyMap<string, string>,
  body: string,
): readonly string[] | undefined {
  if (type.startsWith('multipart/')) return splitParts(body, parameters.get('boundary') ?? '')
  // Relays have been seen to lose the field, and the body shows what it said.
  return type === '' && PARTS_BEGIN.test(body.slice(0, 1000)) ? splitParts(body, '') : undefined
}

/** Nothing before the first delimiter, or what is said to programs without MIME. */
const PARTS_BEGIN =
  /^\s{0,20}(?:this is a (?:mime|multi-?part)[^\n]{0,200}\n(?:[^\n-][^\n]{0,200}\n)?\s{0,20})?--[^\s-][^\n]{5,200}\n/i

/** The parts between the delimiters; `undefined` when there is none. RFC 2046 §5.1.1 */
function splitParts(body: string, boundary: string): readonly string[] | undefined {
  const delimiter = boundary === '' ? sniffed(body) : `--${boundary.trimEnd()}`
  if (delimiter === undefined) return undefined
  const parts: string[] = []
  let start = -1
  for (let at = find(body, delimiter, 0); at >= 0;) {
    if (start >= 0) parts.push(body.slice(start, Math.max(start, at - 1)))
    const after = at + delimiter.length
    const isLast = body.startsWith('--', after)
    start = isLast ? -1 : lineEnd(body, after)
    if (isLast || parts.length >= READ_LIMITS.parts) break
    at = find(body, delimiter, start)
  }
  if (start >= 0 && start < body.length) parts.push(body.slice(start))
  return parts.length === 0 ? undefined : parts
}

/** Where a line begins with the delimiter; relays have been seen to put a space before it. */
function find(body: string, delimiter: string, from: number): number {
  for (let at = body.indexOf(delimiter, from); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    const before = body[at - 1] === ' ' ? at - 2 : at - 1
    if (before < 0 || body[before] === '\n') return at
  }
  return -1
}

/** Without a boundary parameter the first line that looks like a delimiter is taken for one. */
function sniffed(body: string): string | undefined {
  return /^--[^\s-][^\n]{5,200}$/m.exec(body.slice(0, 5000))?.[0].trimEnd()
}

/** RFC 2045 §6 */
function decodeTransfer(body: string, encoding: string): Buffer {
  const name = encoding.trim().toLowerCase()
  if (name.startsWith('base64') && /^[A-Za-z0-9+/=\s]*$/.test(body.slice(0, 4000)))
    return Buffer.from(body, 'base64')
  if (name.startsWith('quoted-printable')) return Buffer.from(fromQuotedPrintable(body), 'latin1')
  return Buffer.from(body, 'latin1')
}

function fromQuotedPrintable(body: string): string {
  return body
    .replace(/=[ \t]{0,10}\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['nbsp', ' '],
  ['#39', "'"],
])

/** HTML as lines of text, for notices that have no other part. */
function withoutTags(html: string): string {
  return html
    .replace(/<(style|script|title)\b[^>]{0,500}>[^<]{0,20000}</gi, '<')
    .replace(/<!--[^>]{0,2000}>/g, '')
    .replace(/<(?:br|\/p|\/div|\/tr|\/h\d|\/li|hr)\b[^>]{0,500}>/gi, '\n')
    .replace(/<\/?[a-z][^<>@]{0,1000}>/gi, '')
    .replace(/&([a-z]{2,6}|#\d{1,3});/gi, (whole, name: string) => ENTITIES.get(name.toLowerCase()) ?? whole)
}
