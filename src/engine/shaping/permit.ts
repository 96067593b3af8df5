/** Leave to open one connection: what it takes of the limits, from the first try of an address to the last close. */

export type PermitKeeper = {
  /** Takes one more try of the connection rates; false when there is none. */
  takeTry(): boolean
  endTries(count: number): void
  /** Takes one more place among the connections; false when there is none. */
  takePlace(): boolean
  givePlaces(count: number): void
}

export class Permit {
  readonly #keeper: PermitKeeper
  #tries = 1
  #places = 1

  /** Its first try and its first place have been taken. */
  constructor(keeper: PermitKeeper) {
    this.#keeper = keeper
  }

  /**
   * Whether another address may be tried, after the one before has failed or, `beside`, while it is still being tried:
   * then the receiver might see both.
   */
  readonly another = (beside: boolean): boolean => {
    if (beside && !this.#keeper.takePlace()) return false
    if (beside) this.#places += 1
    if (!this.#keeper.takeTry()) return false
    this.#tries += 1
    return true
  }

  /** The opening is over: `kept` is the connection that stands, whose place is given back by `closed`. */
  opened(kept: boolean): void {
    this.#keeper.endTries(this.#tries)
    this.#keeper.givePlaces(this.#places - (kept ? 1 : 0))
    this.#tries = 0
    this.#places = kept ? 1 : 0
  }

  closed(): void {
    this.#keeper.givePlaces(this.#places)
    this.#places = 0
  }
}
