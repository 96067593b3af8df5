/**
 * What came of TLS since it was last taken, counted in memory on the thread that sends. Whoever takes it writes it
 * down; a crash in between loses what was counted, and no mail.
 */

import type { StsFound } from '#engine/transport-security'
import type { TlsTrial } from '#engine/egress'
import type { MetricsRegistry } from '#platform/metrics'

import { TLS_REPORT_METRICS } from './metrics.ts'
import { outside, sessionsOf } from './session.ts'
import type { Policy, Session } from './session.ts'

/** As it is kept: equal but for `count`, they are one. */
export type Counted = {
  /** `2026-11-22`, in UTC. RFC 8460 §4.1 */
  readonly day: string
  /** Of the recipients. */
  readonly domain: string
  readonly policy: Policy
  readonly result: Session['result']
  /** Empty texts for a success, and for what is not known. */
  readonly from: string
  readonly host: string
  readonly address: string
  readonly text: string
  readonly count: number
}

export type TallyOptions = {
  /** What is known of a domain's policy. */
  readonly sts: (domain: string) => StsFound | undefined
  readonly metrics: MetricsRegistry
  readonly now: () => number
}

/** Different ones between two takings. A receiver that shows a new fault each time must not fill the memory. */
const CAPACITY = 20_000

/** Where a success was does not matter. */
const NOWHERE = { from: '', host: '', address: '' }

/** Of a reason. */
const TEXT = 200

export class Tally {
  readonly #options: TallyOptions
  readonly #count: (labels: { policy: string; result: string }) => { add(): void }
  #counted = new Map<string, { readonly of: Omit<Counted, 'count'>; count: number }>()

  constructor(options: TallyOptions) {
    this.#options = options
    this.#count = options.metrics.register(TLS_REPORT_METRICS).sessions
  }

  /** The tries behind the first transaction for a domain on a connection, or behind the want of one. */
  readonly witness = (domain: string, trials: readonly TlsTrial[]): void => {
    const sts = this.#options.sts(domain)
    for (const trial of trials)
      for (const session of sessionsOf(domain, trial, sts)) this.#add(domain, session)
  }

  /** An enforced policy names none of the domain's MX. */
  readonly outside = (domain: string, hosts: readonly string[]): void => {
    const sts = this.#options.sts(domain)
    if (sts?.kind !== 'policy') return
    for (const session of outside(domain, hosts, sts.policy)) this.#add(domain, session)
  }

  take(): readonly Counted[] {
    const taken = Array.from(this.#counted.values(), ({ of, count }) => ({ ...of, count }))
    this.#counted = new Map()
    return taken
  }

  #add(domain: string, { policy, result, trial, text = '' }: Session): void {
    this.#count({ policy: policy.type, result }).add()
    const day = new Date(this.#options.now()).toISOString().slice(0, 10)
    const { from, host, address } = result === 'successful' ? NOWHERE : (trial ?? NOWHERE)
    const of = { day, domain, policy, result, from, host, address, text: text.slice(0, TEXT) }
    const key = JSON.stringify(of)
    const known = this.#counted.get(key)
    if (known !== undefined) known.count += 1
    else if (this.#counted.size < CAPACITY) this.#counted.set(key, { of, count: 1 })
  }
}
