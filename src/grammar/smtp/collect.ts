/** Gathers the slices of one content into few buffers, so that a message sent octet by octet costs its own size. */

/** Below this a copy costs less than one more buffer to keep. */
const LARGE = 4096
const SMALLEST_BLOCK = 8192
const LARGEST_BLOCK = 65_536
const EMPTY = Buffer.alloc(0)

export class Collector {
  #parts: Buffer[] = []
  /** Where small slices go; filled up to `#used`, and not yet in `#parts`. */
  #block = EMPTY
  #used = 0
  #size = 0

  /** Large slices are kept as they are, small ones are copied together. */
  add(slice: Buffer): void {
    this.#size += slice.length
    if (slice.length >= LARGE) {
      this.#seal()
      this.#parts.push(slice)
      return
    }
    if (slice.length > this.#block.length - this.#used) this.#newBlock()
    slice.copy(this.#block, this.#used)
    this.#used += slice.length
  }

  /** Octets gathered and not yet taken. */
  get size(): number {
    return this.#size
  }

  /** How many buffers hold it: one for each large slice, one for every 64 KiB or so of small ones. */
  get buffers(): number {
    return this.#parts.length + (this.#used > 0 ? 1 : 0)
  }

  /** Everything gathered, as one buffer; a copy only when there was more than one. Afterwards it is empty. */
  take(): Buffer {
    this.#seal()
    const parts = this.#parts
    this.#parts = []
    this.#block = EMPTY
    this.#size = 0
    return parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts)
  }

  #seal(): void {
    if (this.#used === 0) return
    this.#parts.push(this.#block.subarray(0, this.#used))
    this.#block = this.#block.subarray(this.#used)
    this.#used = 0
  }

  #newBlock(): void {
    this.#seal()
    // Each block as large as all before it: few blocks for a large content, little waste for a small one.
    this.#block = Buffer.allocUnsafe(Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, this.#size)))
  }
}
