/** One job on one connection: which recipients have an answer, and whose turn it is in the next transaction. */

import type { Instant } from '#engine/spool'

import type { Job } from './job.ts'
import type { Outgoing } from './outgoing.ts'
import { deferred } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export class Assignment {
  readonly job: Job
  readonly startedAt: Instant
  /** Set when it was asked for and given. */
  content: Outgoing | undefined
  readonly #verdicts: (Verdict | undefined)[]
  /** Indices into `claimed` of the transaction under way. */
  #turn: readonly number[] = []
  /** Indices whose turn has not come. */
  #rest: number[]

  constructor(job: Job, startedAt: Instant) {
    this.job = job
    this.startedAt = startedAt
    this.#verdicts = job.claimed.map(() => undefined)
    this.#rest = job.claimed.map((_, i) => i)
  }

  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /** The recipients of the next transaction, within what the peer bears; empty when all had their turn. RFC 9422 §4 */
  next(recipientsPerTransaction: number, domainsPerTransaction: number): readonly number[] {
    if (this.#rest.length <= recipientsPerTransaction && domainsPerTransaction === Infinity) {
      this.#turn = this.#rest
      this.#rest = []
      return this.#turn
    }
    const domains = new Set<string>()
    const turn: number[] = []
    const rest: number[] = []
    for (const i of this.#rest) {
      const domain = this.job.claimed[i]?.delivery.to.domain ?? ''
      const hasRoom = domains.has(domain) || domains.size < domainsPerTransaction
      const isIn = hasRoom && turn.length < recipientsPerTransaction
      if (isIn) domains.add(domain)
      ;(isIn ? turn : rest).push(i)
    }
    this.#turn = turn
    this.#rest = rest
    return turn
  }

  /** `verdicts` are those of the turn. Who was put off for being too many gets another turn if this one came to anything. */
  ended(verdicts: readonly (Verdict | undefined)[], accepted: number): void {
    for (const [n, i] of this.#turn.entries()) {
      const verdict = verdicts[n]
      this.#verdicts[i] = verdict
      if (accepted > 0 && verdict !== undefined && isTooMany(verdict)) this.#rest.push(i)
    }
    this.#turn = []
  }

  /** One for each of `claimed`. Who never had a turn is deferred with `otherwise`, or for the lack of a connection. */
  verdicts(otherwise?: Verdict): readonly Verdict[] {
    return this.#verdicts.map((verdict) => verdict ?? otherwise ?? NO_TURN)
  }
}

const NO_TURN = deferred('MAIL', '4.4.2', 'the connection ended before the turn of this recipient')

/** RFC 5321 §4.5.3.1.10: too many recipients, said with 452 or, by older servers, 552; the rest go separately. */
function isTooMany({ stage, code, enhanced }: Verdict): boolean {
  if (stage !== 'RCPT' || (code !== 452 && code !== 552)) return false
  return enhanced.endsWith('.5.3') || enhanced.endsWith('.0.0')
}
