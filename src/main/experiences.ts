/** What deliveries teach of their recipients, on its way from a transport thread to who writes it down. */

import type { Ending } from '#engine/queue'
import type { Suppressing } from '#engine/shaping'
import { isOurs } from '#engine/spool'
import { addressKey } from '#grammar/address'
import type { Log } from '#platform/log'
import { ruledEvidence } from '#product/suppression'
import type { Experience, SuppressionFilter } from '#product/suppression'

export type ExperiencesOptions = {
  readonly filter: Pick<SuppressionFilter, 'bouncedSoftly'>
  /** Settles when they are written down. */
  readonly record: (batch: readonly Experience[]) => Promise<unknown>
  readonly log: Log
}

/** Milliseconds in which they are gathered. */
const GATHER = 1_000

/** More are not kept while nobody takes them: each would bounce again. */
const MOST = 100_000

export class Experiences {
  readonly #options: ExperiencesOptions
  #gathered: Experience[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: ExperiencesOptions) {
    this.#options = options
  }

  /** Called for each delivery that ended or waits on; costs nothing for most of them. */
  ended({ claimed: { message, delivery }, settlement }: Ending): void {
    const { organization, stream } = message
    const { attempt, state, at } = settlement
    if (attempt === undefined || isOurs(message)) return
    const { bounce } = attempt
    const isCleared = state === 'delivered' && this.#options.filter.bouncedSoftly(organization, delivery.to)
    const isBounced = state === 'bounced' || state === 'expired'
    if (!isCleared && !isBounced) return
    const known = {
      organization,
      stream,
      address: addressKey(delivery.to),
      delivery: `${delivery.key.message}.${delivery.key.n}`,
      at,
    }
    if (isCleared) return this.#add({ ...known, kind: 'delivered' })
    if (bounce === undefined) return
    const { class: what, type } = bounce
    this.#add({ ...known, kind: 'bounced', evidence: settlement.reason, class: what, type })
  }

  /** A shaping rule of the operator's says of a reply that its recipient is not to be tried again. */
  ruled({ claimed: { message, delivery }, attempt, rule }: Suppressing): void {
    if (isOurs(message)) return
    const { organization, stream } = message
    const { code, enhanced, text, at } = attempt
    this.#add({
      organization,
      stream,
      address: addressKey(delivery.to),
      delivery: `${delivery.key.message}.${delivery.key.n}`,
      at,
      kind: 'bounced',
      evidence: ruledEvidence(`${code} ${enhanced} ${text}`, rule),
      class: 'no-mail',
      type: 'hard',
    })
  }

  /** Hands on what is gathered. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#gathered
    if (batch.length === 0) return
    this.#gathered = []
    try {
      await this.#options.record(batch)
    } catch (cause) {
      this.#options.log.error('suppression.not-recorded', { deliveries: batch.length, cause })
    }
  }

  #add(experience: Experience): void {
    if (this.#gathered.length >= MOST) return
    this.#gathered.push(experience)
    this.#timer ??= setTimeout(() => void this.flush(), GATHER).unref()
  }
}
