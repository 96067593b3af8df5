/** A set of texts by their hash: 16 octets each, and now and then an answer that has to be checked. */

import { createHash } from 'node:crypto'

const SMALLEST = 1024

/** Open addressing over hashes of 53 bits. It only grows; nothing is ever taken out. */
export class AddressSet {
  #slots = new Float64Array(SMALLEST)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Of a text that was added: true. Of any other: false, but for one in about 10^15 / size. */
  mayHave(text: string): boolean {
    // For most organizations nobody has bounced softly: they need not pay for the hash.
    if (this.#size === 0) return false
    const hash = hashOf(text)
    return this.#slots[this.#placeOf(hash)] === hash
  }

  add(text: string): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow()
    this.#put(hashOf(text))
  }

  #put(hash: number): void {
    const place = this.#placeOf(hash)
    if (this.#slots[place] === hash) return
    this.#slots[place] = hash
    this.#size += 1
  }

  /** Where the hash is, or the free slot where it belongs. */
  #placeOf(hash: number): number {
    const slots = this.#slots
    let place = hash % slots.length
    while (slots[place] !== 0 && slots[place] !== hash) place = (place + 1) % slots.length
    return place
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    this.#size = 0
    for (const hash of old) if (hash !== 0) this.#put(hash)
  }
}

/** Recipients are chosen by strangers: with a hash that can be steered they could make every look-up a long walk. */
function hashOf(text: string): number {
  const digest = createHash('sha256').update(text).digest()
  // 53 bits, and never 0, which means a free slot.
  return digest.readUIntBE(0, 6) * 32 + ((digest[6] ?? 0) & 31) + 1
}
