/** Connections that several paths may have together, shared so that no path starves for another's comfort. */

export type Claimant = {
  /** Connections it has, those being opened included. */
  readonly held: number
  /** A place may be free: claim it again. */
  placeFree(): void
}

export class Slots {
  /** Read at each claim: it may be reloaded. */
  readonly #capacity: () => number
  /** Those that have no connection, and those that want another. */
  readonly #first = new Set<Claimant>()
  readonly #further = new Set<Claimant>()
  /** Closes a connection that nobody uses; its place comes back when the socket is closed. */
  readonly #spare: () => void
  readonly #furtherShare: number
  #taken = 0

  /** `furtherShare`: of all places, how many further connections of a path may fill; the rest is for those without. */
  constructor(capacity: () => number, spare: () => void, furtherShare = 1) {
    this.#capacity = capacity
    this.#spare = spare
    this.#furtherShare = furtherShare
  }

  get taken(): number {
    return this.#taken
  }

  /** Then `claim` gives nothing. */
  get isFull(): boolean {
    return this.#taken >= this.#capacity()
  }

  /** False when there is none; `placeFree` is called when there is, longest waiting first. */
  claim(claimant: Claimant): boolean {
    if (this.#taken < this.#limit(claimant.held > 0)) {
      this.#taken += 1
      this.forget(claimant)
      return true
    }
    // Asked once for each place wanted: a claimant that asks again must not empty the house.
    if (this.isWaiting(claimant)) return false
    const waiting = claimant.held > 0 ? this.#further : this.#first
    waiting.add(claimant)
    this.#spare()
    return false
  }

  release(): void {
    this.#taken -= 1
    this.#offer(this.#first, false)
    this.#offer(this.#further, true)
  }

  /** To one after the other: who waited may have no use for it any more, and then the next one has. */
  #offer(waiting: Set<Claimant>, isFurther: boolean): void {
    // Nobody is asked twice: whoever waits again does so because no place is left.
    for (const next of waiting) {
      if (this.#taken >= this.#limit(isFurther)) return
      this.forget(next)
      next.placeFree()
    }
  }

  forget(claimant: Claimant): void {
    this.#first.delete(claimant)
    this.#further.delete(claimant)
  }

  isWaiting(claimant: Claimant): boolean {
    return this.#first.has(claimant) || this.#further.has(claimant)
  }

  /** Whether who holds `held` should give one up now: somebody waits who has at least two fewer. */
  shouldYield(held: number): boolean {
    // Nobody has two fewer than one; with ten thousand sites in line it is asked after each message.
    if (held <= 1) return false
    if (this.#first.size > 0) return true
    for (const claimant of this.#further) if (claimant.held + 1 < held) return true
    return false
  }

  #limit(isFurther: boolean): number {
    return isFurther ? Math.ceil(this.#capacity() * this.#furtherShare) : this.#capacity()
  }
}
