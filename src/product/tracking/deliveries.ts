/** What is known of deliveries that something was done with, asked once of each for a while. */

import type { Claimed, Spool } from '#engine/spool'
import type { Tracked } from '#grammar/tracking'

/** Deliveries that are kept in mind: some 1 KB each. */
const KNOWN = 5_000

export class Deliveries {
  readonly #spool: Pick<Spool, 'list'>
  readonly #known = new Map<string, Claimed>()

  constructor(spool: Pick<Spool, 'list'>) {
    this.#spool = spool
  }

  /** `undefined` when there is no record of it any more, or none of that organization. */
  async find({ message, n, organization }: Tracked): Promise<Claimed | undefined> {
    const name = `${message}.${n}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const [found] = await this.#spool.list({ message, n, organization }, { limit: 1 })
    // One that has not ended will say something else later.
    if (found?.delivery.endedAt !== undefined) this.#keep(name, found)
    return found
  }

  #keep(name: string, found: Claimed): void {
    this.#known.set(name, found)
    if (this.#known.size <= KNOWN) return
    for (const oldest of this.#known.keys()) return void this.#known.delete(oldest)
  }
}
