/** The content of one transaction as it comes in: a decoder that finds its end, and the receiver that keeps it. */

import { ChunkDecoder, DataDecoder } from '#grammar/smtp'
import type { ContentOptions, Offer } from '#grammar/smtp'

import type { Ended, Receiver } from './reception.ts'
import { refusedContent } from './refusals.ts'

/** Content beyond the limit is dropped and its end awaited, but not for ever: so many times the limit. */
const PATIENCE = 2

/** What some octets came to. */
export type Fed = {
  /** What belongs to the next command; absent while the content, or the chunk, goes on. */
  readonly rest?: Buffer
  /** Wait for it before the next octets. */
  readonly wait?: Promise<void>
}

export class Incoming {
  readonly offer: Offer
  readonly #receiver: Receiver
  readonly #decoder: DataDecoder | ChunkDecoder
  readonly #limit: number

  constructor(offer: Offer, receiver: Receiver, options: ContentOptions & { readonly chunked: boolean }) {
    this.offer = offer
    this.#receiver = receiver
    this.#limit = options.limit
    const { newlines, limit } = options
    const binary = offer.envelope.body === 'binarymime'
    this.#decoder = options.chunked
      ? new ChunkDecoder({ newlines, limit, binary })
      : new DataDecoder({ newlines, limit })
  }

  /** A BDAT command came. */
  begin(size: number, last: boolean): void {
    this.#chunks.begin(size, last)
  }

  feed(bytes: Buffer): Fed {
    const { slices, end } = this.#decoder.push(bytes)
    const { fault } = this.#decoder
    if (fault !== undefined) this.#receiver.refuse(refusedContent(fault))
    const wait = fault === undefined && slices.length > 0 ? this.#receiver.add(slices) : undefined
    return {
      ...(end === undefined ? {} : { rest: bytes.subarray(end) }),
      ...(wait === undefined ? {} : { wait }),
    }
  }

  /** So far beyond the limit that its end is not worth waiting for. */
  get hopeless(): boolean {
    return this.#decoder.size > this.#limit * PATIENCE
  }

  get fault(): DataDecoder['fault'] {
    return this.#decoder.fault
  }

  /** Octets of the current chunk still to come. */
  get remaining(): number {
    return this.#chunks.remaining
  }

  /** Rejects only when the intake does. */
  end(): Promise<Ended> {
    const { fault, size } = this.#decoder
    return fault === undefined
      ? this.#receiver.end()
      : Promise.resolve({ reply: refusedContent(fault), size })
  }

  /** Lets go of everything; safe after the end too. */
  discard(): void {
    this.#receiver.discard()
  }

  get #chunks(): ChunkDecoder {
    if (this.#decoder instanceof ChunkDecoder) return this.#decoder
    throw new Error('a chunk of DATA')
  }
}
