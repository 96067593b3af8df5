/** The header section of a message as byte ranges; nothing is decoded here. RFC 5322 §2.2 */

/** Offsets into the bytes of the header. */
export type Field = {
  /** In lower case. */
  readonly name: string
  readonly start: number
  /** After the colon. */
  readonly value: number
  /** After the CRLF of the last folded line. */
  readonly end: number
}

export type Header = {
  /** The message, or as much of it as was given. */
  readonly bytes: Buffer
  /** The header section as latin1, one character an octet: offsets are the same. */
  readonly text: string
  /** In order of appearance. An array, and never an object with field names for keys: `__proto__` is a name too. */
  readonly fields: readonly Field[]
  /** Where the last field ends. */
  readonly end: number
  /** Where the body begins in `bytes`. */
  readonly body: number
}

/** Octets of the header section, and how many fields it may have. */
export type HeaderLimits = { readonly bytes: number; readonly fields: number }

export type ParsedHeader =
  | { readonly ok: true; readonly header: Header }
  | { readonly ok: false; readonly why: 'too large' | 'too many fields' }

const EMPTY_LINE = Buffer.from('\r\n\r\n')
const CR = 13
const LF = 10

// RFC 5322 §3.6.8, and space before the colon as in RFC 5322 §4.5.
const NAME = /^[!-9;-~]+[ \t]*$/

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Offset of the body, after the empty line, or -1. */
function endOfHeader(bytes: Buffer): number {
  if (bytes[0] === CR && bytes[1] === LF) return 2
  const found = bytes.indexOf(EMPTY_LINE)
  return found < 0 ? -1 : found + EMPTY_LINE.length
}

/**
 * Splits the header section at the start of `bytes`. It ends at the empty line, at the end of the bytes, or before the
 * first line that is no field, which then begins the body; an mbox `From ` line before the first field is passed over.
 */
export function parseHeader(bytes: Uint8Array, limits: HeaderLimits): ParsedHeader {
  const buffer = asBuffer(bytes)
  const afterEmptyLine = endOfHeader(buffer)
  const end = afterEmptyLine < 0 ? buffer.length : afterEmptyLine - 2
  const cut = end > limits.bytes
  const text = buffer.toString('latin1', 0, cut ? limits.bytes : end)
  const fields: Field[] = []
  let at = isMboxLine(text) ? endOfField(text, 0) : 0
  while (at < text.length) {
    const next = endOfField(text, at)
    // The last line may go on beyond the cut.
    if (cut && next === text.length) return { ok: false, why: 'too large' }
    const read = readField(text, at, next)
    if (read === undefined) break
    fields.push(read)
    if (fields.length > limits.fields) return { ok: false, why: 'too many fields' }
    at = next
  }
  const body = at === end && afterEmptyLine > 0 ? afterEmptyLine : at
  return { ok: true, header: { bytes: buffer, text, fields, end: at, body } }
}

/** Where the line at `at` ends, with the lines that continue it. RFC 5322 §2.2.3 */
function endOfField(text: string, at: number): number {
  for (let from = at; ;) {
    const crlf = text.indexOf('\r\n', from)
    if (crlf < 0) return text.length
    const next = text.charCodeAt(crlf + 2)
    if (next !== 0x20 && next !== 0x09) return crlf + 2
    from = crlf + 2
  }
}

function readField(text: string, start: number, end: number): Field | undefined {
  const colon = text.indexOf(':', start)
  if (colon < 0 || colon >= end) return undefined
  const name = text.slice(start, colon)
  if (!NAME.test(name)) return undefined
  return { name: name.trimEnd().toLowerCase(), start, value: colon + 1, end }
}

function isMboxLine(text: string): boolean {
  return text.startsWith('From ') || text.startsWith('>From ')
}

/** The first field of that lower-case name. */
export function field(header: Header, name: string): Field | undefined {
  return header.fields.find((candidate) => candidate.name === name)
}
