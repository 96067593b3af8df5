/** Pools of sources: which sources may take a stream's mail, and how much of it each is to have beside the others. */

/** The same object for as long as the configuration says the same. */
export type Pool = {
  readonly name: string
  /** Weights by source, at least one; in the order of the configuration. */
  readonly sources: ReadonlyMap<string, number>
}

/**
 * How many transactions of weight 1 a source may be behind the others: what it could not take while it was held back is
 * not owed to it, or it would get everything at once when it is back.
 */
const MOST_OWED = 2

/** Who of a pool has had how much of one site. Weighted fair queueing: who has had least for its weight is next. */
export class Shares {
  readonly #sources: ReadonlyMap<string, number>
  /** Whose share is another's for a while. */
  readonly #lent = new Map<string, string>()
  /** Transactions by weight. */
  readonly #had = new Map<string, number>()

  /**
   * `random` in [0, 1): many sites have one message. Of exponential beginnings the least is each source's as often as
   * its weight says, so that the shares are kept over many sites as well as over many messages of one.
   */
  constructor({ sources }: Pool, random: () => number) {
    this.#sources = sources
    for (const [source, weight] of sources) this.#had.set(source, -Math.log(1 - random()) / weight)
  }

  /** Who is to be asked first, last, and between. */
  order(): readonly string[] {
    return [...this.#had].toSorted(([, a], [, b]) => a - b).map(([source]) => source)
  }

  /** `source` has taken a transaction. */
  took(source: string): void {
    const weight = this.#weightOf(source)
    if (weight === 0) return
    const had = (this.#had.get(source) ?? 0) + 1 / weight
    this.#had.set(source, had)
    for (const [other, least] of this.#had) if (least < had - MOST_OWED) this.#had.set(other, had - MOST_OWED)
  }

  /** `to` takes what would be for `from` as well; absent: no longer. Without effect when `to` is not of the pool. */
  lend(from: string, to: string | undefined): void {
    if (to === undefined) this.#lent.delete(from)
    else this.#lent.set(from, to)
  }

  #weightOf(source: string): number {
    let weight = this.#sources.get(source) ?? 0
    if (weight > 0)
      for (const [from, to] of this.#lent) if (to === source) weight += this.#sources.get(from) ?? 0
    return weight
  }
}
