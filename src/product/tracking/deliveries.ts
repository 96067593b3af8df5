/** What is known of deliveries that something was done with, asked once of each for a while. */

import type { Claimed, Instant, NewEvent, Spool } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Tracked } from '#grammar/tracking'

/** What events say of a delivery, and what judging takes. Without what was filled in for it, which may be much. */
export type Known = Pick<NewEvent, 'from' | 'to' | 'tags' | 'metadata'> & {
  /** Who it is from, as its author wrote. */
  readonly author?: string
  /** Absent: its receiver has not said what becomes of it. */
  readonly endedAt?: Instant
}

/** Deliveries that are kept in mind; metadata is 10,000 octets at most, and has a few as a rule. */
const KNOWN = 2_000

export class Deliveries {
  readonly #spool: Pick<Spool, 'list'>
  readonly #known = new Map<string, Known>()

  constructor(spool: Pick<Spool, 'list'>) {
    this.#spool = spool
  }

  /** `undefined` when there is no record of it any more, or none of that organization. */
  async find({ message, n, organization }: Tracked): Promise<Known | undefined> {
    const name = `${organization} ${message}.${n}`
    const remembered = this.#known.get(name)
    if (remembered !== undefined) return remembered
    const [claimed] = await this.#spool.list({ message, n, organization }, { limit: 1 })
    const found = claimed && knownOf(claimed)
    // One that has not ended will say something else later.
    if (found?.endedAt !== undefined) this.#keep(name, found)
    return found
  }

  #keep(name: string, found: Known): void {
    this.#known.set(name, found)
    if (this.#known.size <= KNOWN) return
    for (const oldest of this.#known.keys()) return void this.#known.delete(oldest)
  }
}

function knownOf({ message, delivery }: Claimed): Known {
  const { from, tags, metadata, headerFrom } = message
  return {
    ...(from !== null && { from: formatMailbox(from) }),
    to: formatMailbox(delivery.to),
    ...(tags !== undefined && { tags }),
    ...(metadata !== undefined && { metadata }),
    ...(headerFrom !== undefined && { author: headerFrom }),
    ...(delivery.endedAt !== undefined && { endedAt: delivery.endedAt }),
  }
}
