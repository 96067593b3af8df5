/** How many requests a key may make: a bucket of a minute's worth for each, filled evenly. Limits of mail are elsewhere. */

/** Seconds that `requests` are for. */
export const WINDOW = 60

export type Rated = {
  /** Whether this request was within the limit. */
  readonly ok: boolean
  /** Requests that may follow at once. */
  readonly remaining: number
  /** Seconds until the bucket is full again. */
  readonly reset: number
  /** Seconds until one more is allowed: 0 when it is. */
  readonly wait: number
}

type Bucket = { level: number; at: number }

export class RateLimit {
  readonly #requests: number
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  /** `requests` in `WINDOW` seconds; `now` in milliseconds. */
  constructor(requests: number, now: () => number) {
    this.#requests = requests
    this.#now = now
  }

  /** As RateLimit-Policy says it. */
  get policy(): string {
    return `"key";q=${this.#requests};w=${WINDOW}`
  }

  /** Counts one request. `key` is one that was found to be right: strangers make no buckets. */
  take(key: string): Rated {
    const bucket = this.#bucket(key)
    const ok = bucket.level >= 1
    if (ok) bucket.level -= 1
    const perSecond = this.#requests / WINDOW
    return {
      ok,
      remaining: Math.floor(bucket.level),
      reset: Math.ceil((this.#requests - bucket.level) / perSecond),
      wait: Math.ceil(Math.max(0, 1 - bucket.level) / perSecond),
    }
  }

  #bucket(key: string): Bucket {
    const now = this.#now()
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      const full = { level: this.#requests, at: now }
      this.#buckets.set(key, full)
      return full
    }
    // A clock that was set back fills nothing, and takes nothing.
    const since = Math.max(0, now - bucket.at) / 1000
    bucket.level = Math.min(this.#requests, bucket.level + (since * this.#requests) / WINDOW)
    bucket.at = now
    return bucket
  }
}
