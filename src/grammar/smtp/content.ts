/**
 * The octets of a message on their way in: line endings judged, stuffed dots dropped, size counted. Where a
 * message ends is told by its framing, in data.ts and chunk.ts; what is in it is `#grammar/message`.
 */

import { endOfPlain, octets } from './plain.ts'
import type { Octets } from './plain.ts'

export type ContentOptions = {
  /**
   * `reject`: bare CR or LF is a fault. `normalize`: each becomes CRLF in what is given out; the end of DATA is
   * CRLF.CRLF of the input all the same.
   */
  readonly newlines: 'reject' | 'normalize'
  /** Octets of content allowed, un-stuffed, terminator not counted. RFC 1870 §5 */
  readonly limit: number
}

/** Why the content cannot be accepted. A NUL is one in either mode. */
export type ContentFault = 'bare-cr' | 'bare-lf' | 'nul' | 'too-large'

/** Worst first: the first of these that was seen is the one that is told. */
const FAULTS: readonly ContentFault[] = ['bare-cr', 'bare-lf', 'nul', 'too-large']

/** What one push came to. */
export type Decoded = {
  /** Content, in order: slices of the input wherever possible. Empty once there is a fault. */
  readonly slices: readonly Buffer[]
  /** Offset in the pushed buffer of the first octet after the end; `undefined` while there is no end. */
  readonly end: number | undefined
}

const NUL = 0x00
const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e
const CRLF = Buffer.from('\r\n')

/**
 * Where the next octet stands. `cr`: after a CR in text; `dot`: after the dot that begins a line; `dot-cr`:
 * after that dot and a CR. Only a CRLF of the input leads to `start`, and only `start` leads to `dot` and `end`.
 */
type Position = 'start' | 'text' | 'cr' | 'dot' | 'dot-cr' | 'end'

/** `framing` says whether dots are stuffed and CRLF.CRLF ends (DATA), or neither (BDAT). */
export class ContentScanner {
  readonly #options: ContentOptions
  readonly #stuffed: boolean
  #at: Position
  #slices: Buffer[] = []
  /** The first octet of the buffer at hand that has not been given out. */
  #from = 0
  #size = 0
  readonly #faults = new Set<ContentFault>()

  constructor(options: ContentOptions, framing: 'dots' | 'octets') {
    this.#options = options
    this.#stuffed = framing === 'dots'
    this.#at = this.#stuffed ? 'start' : 'text'
  }

  push(bytes: Buffer): Decoded {
    this.#slices = []
    this.#from = 0
    let next = 0
    const all = octets(bytes)
    while (next < bytes.length && this.#at !== 'end') next = this.#step(bytes, next, all)
    if (this.#at === 'end') return { slices: this.#take(), end: next }
    // A CR is kept back until it is known what follows it.
    this.#give(bytes, this.#at === 'cr' || this.#at === 'dot-cr' ? bytes.length - 1 : bytes.length)
    return { slices: this.#take(), end: undefined }
  }

  /** The framing says that nothing follows. A CR kept back is then a bare one, at the end: as good as a line ending. */
  finish(): void {
    if (this.#at === 'cr' && this.#options.newlines === 'reject') this.#faults.add('bare-cr')
    this.#at = 'end'
  }

  get size(): number {
    return this.#size
  }

  get fault(): ContentFault | undefined {
    return FAULTS.find((fault) => this.#faults.has(fault))
  }

  /** Returns how far it got; always either further than `next`, or at another position. */
  #step(bytes: Buffer, next: number, all: Octets): number {
    switch (this.#at) {
      case 'start':
        return bytes[next] === DOT ? this.#leadingDot(bytes, next) : this.#moveTo('text', next)
      case 'text':
        return this.#text(bytes, next, all)
      case 'cr':
        return this.#afterCr(bytes, next)
      case 'dot':
        return bytes[next] === CR ? this.#moveTo('dot-cr', next + 1) : this.#moveTo('text', next)
      case 'dot-cr':
        return bytes[next] === LF ? this.#moveTo('end', next + 1) : this.#afterCr(bytes, next)
      case 'end':
        return next
    }
  }

  #moveTo(at: Position, next: number): number {
    this.#at = at
    return next
  }

  /** RFC 5321 §4.5.2: the dot that begins a line is dropped, whatever follows. */
  #leadingDot(bytes: Buffer, next: number): number {
    this.#give(bytes, next)
    this.#from = next + 1
    return this.#moveTo('dot', next + 1)
  }

  #text(bytes: Buffer, from: number, all: Octets): number {
    const { length } = bytes
    let next = from
    for (;;) {
      next = endOfPlain(all, next)
      if (next >= length) return next
      const octet = bytes[next]
      if (octet === CR && bytes[next + 1] === LF) {
        next += 2
        if (this.#stuffed && (next >= length || bytes[next] === DOT)) return this.#moveTo('start', next)
      } else if (octet === CR) {
        return this.#moveTo('cr', next + 1)
      } else {
        this.#control(bytes, next)
        next += 1
      }
    }
  }

  /** After a CR that was no CRLF within one buffer; not after a lone dot if LF follows, that was the end. */
  #afterCr(bytes: Buffer, next: number): number {
    const isEnding = bytes[next] === LF
    const wasKeptBack = next === 0
    if (!isEnding && this.#options.newlines === 'reject') this.#faults.add('bare-cr')
    if (wasKeptBack || !isEnding) {
      // The CR is written again as the CRLF it is, or becomes.
      this.#give(bytes, wasKeptBack ? 0 : next - 1)
      this.#insert(CRLF)
      this.#from = isEnding ? next + 1 : next
    }
    return this.#moveTo(isEnding && this.#stuffed ? 'start' : 'text', isEnding ? next + 1 : next)
  }

  /** An octet up to CR that is none: NUL and a bare LF are faults, a tab is not. */
  #control(bytes: Buffer, next: number): void {
    if (bytes[next] === NUL) this.#faults.add('nul')
    if (bytes[next] !== LF) return
    if (this.#options.newlines === 'reject') {
      this.#faults.add('bare-lf')
      return
    }
    this.#give(bytes, next)
    this.#insert(CRLF)
    this.#from = next + 1
  }

  /** Gives out what lies before `end`. */
  #give(bytes: Buffer, end: number): void {
    if (end > this.#from)
      this.#insert(this.#from === 0 && end === bytes.length ? bytes : bytes.subarray(this.#from, end))
    this.#from = end
  }

  #insert(slice: Buffer): void {
    this.#size += slice.length
    // RFC 1870 §6.3: the rest is read and thrown away, so that the reply comes where the client waits for it.
    if (this.#size > this.#options.limit) this.#faults.add('too-large')
    if (this.#faults.size === 0) this.#slices.push(slice)
  }

  #take(): Buffer[] {
    const slices = this.#faults.size === 0 ? this.#slices : []
    this.#slices = []
    return slices
  }
}
