/** Command lines out of a stream of octets, as the server reads them. Not the content of a message: that is data.ts. */

import { isUtf8 } from 'node:buffer'

/** Octets of one line, CRLF included. RFC 5321 §4.5.3.1.4 says 512 and lets extensions add; RFC 4954 §4 says 12,288. */
export type LineLimits = { readonly command: number; readonly auth: number }

export const LINE_LIMITS: LineLimits = { command: 2048, auth: 12_288 }

export type Line =
  /** Without CRLF; valid UTF-8; no CR, LF or NUL inside. */
  | { readonly kind: 'line'; readonly text: string }
  /**
   * Something that is not a line; reported once, at once. What follows is dropped up to the next CRLF, so
   * that nothing inside it can ever run as a command. After `bare-lf` answer and close: the peer waits for
   * replies that will not come.
   */
  | { readonly kind: 'fault'; readonly fault: 'too-long' | 'bare-cr' | 'bare-lf' | 'nul' | 'not-utf8' }

const CR = 0x0d
const LF = 0x0a
const CRLF = Buffer.from('\r\n')
const EMPTY = Buffer.alloc(0)
const NOT_ASCII = /[^\0-\x7f]/

/**
 * Unread input of one connection. Feed it with `push`, drain it with `next`. Buffers pushed must not change
 * afterwards: lines are cut out of them without a copy.
 */
export class LineBuffer {
  readonly #limits: LineLimits
  /** Unread, oldest first; the first from `#at` on. */
  #chunks: Buffer[] = []
  #at = 0
  /** The beginning of a line whose end has not come, moved here so that each octet is copied at most once. */
  #held: Buffer = EMPTY
  #heldLength = 0
  #length = 0
  #skipping: 'no' | 'yes' | 'after-cr' = 'no'

  constructor(limits: LineLimits = LINE_LIMITS) {
    this.#limits = limits
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }

  /**
   * The next line, or `undefined` when it is not complete yet. `response` says that the line answers an AUTH
   * challenge and may be as long as `limits.auth`; a line that begins with `AUTH ` may be in any case.
   */
  next(as: 'command' | 'response' = 'command'): Line | undefined {
    for (;;) {
      if (this.#skipping !== 'no') this.#skip()
      const chunk = this.#chunks[0]
      if (chunk === undefined) return undefined
      const lf = chunk.indexOf(LF, this.#at)
      const end = lf === -1 ? chunk.length : lf + 1
      if (this.#isTooLong(this.#heldLength + end - this.#at, as)) return this.#tooLong()
      if (lf !== -1) return this.#complete(chunk, end)
      this.#hold(chunk, end)
      this.#consume(chunk, end)
    }
  }

  /** Hands over everything unread, for the DATA or BDAT decoder; afterwards the buffer is empty. */
  takeRest(): Buffer {
    const [first, ...others] = this.#chunks
    const unread = first === undefined ? [] : [first.subarray(this.#at), ...others]
    if (this.#heldLength > 0) unread.unshift(this.#held.subarray(0, this.#heldLength))
    this.#chunks = []
    this.#at = 0
    this.#length = 0
    this.#forgetHeld()
    return unread.length === 1 ? (unread[0] ?? EMPTY) : Buffer.concat(unread)
  }

  /** Gives back what a decoder did not use; it is read before anything else. */
  putBack(bytes: Buffer): void {
    const later = this.takeRest()
    this.push(bytes)
    this.push(later)
  }

  /** Octets unread, a partial line included. */
  get length(): number {
    return this.#length + this.#heldLength
  }

  /** False means that something was sent ahead: after STARTTLS that is an injection. RFC 3207 §6 */
  get isEmpty(): boolean {
    return this.length === 0
  }

  #isTooLong(length: number, as: 'command' | 'response'): boolean {
    if (length <= this.#limits.command) return false
    return length > this.#limits.auth || !(as === 'response' || this.#beginsWithAuth())
  }

  #beginsWithAuth(): boolean {
    const held = this.#held.toString('latin1', 0, Math.min(5, this.#heldLength))
    const first = this.#chunks[0] ?? EMPTY
    return (held + first.toString('latin1', this.#at, this.#at + 5 - held.length)).toUpperCase() === 'AUTH '
  }

  #tooLong(): Line {
    this.#skipping = this.#held[this.#heldLength - 1] === CR ? 'after-cr' : 'yes'
    this.#forgetHeld()
    return { kind: 'fault', fault: 'too-long' }
  }

  #complete(chunk: Buffer, end: number): Line {
    const line = this.#heldLength === 0 ? read(chunk, this.#at, end) : this.#readHeld(chunk, end)
    this.#consume(chunk, end)
    if (line.kind === 'fault' && line.fault === 'bare-lf') this.#skipping = 'yes'
    return line
  }

  #readHeld(chunk: Buffer, end: number): Line {
    this.#hold(chunk, end)
    const line = read(this.#held, 0, this.#heldLength)
    this.#forgetHeld()
    return line
  }

  #hold(chunk: Buffer, end: number): void {
    const needed = this.#heldLength + end - this.#at
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(256, 2 * needed))
      this.#held.copy(larger, 0, 0, this.#heldLength)
      this.#held = larger
    }
    chunk.copy(this.#held, this.#heldLength, this.#at, end)
    this.#heldLength = needed
  }

  #forgetHeld(): void {
    this.#held = EMPTY
    this.#heldLength = 0
  }

  #consume(chunk: Buffer, end: number): void {
    this.#length -= end - this.#at
    this.#at = end
    if (end < chunk.length) return
    this.#chunks.shift()
    this.#at = 0
  }

  #skip(): void {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const end = this.#endOfSkip(chunk)
      if (end !== undefined) {
        this.#consume(chunk, end)
        this.#skipping = 'no'
        return
      }
      this.#skipping = chunk.at(-1) === CR ? 'after-cr' : 'yes'
      this.#consume(chunk, chunk.length)
    }
  }

  #endOfSkip(chunk: Buffer): number | undefined {
    if (this.#skipping === 'after-cr' && chunk[this.#at] === LF) return this.#at + 1
    const crlf = chunk.indexOf(CRLF, this.#at)
    return crlf === -1 ? undefined : crlf + 2
  }
}

/** `end` is after the LF. */
function read(bytes: Buffer, start: number, end: number): Line {
  if (end - start < 2 || bytes[end - 2] !== CR) return { kind: 'fault', fault: 'bare-lf' }
  const text = bytes.toString('latin1', start, end - 2)
  if (text.includes('\0')) return { kind: 'fault', fault: 'nul' }
  if (text.includes('\r')) return { kind: 'fault', fault: 'bare-cr' }
  if (!NOT_ASCII.test(text)) return { kind: 'line', text }
  return isUtf8(bytes.subarray(start, end - 2))
    ? { kind: 'line', text: bytes.toString('utf8', start, end - 2) }
    : { kind: 'fault', fault: 'not-utf8' }
}
