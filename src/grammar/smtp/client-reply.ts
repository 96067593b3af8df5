/** Replies as the client reads them, from servers that may be broken or hostile. RFC 5321 §4.2 */

import type { Reply } from './reply.ts'

/** Text lines are without the enhanced code, without control characters, at most `REPLY_LIMITS.line` octets each. */
export type ClientReply = Reply & {
  /** An enhanced code of another class than `code`, for the log. The basic code wins: `enhanced` is then absent. */
  readonly contradicted?: string
}

/** After any of these the connection is of no use: nobody knows what the next reply answers. */
export type ReplyError = 'too-large' | 'too-many-lines' | 'not-a-reply' | 'codes-differ' | 'nul'

export type ReplyEvent =
  | { readonly kind: 'reply'; readonly reply: ClientReply }
  | { readonly kind: 'error'; readonly error: ReplyError }

/** Octets kept of a line, octets and lines of a reply. */
export const REPLY_LIMITS = { line: 4096, octets: 65_536, lines: 100 } as const

const NUL = 0x00
const LF = 0x0a
const EMPTY = Buffer.alloc(0)
// The grammar allows 0 to 5 as second digit; 571 and 999 are seen, and 571 is understood by its first digit.
const REPLY_LINE = /^[2-5][0-9]{2}(?:[ -]|$)/
const ENHANCED = /^[245]\.[0-9]{1,3}\.[0-9]{1,3}(?: |$)/
/** Nothing in it has to be decoded or cleaned: such are nearly all lines. */
const PLAIN = /^[ -~]*$/
// Everything that moves a cursor or turns text around, in a log, a terminal or a console.
const CONTROL = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

/** One a connection; a new one after STARTTLS. Holds at most one reply and what was pushed and not read. */
export class ReplyParser {
  #chunks: Buffer[] = []
  #at = 0
  /** The first octets of a line whose end has not come: at most `REPLY_LIMITS.line` of them. */
  #held = EMPTY
  #heldLength = 0
  /** Of the reply at hand. */
  #octets = 0
  #code = ''
  #lines: string[] = []
  #error: ReplyError | undefined

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.#chunks.push(bytes)
  }

  /** The next complete reply; `undefined` when there is none yet. After an error, the same error forever. */
  next(): ReplyEvent | undefined {
    while (this.#error === undefined) {
      const line = this.#nextLine()
      if (line === undefined) break
      const reply = this.#add(line)
      if (reply !== undefined) return { kind: 'reply', reply }
    }
    return this.#error === undefined ? undefined : { kind: 'error', error: this.#error }
  }

  /** False when anything is unread: before TLS starts that is an injection. RFC 3207 §6 */
  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#heldLength === 0 && this.#lines.length === 0
  }

  /** Without its line ending, cut to what is kept. LF alone ends a line too: some old servers know no better. */
  #nextLine(): string | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const lf = chunk.indexOf(LF, this.#at)
      const end = lf === -1 ? chunk.length : lf + 1
      this.#octets += end - this.#at
      if (this.#octets > REPLY_LIMITS.octets) return this.#fail('too-large')
      if (lf !== -1 && this.#heldLength === 0)
        return this.#consumed(chunk, end, decodeLine(chunk, this.#at, lf))
      this.#hold(chunk, lf === -1 ? end : lf)
      this.#consumed(chunk, end, '')
      if (lf !== -1) return this.#releaseHeld()
    }
    return undefined
  }

  #consumed(chunk: Buffer, end: number, line: string): string {
    this.#at = end
    if (end === chunk.length) {
      this.#chunks.shift()
      this.#at = 0
    }
    return line
  }

  #hold(chunk: Buffer, end: number): void {
    if (this.#held.length === 0) this.#held = Buffer.allocUnsafe(REPLY_LIMITS.line)
    // What does not fit is not kept: the copy stops where the room does.
    this.#heldLength += chunk.copy(this.#held, this.#heldLength, this.#at, end)
  }

  #releaseHeld(): string {
    const line = decodeLine(this.#held, 0, this.#heldLength)
    this.#held = EMPTY
    this.#heldLength = 0
    return line
  }

  /** Takes a line into the reply; returns the reply when it was the last. */
  #add(line: string): ClientReply | undefined {
    if (line.includes('\0')) return this.#fail('nul')
    if (!REPLY_LINE.test(line)) return this.#fail('not-a-reply')
    const code = line.slice(0, 3)
    if (this.#lines.length > 0 && code !== this.#code) return this.#fail('codes-differ')
    if (this.#lines.length >= REPLY_LIMITS.lines) return this.#fail('too-many-lines')
    this.#code = code
    this.#lines.push(line.slice(4))
    if (line[3] === '-') return undefined
    const lines = this.#lines
    this.#lines = []
    this.#octets = 0
    return interpret(Number(code), lines)
  }

  #fail(error: ReplyError): undefined {
    this.#error = error
    this.#chunks = []
    this.#held = EMPTY
    return undefined
  }
}

function decodeLine(bytes: Buffer, start: number, end: number): string {
  const stop = Math.min(end, start + REPLY_LIMITS.line)
  const textEnd = stop > start && bytes[stop - 1] === 0x0d ? stop - 1 : stop
  const plain = bytes.toString('latin1', start, textEnd)
  if (stop === end && PLAIN.test(plain)) return plain
  // Only what is kept is shown; but a NUL is one wherever it stands.
  return bytes.subarray(start, end).includes(NUL) ? '\0' : bytes.toString('utf8', start, textEnd)
}

function interpret(code: number, texts: readonly string[]): ClientReply {
  const [text = '', ...more] = texts
  const said = ENHANCED.test(text) ? enhancedAt(text) : undefined
  const lines: [string, ...string[]] = [clean(withoutCode(text, said))]
  for (const other of more) lines.push(clean(withoutCode(other, said)))
  if (said === undefined) return { code, lines }
  // RFC 2034 §4: the classes agree. Where they do not, what is in the protocol's own place is believed.
  return said.startsWith(String(code).charAt(0))
    ? { code, enhanced: said, lines }
    : { code, lines, contradicted: said }
}

/** Up to the space, or all. */
function enhancedAt(text: string): string {
  const space = text.indexOf(' ')
  return space < 0 ? text : text.slice(0, space)
}

function withoutCode(text: string, enhanced: string | undefined): string {
  return enhanced !== undefined && text.startsWith(enhanced) ? text.slice(enhanced.length + 1) : text
}

function clean(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll('\t', ' ').replace(CONTROL, '')
}
