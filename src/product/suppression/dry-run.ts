/**
 * A policy of suppression tried out on the past: what it would have done with what deliveries taught, beside what the
 * list says now. Pure and in passing: of a recipient it keeps a few numbers, and of a recipient that never bounced none.
 *
 * First `know` each suppression there is; then `take` the past, a page at a time and the oldest first, and `rest`; then
 * `miss` each suppression once more, for those that would not be there.
 */

import { AddressSet } from './address-set.ts'
import { isRuled } from './experience.ts'
import type { Experience } from './experience.ts'
import { InTime } from './in-time.ts'
import { decide } from './policy.ts'
import type { Policy, SoftCount, Suppressing } from './policy.ts'
import { RecipientNumbers } from './recipient-numbers.ts'
import { EVERY_STREAM, holds } from './suppression.ts'
import type { Suppression } from './suppression.ts'

/** `site`: the hosts that the last attempt went to, where there was one. */
export type Past = Experience & { readonly site?: string }

/**
 * `new`: it would be on the list and is not. `same`: it is, and would be. `gone`: it is, and would not be any more;
 * `why` says why not, and `until` when it would have ended.
 */
export type DryRunRow = {
  readonly change: 'new' | 'same' | 'gone'
  readonly why?: 'expired' | 'too-few' | 'not-for-this'
  /** Soft bounces counted within the window, of one that it takes several for. */
  readonly count?: number
  /** When the first of them was. */
  readonly firstAt?: number
  readonly provider: string
} & Omit<Suppression, 'removedAt' | 'removedWhy'>

type Tally = { new: number; same: number; gone: number }

export type DryRunTotals = {
  /** What was learnt of: deliveries that ended, complaints, late bounces, wishes. */
  experiences: number
  /** Mail that would have been refused, and how much of it was delivered after all. */
  refused: number
  refusedDelivered: number
  /** Suppressed for a time that is over, or until somebody took it from the list. */
  over: number
  /** On the list by people, by a shaping rule, or for what there is no record of any more: nothing can be said. */
  untouched: number
  noRecord: number
  readonly changes: Tally
  readonly classes: Map<string, Tally>
  readonly providers: Map<string, Tally>
}

export type DryRunOptions = {
  readonly policy: Policy
  readonly now: number
  /** Of a recipient's domain, and of the hosts that took its mail where that is known. */
  readonly providerOf: (domain: string, site: string | undefined) => string
  /** What waits for its turn at most; beyond, what happened within the same days may change places. */
  readonly most?: number
}

const MOST = 100_000

const UNTIL = 0
const COUNT = 1
const FIRST = 2

const LISTED = 0
const REMOVED = 1

export class DryRun {
  readonly totals: DryRunTotals = {
    experiences: 0,
    refused: 0,
    refusedDelivered: 0,
    over: 0,
    untouched: 0,
    noRecord: 0,
    changes: { new: 0, same: 0, gone: 0 },
    classes: new Map(),
    providers: new Map(),
  }
  readonly #options: DryRunOptions
  readonly #waiting: InTime<Past>
  /** By stream and address: until when it would be suppressed, and soft bounces so far. */
  readonly #would = new RecipientNumbers(3)
  /** The same: whether it is on the list, and when somebody took it off. */
  readonly #list = new RecipientNumbers(2)
  /** Deliveries that taught something against their recipients. */
  readonly #seen = new AddressSet()

  constructor(options: DryRunOptions) {
    this.#options = options
    this.#waiting = new InTime(options.most ?? MOST)
  }

