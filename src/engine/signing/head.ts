/** Where the header of a message ends and its body begins. RFC 5322 §2.1 */

const CRLF = Buffer.from('\r\n')
const HEADER_END = Buffer.from('\r\n\r\n')

/** Finds the empty line that ends the header, in chunks of any size. Holds the header, whose size doors limit. */
export class Head {
  readonly #pieces: Buffer[] = []
  #ended = false
  /** The last octets before this chunk: the empty line may straddle two. Begins as if a line had just ended. */
  #before: Buffer = CRLF

  /** Takes the next chunk and gives the part of it that belongs to the body. */
  take(chunk: Buffer): Buffer {
    if (this.#ended) return chunk
    const at = this.#endIn(chunk)
    const end = at < 0 ? chunk.length : at
    this.#pieces.push(chunk.subarray(0, end))
    this.#ended = at >= 0
    return chunk.subarray(end)
  }

  /** The header as latin1, the empty line included; everything when there is none. RFC 5322 §3.5 */
  text(): string {
    const [first = CRLF] = this.#pieces
    return (this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first).toString('latin1')
  }

  #endIn(chunk: Buffer): number {
    const joint = Buffer.concat([this.#before, chunk.subarray(0, HEADER_END.length - 1)])
    const straddling = joint.indexOf(HEADER_END)
    if (straddling >= 0) return straddling + HEADER_END.length - this.#before.length
    this.#before =
      chunk.length < HEADER_END.length
        ? joint.subarray(1 - HEADER_END.length)
        : chunk.subarray(1 - HEADER_END.length)
    const at = chunk.indexOf(HEADER_END)
    return at < 0 ? at : at + HEADER_END.length
  }
}
