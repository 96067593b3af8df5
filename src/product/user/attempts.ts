/** How often somebody may try: counted before anything dear is done, by address and by account. In memory. */

/** So many at once, and another one each `every` milliseconds. */
export type Allowance = { readonly burst: number; readonly every: number }

const MINUTE = 60_000

export const ALLOWANCE = {
  /** An office behind one address signs in of a morning. */
  address: { burst: 30, every: 10_000 },
  account: { burst: 10, every: MINUTE },
  /** One of a million, and three are right at a time. */
  code: { burst: 5, every: 5 * MINUTE },
  /** Each is a row for some minutes, which anybody may ask for. */
  beginFrom: { burst: 60, every: 2_000 },
  /** Each is a mail to somebody. */
  resetFrom: { burst: 10, every: MINUTE },
  resetOf: { burst: 3, every: 10 * MINUTE },
} as const satisfies Readonly<Record<string, Allowance>>

/** Entries of one kind: who would push another's out needs as many addresses. */
const ENTRIES = 100_000

type Entry = { left: number; at: number }

export class Attempts {
  readonly #allowance: Allowance
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()

  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance
    this.#now = now
  }

  /** Milliseconds until another try; 0 when this one may be made, which then counts. */
  take(name: string): number {
    const entry = this.#entry(name)
    if (entry.left < 1) return Math.ceil((1 - entry.left) * this.#allowance.every)
    entry.left -= 1
    return 0
  }

  /** A try that was right does not count. */
  giveBack(name: string): void {
    const entry = this.#entry(name)
    entry.left = Math.min(this.#allowance.burst, entry.left + 1)
  }

  #entry(name: string): Entry {
    const at = this.#now()
    const { burst, every } = this.#allowance
    const entry = this.#entries.get(name) ?? { left: burst, at }
    // A clock that was set back gives nothing.
    entry.left = Math.min(burst, entry.left + Math.max(0, at - entry.at) / every)
    entry.at = at
    this.#entries.delete(name)
    if (this.#entries.size >= ENTRIES) this.#entries.delete(this.#entries.keys().next().value ?? '')
    this.#entries.set(name, entry)
    return entry
  }
}

/** Whoever has one IPv6 address has the other 2⁶⁴ of its network as well. RFC 6177 §2 */
export function whoseAddress(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
