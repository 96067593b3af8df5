/** The content on its way out: leading dots doubled and the end added for DATA, nothing but checked for BDAT. RFC 5321 §4.5.2 */

import { endOfPlain, octets } from './plain.ts'

/**
 * A fault is a value: binary content meets a server without BINARYMIME and the sender is told so (5.6.3).
 * The octets before it are not given out; whatever went before on the connection is an unfinished message.
 */
export type Encoded =
  | { readonly ok: true; readonly slices: readonly Uint8Array[] }
  | { readonly ok: false; readonly fault: Fault }

type Fault = 'bare-cr' | 'bare-lf' | 'nul'

const NUL = 0x00
const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e
const LONE_CR = Buffer.from('\r')
const CRLF = Buffer.from('\r\n')
const END = Buffer.from('.\r\n')
const FAULTY = new Map<number | undefined, Fault>([
  [NUL, 'nul'],
  [LF, 'bare-lf'],
  [CR, 'bare-cr'],
])

/** A whole content for DATA, the end included. Without leading dots the content itself is the first slice. */
export function encodeData(content: Uint8Array): Encoded {
  const encoder = new DataEncoder()
  const body = encoder.push(content)
  if (!body.ok) return body
  const end = encoder.end()
  return end.ok ? { ok: true, slices: [...body.slices, ...end.slices] } : end
}

/** One content, chunk by chunk. `dots` is for DATA; `octets` for BDAT, where nothing is stuffed and nothing ends. */
export class DataEncoder {
  readonly #stuffs: boolean
  /** `cr`: a CR came last and is kept back, so that a bare one is never sent. */
  #at: 'start' | 'text' | 'cr' = 'start'

  constructor(framing: 'dots' | 'octets' = 'dots') {
    this.#stuffs = framing === 'dots'
  }

  /** Copies only when dots are to be doubled. After a fault it must not be called again. */
  push(bytes: Uint8Array): Encoded {
    if (bytes.length === 0) return { ok: true, slices: [] }
    if (this.#at === 'cr' && bytes[0] !== LF) return { ok: false, fault: 'bare-cr' }
    const before = this.#at === 'cr' ? [LONE_CR] : []
    const body = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes
    const dots: number[] = []
    const fault = this.#walk(body, dots)
    if (fault !== undefined) return { ok: false, fault }
    this.#at = positionAfter(bytes)
    const stuffed = dots.length === 0 ? body : doubleDots(body, dots)
    return { ok: true, slices: stuffed.length === 0 ? before : [...before, stuffed] }
  }

  /** What ends the content: a CRLF if the last line has none (RFC 5321 §4.1.1.4), and the dot. */
  end(): Encoded {
    if (this.#at === 'cr') return { ok: false, fault: 'bare-cr' }
    if (!this.#stuffs) return { ok: true, slices: [] }
    return { ok: true, slices: this.#at === 'start' ? [END] : [CRLF, END] }
  }

  /** Notes where lines begin with a dot. */
  #walk(bytes: Uint8Array, dots: number[]): Fault | undefined {
    const all = octets(bytes)
    let next = this.#at === 'cr' ? 1 : 0
    let isStart = this.#at !== 'text'
    for (;;) {
      if (isStart && this.#stuffs && bytes[next] === DOT) dots.push(next)
      next = endOfPlain(all, next)
      if (next >= bytes.length) return undefined
      isStart = bytes[next] === CR && bytes[next + 1] === LF
      const fault = isStart ? undefined : FAULTY.get(bytes[next])
      if (fault !== undefined) return fault
      next += isStart ? 2 : 1
    }
  }
}

function positionAfter(bytes: Uint8Array): 'start' | 'text' | 'cr' {
  const last = bytes.at(-1)
  if (last === CR) return 'cr'
  return last === LF ? 'start' : 'text'
}

function doubleDots(bytes: Uint8Array, dots: readonly number[]): Uint8Array {
  const stuffed = Buffer.allocUnsafe(bytes.length + dots.length)
  let from = 0
  for (const [doubled, dot] of dots.entries()) {
    stuffed.set(bytes.subarray(from, dot + 1), from + doubled)
    stuffed[dot + 1 + doubled] = DOT
    from = dot + 1
  }
  stuffed.set(bytes.subarray(from), from + dots.length)
  return stuffed
}
