/** The content that BDAT carries: octets counted, never read for an end. RFC 3030 §2 */

import { ContentScanner } from './content.ts'
import type { ContentFault, ContentOptions, Decoded } from './content.ts'

export type ChunkOptions = ContentOptions & {
  /** BODY=BINARYMIME: line endings and NUL are not looked at. RFC 3030 §3 */
  readonly binary: boolean
}

/**
 * One a message, over all its chunks. Costs the same memory for one chunk and for a million. For each BDAT:
 * `begin`, then `push` until it reports `end`; every octet announced is consumed, whatever the verdict.
 */
export class ChunkDecoder {
  readonly #limit: number
  /** Absent for binary content. */
  readonly #scanner: ContentScanner | undefined
  #at: 'between' | 'chunk' | 'last-chunk' | 'end' = 'between'
  #remaining = 0
  #size = 0
  #discarding = false

  constructor(options: ChunkOptions) {
    this.#limit = options.limit
    this.#scanner = options.binary ? undefined : new ContentScanner(options, 'octets')
  }

  /**
   * A BDAT command came. When `remaining` is 0 afterwards (`BDAT 0 LAST`) there is nothing to push.
   * @throws {RangeError} while the chunk before is unfinished, or after the last one.
   */
  begin(size: number, last: boolean): void {
    if (this.#at !== 'between') throw new RangeError(`a chunk begins at ${this.#at}`)
    this.#remaining = size
    this.#at = last ? 'last-chunk' : 'chunk'
    if (size === 0) this.#endChunk()
  }

  /** `end` is the offset after the chunk's last octet. Never keeps `bytes`; the slices share its memory. */
  push(bytes: Buffer): Decoded {
    if (this.#at === 'between' || this.#at === 'end') return { slices: [], end: 0 }
    const octets = bytes.length > this.#remaining ? bytes.subarray(0, this.#remaining) : bytes
    this.#remaining -= octets.length
    this.#size += octets.length
    const slices = this.#discarding ? [] : this.#read(octets)
    if (this.#remaining > 0) return { slices, end: undefined }
    this.#endChunk()
    return { slices: this.fault === undefined ? slices : [], end: octets.length }
  }

  /** From now on octets are consumed but not given out: BDAT without RCPT, or after one that failed. */
  discard(): void {
    this.#discarding = true
  }

  /** Octets of the current chunk still to come. */
  get remaining(): number {
    return this.#remaining
  }

  /** The LAST chunk is complete. */
  get ended(): boolean {
    return this.#at === 'end'
  }

  /** Octets of all chunks so far, as they came. */
  get size(): number {
    return this.#size
  }

  /** Final only when `ended`; `too-large` may be told earlier, after any chunk. */
  get fault(): ContentFault | undefined {
    const tooLarge = this.#size > this.#limit ? 'too-large' : undefined
    return this.#scanner?.fault ?? tooLarge
  }

  #read(octets: Buffer): readonly Buffer[] {
    if (this.#scanner !== undefined) return this.#scanner.push(octets).slices
    return octets.length === 0 || this.#size > this.#limit ? [] : [octets]
  }

  #endChunk(): void {
    const isLast = this.#at === 'last-chunk'
    this.#at = isLast ? 'end' : 'between'
    if (isLast) this.#scanner?.finish()
  }
}
