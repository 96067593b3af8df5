/**
 * Who has guessed too often: failed logins counted by address and by login, slowed, then refused unheard.
 *
 * It stands before the password check, because the check is what guessing costs us. It says nothing of whether
 * a login exists: unknown ones are counted like known ones.
 */

export type GuardLimits = {
  readonly authFailuresPerAddress: number
  readonly authFailuresPerLogin: number
  /** Milliseconds in which a full count has decayed to nothing. */
  readonly authWindow: number
}

export type Admission = 'admitted' | 'address' | 'login'

/** Records kept of each kind; beyond it the one that failed longest ago is forgotten. About 2 MB in all. */
export const GUARD_ENTRIES = 10_000

/** Milliseconds before the answer to a first wrong password, doubled with each further one. */
const FIRST_DELAY = 1_000
const LONGEST_DELAY = 8_000

export class LoginGuard {
  #limits: GuardLimits
  readonly #now: () => number
  readonly #addresses = new Levels()
  readonly #logins = new Levels()
  /** Pairs that were right before, with the time. */
  readonly #known = new Map<string, number>()

  /** `now`: milliseconds of a clock that never steps back. */
  constructor(limits: GuardLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  set limits(limits: GuardLimits) {
    this.#limits = limits
  }

  /** Counts a failure in advance, so that a thousand guesses at once are not a thousand checks; `succeeded` takes it back. */
  admit(address: string, login: string): Admission {
    const { authFailuresPerAddress, authFailuresPerLogin, authWindow } = this.#limits
    const now = this.#now()
    if (this.#addresses.level(address, authFailuresPerAddress / authWindow, now) > authFailuresPerAddress - 1)
      return 'address'
    // Else whoever guesses at a login would lock its owner out: where it was right before it is heard.
    const known = this.#known.has(pair(address, login))
    if (
      !known &&
      this.#logins.level(login, authFailuresPerLogin / authWindow, now) > authFailuresPerLogin - 1
    )
      return 'login'
    this.#addresses.add(address, 1)
    this.#logins.add(login, 1)
    return 'admitted'
  }

  succeeded(address: string, login: string): void {
    this.#addresses.add(address, -1)
    this.#logins.add(login, -1)
    const key = pair(address, login)
    this.#known.delete(key)
    this.#known.set(key, this.#now())
    forgetOldest(this.#known)
  }

  /** How long the refusal of an admitted login is to be kept back, in milliseconds. */
  delay(address: string, login: string): number {
    const level = Math.max(this.#addresses.of(address), this.#logins.of(login))
    return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.max(0, Math.ceil(level) - 1))
  }

  /** Records held, for the test of its bounds. */
  get size(): number {
    return this.#addresses.size + this.#logins.size + this.#known.size
  }
}

/** Logins come from strangers: as keys they are cut, and a NUL cannot join two of them into a third. */
function pair(address: string, login: string): string {
  return `${address} ${login.slice(0, 255)}`
}

/** Leaky buckets by name. */
class Levels {
  readonly #buckets = new Map<string, { level: number; at: number }>()

  /** The level of `name` now, when it falls by `rate` a millisecond. */
  level(name: string, rate: number, now: number): number {
    const key = name.slice(0, 255)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      this.#buckets.set(key, { level: 0, at: now })
      forgetOldest(this.#buckets)
      return 0
    }
    bucket.level = Math.max(0, bucket.level - (now - bucket.at) * rate)
    bucket.at = now
    // To the end of the order of insertion: the front is what to forget.
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    return bucket.level
  }

  of(name: string): number {
    return this.#buckets.get(name.slice(0, 255))?.level ?? 0
  }

  add(name: string, amount: number): void {
    const bucket = this.#buckets.get(name.slice(0, 255))
    if (bucket !== undefined) bucket.level = Math.max(0, bucket.level + amount)
  }

  get size(): number {
    return this.#buckets.size
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= GUARD_ENTRIES) return
  const oldest = map.keys().next()
  if (oldest.done !== true) map.delete(oldest.value)
}
