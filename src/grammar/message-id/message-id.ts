/** Names for messages and deliveries: short, sortable by time of acceptance, safe as 53-bit integers in SQL. */

declare const brand: unique symbol

/** Eleven characters of Crockford's base 32, lower case. Sorts by time of acceptance. */
export type MessageId = string & { readonly [brand]: 'MessageId' }

/** One delivery: a message and the position of its recipient in the envelope, from 0. */
export type DeliveryKey = { readonly message: MessageId; readonly n: number }

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 11

/** 2020-01-01T00:00:00Z. 41 bits of milliseconds from here end in 2089. */
const EPOCH = 1_577_836_800_000

/** 5 bits name the node, 7 bits count within a millisecond: 128,000 ids a second, borrowing from the next one. */
const NODES = 32
const PER_MILLISECOND = 128

/** The first of the ticks of a millisecond: a node has one id for each tick. */
export function tickAt(millisecond: number): number {
  return (millisecond - EPOCH) * PER_MILLISECOND
}

export function idAt(tick: number, node: number): MessageId {
  const millisecond = Math.floor(tick / PER_MILLISECOND)
  return fromInteger((millisecond * NODES + (node % NODES)) * PER_MILLISECOND + (tick % PER_MILLISECOND))
}

/** Of which tick of its node an id is. */
export function tickOf(id: MessageId): number {
  const integer = toInteger(id)
  const millisecond = Math.floor(integer / (NODES * PER_MILLISECOND))
  return millisecond * PER_MILLISECOND + (integer % PER_MILLISECOND)
}

/** When the id was given, as far as its clock was right. */
export function timeOf(integer: number): number {
  return Math.floor(integer / (NODES * PER_MILLISECOND)) + EPOCH
}

export function fromInteger(integer: number): MessageId {
  let rest = integer
  let text = ''
  for (let i = 0; i < LENGTH; i += 1) {
    text = (ALPHABET[rest % 32] ?? '') + text
    rest = Math.floor(rest / 32)
  }
  return text as MessageId
}

/** The number that stands for `id` in SQL: at most 2⁵³ − 1, in the same order as the ids. */
export function toInteger(id: MessageId): number {
  let integer = 0
  for (let i = 0; i < LENGTH; i += 1) integer = integer * 32 + ALPHABET.indexOf(id[i] ?? '')
  return integer
}

/** Reads what an operator typed. `undefined` when it cannot be an id. */
export function parseMessageId(text: string): MessageId | undefined {
  const lower = text.toLowerCase()
  const looksRight = lower.length === LENGTH && Array.from(lower).every((c) => ALPHABET.includes(c))
  return looksRight && toInteger(lower as MessageId) <= Number.MAX_SAFE_INTEGER
    ? (lower as MessageId)
    : undefined
}
