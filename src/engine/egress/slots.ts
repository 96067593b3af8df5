/** The connections that all paths together may have, shared so that no path starves for another's comfort. */

export type Claimant = {
  /** Connections it has, those being opened included. */
  readonly held: number
  /** A place may be free: claim it again. */
  placeFree(): void
}

export class Slots {
  /** Read at each claim: it may be reloaded. */
  readonly #capacity: () => number
  readonly #waiting = new Set<Claimant>()
  /** Closes a connection that nobody uses; its place comes back when the socket is closed. */
  readonly #spare: () => void
  #taken = 0

  constructor(capacity: () => number, spare: () => void) {
    this.#capacity = capacity
    this.#spare = spare
  }

  get taken(): number {
    return this.#taken
  }

  /** False when there is none; `placeFree` is called when there is, longest waiting first. */
  claim(claimant: Claimant): boolean {
    if (this.#taken < this.#capacity()) {
      this.#taken += 1
      this.#waiting.delete(claimant)
      return true
    }
    // Asked once for each place wanted: a claimant that asks again must not empty the house.
    if (this.#waiting.has(claimant)) return false
    this.#waiting.add(claimant)
    this.#spare()
    return false
  }

  release(): void {
    this.#taken -= 1
    const [first] = this.#waiting
    if (first === undefined) return
    this.#waiting.delete(first)
    first.placeFree()
  }

  forget(claimant: Claimant): void {
    this.#waiting.delete(claimant)
  }

  isWaiting(claimant: Claimant): boolean {
    return this.#waiting.has(claimant)
  }

  /** Whether who holds `held` should give one up now: somebody waits who has at least two fewer. */
  shouldYield(held: number): boolean {
    for (const claimant of this.#waiting) if (claimant.held + 1 < held) return true
    return false
  }
}
