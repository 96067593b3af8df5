/**
 * The body hash of the relaxed canonicalisation, chunk by chunk. RFC 6376 §3.4.4, §3.7
 * Not the simple one: a relay on the way that trims trailing spaces would break our signatures.
 */

import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32

/** Octets rewritten at a time. */
const SLICE = 8 * 1024

/** Where they go; hashed before `update` returns, so that every message of the thread may share it. */
const scratch = Buffer.allocUnsafeSlow(2 * SLICE + 4)

/**
 * White space and line ends are only counted until an octet follows that shows whether they stay: a line's trailing
 * white space and the body's trailing empty lines never reach the hash. No octet is looked at twice, so that time is
 * linear and memory constant whatever the body is made of.
 */
export class BodyHash {
  readonly #hash: Hash = createHash('sha256')
  /** Seen and not hashed: so many CRLFs, then perhaps white space, then perhaps a CR whose LF has not come. */
  #lines = 0
  #space = false
  #cr = false
  #empty = true

  /** Takes the next octets of the body. */
  update(chunk: Buffer): void {
    chunk = this.#settleCr(chunk)
    const end = inkEnd(chunk)
    const start = end === 0 ? 0 : inkStart(chunk)
    const ink = chunk.subarray(start, end)
    // Measured on 5 KB, SHA-256 included: 9 µs this way, 18 µs when every octet is rewritten first.
    if (end > 0 && isRelaxed(ink)) {
      this.#rewrite(chunk.subarray(0, start))
      this.#settleCr(ink)
      this.#flush(this.#release(0))
      this.#hash.update(ink)
      this.#empty = false
      this.#rewrite(chunk.subarray(end))
    } else this.#rewrite(chunk)
  }

  /** Base64 of the SHA-256: the `bh=` of RFC 6376 §3.5. Once only. */
  digest(): string {
    if (this.#cr) this.#content(CR)
    // RFC 6376 §3.4.4: a body without content hashes as no octets at all; any other ends with one CRLF.
    return (this.#empty ? this.#hash : this.#hash.update('\r\n')).digest('base64')
  }

  /** When the octets before ended with a CR, the first of these says whether it ended a line. Gives what is left. */
  #settleCr(chunk: Buffer): Buffer {
    if (!this.#cr || chunk.length === 0) return chunk
    this.#cr = false
    if (chunk[0] !== LF) {
      this.#content(CR)
      return chunk
    }
    this.#lines += 1
    this.#space = false
    return chunk.subarray(1)
  }

  /** Only when no CR is held. */
  #rewrite(octets: Buffer): void {
    if (octets.length === 0) return
    // A CR at the end is kept for the next call, so that a slice may end anywhere but within a CRLF.
    this.#cr = octets.at(-1) === CR
    const end = octets.length - (this.#cr ? 1 : 0)
    for (let at = 0; at < end;) {
      const within = octets[at + SLICE - 1] === CR ? SLICE - 1 : SLICE
      this.#rewriteSlice(octets, at, Math.min(at + within, end))
      at += within
    }
  }

  #rewriteSlice(octets: Buffer, start: number, end: number): void {
    let used = 0
    for (let at = start; at < end; at += 1) {
      const octet = octets[at] ?? 0
      if (octet === SPACE || octet === TAB) this.#space = true
      // A bare CR or LF is content: lines end with CRLF and nothing else. RFC 6376 §3.4.4
      else if (octet === CR && octets[at + 1] === LF) {
        this.#lines += 1
        this.#space = false
        at += 1
      } else {
        if (this.#space || this.#lines > 0) used = this.#release(used)
        scratch[used] = octet
        used += 1
      }
    }
    this.#flush(used)
  }

  #content(octet: number): void {
    const used = this.#release(0)
    scratch[used] = octet
    this.#flush(used + 1)
  }

  /** Content follows: what was held belongs to the body. Takes and gives the octets used of `scratch`. */
  #release(used: number): number {
    for (; this.#lines > 0; this.#lines -= 1) {
      // Leaves room for the slice: lines may have been held since long before it.
      if (used > SLICE) used = this.#flush(used)
      scratch[used] = CR
      scratch[used + 1] = LF
      used += 2
    }
    if (!this.#space) return used
    this.#space = false
    scratch[used] = SPACE
    return used + 1
  }

  #flush(used: number): 0 {
    if (used === 0) return 0
    this.#hash.update(scratch.subarray(0, used))
    this.#empty = false
    return 0
  }
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === CR || octet === LF || octet === TAB
}

/** Where the first octet stands that is neither white space nor part of a line end; only when there is one. */
function inkStart(chunk: Buffer): number {
  let at = 0
  while (isBlank(chunk[at])) at += 1
  return at
}

/** One past the last such octet; 0 when there is none. */
function inkEnd(chunk: Buffer): number {
  let end = chunk.length
  while (end > 0 && isBlank(chunk[end - 1])) end -= 1
  return end
}

/**
 * Whether octets that begin and end with ink are their own canonical form: no TAB, no two spaces, none before a CRLF.
 * (A space before a bare CR counts too, which costs a copy and not correctness.)
 */
function isRelaxed(ink: Buffer): boolean {
  if (ink.includes(TAB)) return false
  // Outside of these two an encoded attachment passes at the speed of memchr: base64 has no spaces.
  const first = ink.indexOf(SPACE)
  if (first < 0) return true
  const last = ink.lastIndexOf(SPACE)
  for (let at = first; at <= last; at += 1) {
    if (ink[at] !== SPACE) continue
    const next = ink[at + 1]
    if (next === SPACE || next === CR) return false
  }
  return true
}
