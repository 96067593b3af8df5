/** Some numbers for each of many recipients, in a few octets: 8 times one more than `columns`, twice to four times over. */

import { hashOf } from './address-set.ts'

const SMALLEST = 1024

/** Open addressing over hashes of 53 bits, as AddressSet; two recipients in 10^15 / size are taken for one. */
export class RecipientNumbers {
  readonly #width: number
  #slots: Float64Array
  #size = 0

  constructor(columns: number) {
    this.#width = columns + 1
    this.#slots = new Float64Array(SMALLEST * this.#width)
  }

  /** 0 where nothing was set. */
  get(text: string, column: number): number {
    if (this.#size === 0) return 0
    const place = this.#placeOf(hashOf(text))
    return this.#slots[place] === 0 ? 0 : (this.#slots[place + 1 + column] ?? 0)
  }

  set(text: string, column: number, value: number): void {
    const hash = hashOf(text)
    let place = this.#placeOf(hash)
    if (this.#slots[place] === 0) {
      if ((this.#size + 1) * 2 * this.#width > this.#slots.length) {
        this.#grow()
        place = this.#placeOf(hash)
      }
      this.#slots[place] = hash
      this.#size += 1
    }
    this.#slots[place + 1 + column] = value
  }

  /** Where the recipient's numbers are, or the free ones where they belong. */
  #placeOf(hash: number): number {
    const slots = this.#slots
    const width = this.#width
    let place = (hash % (slots.length / width)) * width
    while (slots[place] !== 0 && slots[place] !== hash) place = (place + width) % slots.length
    return place
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    for (let at = 0; at < old.length; at += this.#width)
      if (old[at] !== 0) this.#slots.set(old.subarray(at, at + this.#width), this.#placeOf(old[at] ?? 0))
  }
}
