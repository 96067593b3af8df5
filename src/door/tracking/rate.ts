/** How often one address may ask: a bucket of a minute's worth for each, filled evenly. Those that ask seldom are forgotten. */

const MINUTE = 60_000

/** Addresses that are kept in mind; the one that came first goes first. */
const KNOWN = 50_000

export class AddressRate {
  readonly #requests: number
  readonly #now: () => number
  readonly #buckets = new Map<string, { level: number; at: number }>()

  /** `requests` in a minute; 0: any number. `now` in milliseconds. */
  constructor(requests: number, now: () => number) {
    this.#requests = requests
    this.#now = now
  }

  /** Counts one, and says whether it may be. */
  take(address: string): boolean {
    if (this.#requests === 0) return true
    const bucket = this.#bucketOf(address)
    if (bucket.level < 1) return false
    bucket.level -= 1
    return true
  }

  #bucketOf(address: string): { level: number; at: number } {
    const now = this.#now()
    const known = this.#buckets.get(address)
    if (known !== undefined) {
      // A clock that was set back fills nothing, and takes nothing.
      const since = Math.max(0, now - known.at)
      known.level = Math.min(this.#requests, known.level + (since * this.#requests) / MINUTE)
      known.at = now
      return known
    }
    const full = { level: this.#requests, at: now }
    this.#buckets.set(address, full)
    if (this.#buckets.size > KNOWN) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return full
  }
}
