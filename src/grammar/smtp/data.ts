/** The content that follows DATA: dots un-stuffed, its end found, its line endings judged. RFC 5321 §4.5.2 */

import { ContentScanner } from './content.ts'
import type { ContentFault, ContentOptions, Decoded } from './content.ts'

/** One a message. After `end` was reported it is done; the rest of the buffer belongs to the next command. */
export class DataDecoder {
  readonly #scanner: ContentScanner

  constructor(options: ContentOptions) {
    this.#scanner = new ContentScanner(options, 'dots')
  }

  /** Never keeps `bytes`; the slices share its memory. */
  push(bytes: Buffer): Decoded {
    return this.#scanner.push(bytes)
  }

  /** Octets of content so far, those beyond the limit included. */
  get size(): number {
    return this.#scanner.size
  }

  /** The worst so far; final only when the end was reported. */
  get fault(): ContentFault | undefined {
    return this.#scanner.fault
  }
}
