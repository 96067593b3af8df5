/**
 * By what deliveries are found, as numbers: columns that are kept as they are, and cut into blocks. An entry says that a
 * delivery may be meant, never that it is: names are numbers of 32 bits here, and records go while their entries stay.
 */

import type { MessageRow } from './engine.ts'

/** What entries are of; their position is kept, so that new ones come last. */
const FAMILIES = ['recipient', 'domain', 'tag', 'organization'] as const

export type Family = (typeof FAMILIES)[number]

/** Deliveries of one message: all from the first position to the last. */
export type Range = readonly [message: number, first: number, last: number]

/** Blocks of each family in a segment: the upper eight bits of the number. */
const BLOCKS = 256

/** Blocks are numbered below this. */
export const BLOCK_NUMBERS = FAMILIES.length * BLOCKS

/** Octets of an entry: number, place, message. */
const OCTETS = 16

/** Entries from which a segment is made of them. */
export const SEGMENT_FROM = 32_768

/** Entries in one segment at most: sorted within one commit, some 15 ms. */
const SEGMENT = 131_072

/** Where the family begins in a place; positions are below. */
const FAMILY_BIT = 28

/** FNV-1a over UTF-16, with the end of MurmurHash3 so that the upper bits are as good as the lower. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** What is looked for. */
export type Wanted = { readonly family: Family; readonly number: number }

export function wanted(family: Family, name: string): Wanted {
  return { family, number: numberOf(name) }
}

/** The block of every segment that has it. */
export function blockOf({ family, number }: Wanted): number {
  return FAMILIES.indexOf(family) * BLOCKS + (number >>> 24)
}

/** Families whose entries are of whole messages. */
function isWhole(family: number): boolean {
  return family >= FAMILIES.indexOf('tag')
}

export class Entries {
  #numbers = new Uint32Array(64)
  #places = new Uint32Array(64)
  #messages = new Float64Array(64)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** One for each recipient and each domain, tag and organization of the message. */
  addMessage([id, , organization, , , , , , , , deliveries, tags]: MessageRow): void {
    const last = deliveries.length - 1
    for (let n = 0; n <= last; n += 1) {
      const recipient = deliveries[n]?.[0] ?? ''
      this.#add('recipient', recipient, id, n)
      this.#add('domain', domainOf(recipient), id, n)
    }
    if (tags !== null)
      for (const tag of JSON.parse(tags) as readonly string[]) this.#add('tag', tag, id, last)
    this.#add('organization', organization, id, last)
  }

