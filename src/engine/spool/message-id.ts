/** Names for messages and deliveries: short, sortable by time of acceptance, safe as 53-bit integers in SQL. */

declare const brand: unique symbol

/** Eleven characters of Crockford's base 32, lower case. Sorts by time of acceptance. */
export type MessageId = string & { readonly [brand]: 'MessageId' }

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 11

/** 2020-01-01T00:00:00Z. 41 bits of milliseconds from here end in 2089. */
const EPOCH = 1_577_836_800_000

/** 5 bits name the node, 7 bits count within a millisecond: 128,000 ids a second, borrowing from the next one. */
const NODES = 32
const PER_MILLISECOND = 128

/** Where the ids of a process begin, and how its threads share them. */
export type IdRange = {
  /** Every id given sorts after it: the newest of the store, in case the clock was set back since. */
  readonly after?: MessageId
  /** Of `lanes` threads that give ids for one node at once, this is number `lane`, from 0. */
  readonly lane?: number
  readonly lanes?: number
}

/** Gives ids for one node. No two calls give the same id, even when the clock steps back. */
export function messageIds(node: number, now: () => number, range: IdRange = {}): () => MessageId {
  const lane = range.lane ?? 0
  const lanes = range.lanes ?? 1
  let last = range.after === undefined ? -1 : tick(toInteger(range.after))
  return () => {
    const earliest = Math.max(last + 1, (now() - EPOCH) * PER_MILLISECOND)
    last = earliest + ((lane - (earliest % lanes) + lanes) % lanes)
    const millisecond = Math.floor(last / PER_MILLISECOND)
    const count = last % PER_MILLISECOND
    return fromInteger((millisecond * NODES + (node % NODES)) * PER_MILLISECOND + count)
  }
}

/** The id without its node: what `messageIds` counts. */
function tick(integer: number): number {
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

/** One delivery: a message and the position of its recipient in the envelope, from 0. Shown as `id.n`. */
export type DeliveryKey = { readonly message: MessageId; readonly n: number }

export function formatDelivery(key: DeliveryKey): string {
  return `${key.message}.${key.n}`
}
