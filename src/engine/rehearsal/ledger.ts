/** What came of the messages to one part of a plan, and what held them back. */

import type { Live } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { reactedOf } from './binding.ts'
import type { Binding, Reacted } from './binding.ts'
import type { Timeline } from './timeline.ts'

/** What a reply set off on the paths of a part, over the whole time. */
export type ReactionSum = Reacted & {
  readonly does: Live['act']['do']
  /** How often it set in. */
  readonly times: number
  /** Milliseconds from the beginning to the first time. */
  readonly first: number
}

export type Counts = {
  messages: number
  delivered: number
  bounced: number
  expired: number
  /** Attempts that put a message off. */
  deferrals: number
  /** Attempts after the first one of a message. */
  retries: number
}

/** Of one part: one provider, or one site of none. */
export class Account {
  readonly counts: Counts
  /** When the last message ended, and when 95 of a hundred had. */
  last: Instant
  nearly: Instant
  readonly #start: Instant
  readonly #reactions = new Map<string, { -readonly [K in keyof ReactionSum]: ReactionSum[K] }>()
  readonly #seen = new Set<string>()
  #ended = 0

  constructor(messages: number, start: Instant) {
    this.counts = { messages, delivered: 0, bounced: 0, expired: 0, deferrals: 0, retries: 0 }
    this.#start = start
    this.last = start
    this.nearly = start
  }

  ended(how: 'delivered' | 'bounced' | 'expired', now: Instant, count = 1): void {
    const before = this.#ended
    this.#ended += count
    this.counts[how] += count
    this.last = now
    const most = this.counts.messages * 0.95
    if (before < most && this.#ended >= most) this.nearly = now
  }

  reacted(live: Live): void {
    // A node would give ids; of a path and a rule there is one at a time, and it has a beginning.
    const id = `${live.source} ${live.site} ${live.rule} ${live.from}`
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    const known = this.#reactions.get(live.rule)
    if (known !== undefined) known.times += 1
    else {
      const first = Math.max(0, live.from - this.#start)
      this.#reactions.set(live.rule, { ...reactedOf(live), does: live.act.do, times: 1, first })
    }
  }

  get reactions(): readonly ReactionSum[] {
    return [...this.#reactions.values()].toSorted((a, b) => a.first - b.first)
  }
}

/** Of one source within a part. `isLeading`: whose path says what holds it back, where there are several sites. */
export class Ledger {
  sent = 0
  readonly #account: Account
  readonly #timeline: Timeline
  readonly #isLeading: boolean

  constructor(account: Account, timeline: Timeline, isLeading: boolean) {
    this.#account = account
    this.#timeline = timeline
    this.#isLeading = isLeading
  }

  note(by: Binding, now: Instant): void {
    if (this.#isLeading) this.#timeline.note(by, now)
  }

  took(): void {
    this.sent += 1
    this.#timeline.took()
  }

  /** Those that have set in on one of its paths. */
  reacted(live: Iterable<Live>): void {
    for (const one of live) this.#account.reacted(one)
  }
}