  /** Also those that were removed. */
  know(one: Suppression): void {
    const key = keyOf(one.stream, one.address)
    if (holds(one, this.#options.now)) this.#list.set(key, LISTED, 1)
    if (one.removedAt !== undefined) this.#list.set(key, REMOVED, one.removedAt)
  }

  /** `through`: nothing that comes later happened before. Gives who would be suppressed now. */
  *take(page: readonly Past[], through: number): Generator<DryRunRow> {
    for (const one of page) this.#waiting.add(one)
    yield* this.#until(through)
  }

  /** There is no more. */
  rest(): Generator<DryRunRow> {
    return this.#until(Infinity)
  }

  /** What would become of one that is on the list; nothing when it stays. */
  miss(one: Suppression): DryRunRow | undefined {
    const { now } = this.#options
    const key = keyOf(one.stream, one.address)
    const until = this.#would.get(key, UNTIL)
    if (!holds(one, now) || until > now || this.#isEverywhere(one.address, now)) return undefined
    if (!isJudged(one)) this.totals.untouched += 1
    else if (one.delivery === undefined || !this.#seen.mayHave(one.delivery)) this.totals.noRecord += 1
    else return this.#gone(one, until)
    return undefined
  }

  #gone(one: Suppression, until: number): DryRunRow {
    const { removedAt: _, removedWhy: __, expiresAt: ___, ...known } = one
    const count = this.#countOf(one)
    const row: DryRunRow = {
      ...known,
      change: 'gone',
      why: until > 0 ? 'expired' : count > 0 ? 'too-few' : 'not-for-this',
      provider: this.#options.providerOf(domainOf(one.address), undefined),
      ...(until > 0 && { expiresAt: until }),
      ...(count > 0 && { count }),
    }
    this.#count(row)
    return row
  }

  /** Soft bounces count by the stream of their mail; which that was, the list does not say. */
  #countOf({ address }: Suppression): number {
    return this.#would.get(keyOf(ANY, address), COUNT)
  }

  *#until(time: number): Generator<DryRunRow> {
    for (const one of this.#waiting.until(time)) {
      const row = this.#one(one)
      if (row !== undefined) yield row
    }
  }

  #one(one: Past): DryRunRow | undefined {
    const { totals } = this
    totals.experiences += 1
    if (one.kind !== 'delivered') this.#seen.add(one.delivery)
    if (this.#isRefused(one)) {
      if (one.kind === 'delivered') totals.refusedDelivered += 1
      if (one.kind === 'delivered' || one.kind === 'bounced') totals.refused += 1
      return undefined
    }
    const before = this.#before(one)
    const decision = decide(this.#options.policy, one, before)
    switch (decision.kind) {
      case 'nothing':
        return undefined
      case 'clear':
        if (before !== undefined) this.#remember(one, { count: 0, firstAt: 0 })
        return undefined
      case 'count':
        this.#remember(one, decision.soft)
        return undefined
      case 'suppress':
        return this.#suppress(one, decision, before)
    }
  }

  /** A complaint is of mail that went before; what was said of the mailbox says nothing of its reader. */
  #isRefused({ kind, stream, address, at }: Past): boolean {
    if (this.#would.get(keyOf(stream, address), UNTIL) > at) return true
    return (kind === 'delivered' || kind === 'bounced') && this.#isEverywhere(address, at)
  }

  #isEverywhere(address: string, at: number): boolean {
    return this.#would.get(keyOf(EVERY_STREAM, address), UNTIL) > at
  }

  #before({ stream, address, at }: Past): SoftCount | undefined {
    const key = keyOf(stream, address)
    const count = this.#would.get(key, COUNT)
    const firstAt = this.#would.get(key, FIRST)
    const removedAt = this.#removedAt(EVERY_STREAM, address)
    // Whoever took it from the list took what was counted with it.
    return count === 0 || (removedAt > firstAt && removedAt <= at) ? undefined : { count, firstAt }
  }

  #removedAt(stream: string, address: string): number {
    return this.#list.get(keyOf(stream, address), REMOVED)
  }

  #remember({ stream, address }: Past, { count, firstAt }: SoftCount): void {
    const key = keyOf(stream, address)
    this.#would.set(key, COUNT, count)
    this.#would.set(key, FIRST, firstAt)
    this.#would.set(keyOf(ANY, address), COUNT, count)
  }

  #suppress(one: Past, decision: Suppressing, before: SoftCount | undefined): DryRunRow | undefined {
    const { stream, reason, class: what, evidence, soft, expiresAt = Infinity } = decision
    const { address, at, organization, delivery, site } = one
    const key = keyOf(stream, address)
    const removedAt = this.#removedAt(stream, address)
    const until = removedAt > at ? Math.min(expiresAt, removedAt) : expiresAt
    if (one.kind === 'bounced' && before !== undefined) this.#remember(one, { count: 0, firstAt: 0 })
    this.#would.set(key, UNTIL, until)
    if (until <= this.#options.now) {
      this.totals.over += 1
      return undefined
    }
    const known = { organization, stream, address, reason, evidence, delivery, createdAt: at }
    const row: DryRunRow = {
      ...known,
      ...(what !== undefined && { class: what }),
      ...(until !== Infinity && { expiresAt: until }),
      ...(soft !== undefined && soft),
      change: this.#list.get(key, LISTED) === 1 ? 'same' : 'new',
      provider: this.#options.providerOf(domainOf(address), site),
    }
    this.#count(row)
    return row
  }

  #count({ change, class: what, reason, provider }: DryRunRow): void {
    const { changes, classes, providers } = this.totals
    changes[change] += 1
    classes.getOrInsertComputed(what ?? reason, none)[change] += 1
    providers.getOrInsertComputed(provider, none)[change] += 1
  }
}

function none(): Tally {
  return { new: 0, same: 0, gone: 0 }
}

/** In place of a stream, of which none has this name: the last count of soft bounces in whichever it was. */
const ANY = ''

function keyOf(stream: string, address: string): string {
  return `${stream}\0${address}`
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/** Whether a policy is what put it on the list. */
function isJudged({ reason, evidence }: Suppression): boolean {
  if (reason === 'complaint' || reason === 'soft-bounces') return true
  return reason === 'bounce' && !isRuled(evidence)
}