  #add(family: Family, name: string, message: number, n: number): void {
    this.#reserve(1)
    const at = this.#size
    this.#numbers[at] = numberOf(name)
    this.#places[at] = ((FAMILIES.indexOf(family) << FAMILY_BIT) | n) >>> 0
    this.#messages[at] = message
    this.#size += 1
  }

  append(octets: Uint8Array): void {
    const { numbers, places, messages } = columnsOf(octets)
    this.#reserve(numbers.length)
    this.#numbers.set(numbers, this.#size)
    this.#places.set(places, this.#size)
    this.#messages.set(messages, this.#size)
    this.#size += numbers.length
  }

  clear(): void {
    this.#size = 0
  }

  octets(): Uint8Array<ArrayBuffer> {
    const size = this.#size
    return octetsOf(
      this.#numbers.subarray(0, size),
      this.#places.subarray(0, size),
      this.#messages.subarray(0, size),
    )
  }

  /** All there is, in segments that are to be kept one after the other. */
  segments(): readonly Segment[] {
    const segments: Segment[] = []
    for (let start = 0; start < this.#size; start += SEGMENT)
      segments.push(this.#segment(start, Math.min(start + SEGMENT, this.#size)))
    return segments
  }

  #segment(start: number, end: number): Segment {
    const numbers = this.#numbers.subarray(start, end)
    const places = this.#places.subarray(start, end)
    const messages = this.#messages.subarray(start, end)
    const order = orderOf(numbers, places)
    const blocks: (readonly [block: number, octets: Uint8Array<ArrayBuffer>])[] = []
    const block = (i: number): number => {
      const at = order[i] ?? 0
      return ((places[at] ?? 0) >>> FAMILY_BIT) * BLOCKS + ((numbers[at] ?? 0) >>> 24)
    }
    for (let from = 0; from < order.length;) {
      let to = from + 1
      while (to < order.length && block(to) === block(from)) to += 1
      const picked = order.subarray(from, to)
      blocks.push([
        block(from),
        octetsOf(pick(numbers, picked), pick(places, picked), pick(messages, picked)),
      ])
      from = to
    }
    let [oldest, newest] = [Infinity, 0]
    for (const id of messages) [oldest, newest] = [Math.min(oldest, id), Math.max(newest, id)]
    return { oldest, newest, blocks }
  }

  #reserve(more: number): void {
    const size = this.#size + more
    if (size <= this.#numbers.length) return
    const capacity = Math.max(size, 2 * this.#numbers.length)
    const [numbers, places, messages] = [this.#numbers, this.#places, this.#messages]
    this.#numbers = new Uint32Array(capacity)
    this.#places = new Uint32Array(capacity)
    this.#messages = new Float64Array(capacity)
    this.#numbers.set(numbers)
    this.#places.set(places)
    this.#messages.set(messages)
  }
}

export type Segment = {
  /** Messages of its entries. */
  readonly oldest: number
  readonly newest: number
  readonly blocks: readonly (readonly [block: number, octets: Uint8Array<ArrayBuffer>])[]
}

type Columns = {
  readonly numbers: Uint32Array
  readonly places: Uint32Array
  readonly messages: Float64Array
}

/** By family and number. Numbers of 2 + 32 bits and the position, 17, are whole in a double: sorted without a function. */
function orderOf(numbers: Uint32Array, places: Uint32Array): Uint32Array {
  const keys = new Float64Array(numbers.length)
  for (let i = 0; i < keys.length; i += 1)
    keys[i] = (((places[i] ?? 0) >>> FAMILY_BIT) * 2 ** 32 + (numbers[i] ?? 0)) * SEGMENT + i
  keys.sort()
  const order = new Uint32Array(keys.length)
  for (let i = 0; i < keys.length; i += 1) order[i] = (keys[i] ?? 0) % SEGMENT
  return order
}

function pick<T extends Uint32Array | Float64Array>(column: T, order: Uint32Array): T {
  const picked = new (column.constructor as new (length: number) => T)(order.length)
  for (let i = 0; i < order.length; i += 1) picked[i] = column[order[i] ?? 0] ?? 0
  return picked
}

function octetsOf(
  numbers: Uint32Array,
  places: Uint32Array,
  messages: Float64Array,
): Uint8Array<ArrayBuffer> {
  const size = numbers.length
  const octets = new ArrayBuffer(size * OCTETS)
  new Uint32Array(octets, 0, size).set(numbers)
  new Uint32Array(octets, size * 4, size).set(places)
  new Float64Array(octets, size * 8, size).set(messages)
  return new Uint8Array(octets)
}

function columnsOf(octets: Uint8Array): Columns {
  // A driver may give it at any offset; numbers of eight octets begin at a multiple of eight.
  const { buffer, byteOffset } = octets.byteOffset % 8 === 0 ? octets : Uint8Array.from(octets)
  const size = octets.length / OCTETS
  return {
    numbers: new Uint32Array(buffer, byteOffset, size),
    places: new Uint32Array(buffer, byteOffset + size * 4, size),
    messages: new Float64Array(buffer, byteOffset + size * 8, size),
  }
}

/** Gives `found` each range that may be meant. */
export function eachFound(
  { family, number }: Wanted,
  octets: Uint8Array,
  found: (range: Range) => void,
): void {
  const { numbers, places, messages } = columnsOf(octets)
  const at = FAMILIES.indexOf(family)
  for (let i = 0; i < numbers.length; i += 1) {
    const place = places[i] ?? 0
    if (numbers[i] !== number || place >>> FAMILY_BIT !== at) continue
    const n = place & (2 ** FAMILY_BIT - 1)
    found([messages[i] ?? 0, isWhole(at) ? 0 : n, n])
  }
}

/** As it is looked for; a domain is of whoever is after the last at-sign. */
function domainOf(recipient: string): string {
  return recipient.slice(recipient.lastIndexOf('@') + 1)
}
