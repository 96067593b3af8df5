/**
 * The warm-up of one source at one group of receivers: how many messages may go today, and what follows tomorrow.
 *
 * A step is a number of messages a day. It is counted by sending days: a day on which nothing went is none. Days are those
 * of UTC, so that all nodes and all reports mean the same ones. Knows no paths: they ask before each message.
 */

import type { Attempt, Instant } from '#engine/spool'

import type { Pace, RateSign, Sign, WarmUpState } from './state.ts'

export const DAY = 86_400_000

/** A step was used when so large a share of it was sent: less tells receivers nothing new. */
const USED = 0.5

/** A day is bad when of so many answers or more, more than this share put mail off. */
const BAD = { share: 0.1, answers: 20 } as const

export type WarmUpTerms = {
  /** Messages a day, step by step. */
  readonly schedule: readonly number[]
  readonly whenFull: 'overflow' | 'wait'
  /** Milliseconds without mail after which it begins anew. */
  readonly idleRestart: number
}

/** What outlives the process. Days are counted from the epoch. */
export type WarmUpKept = {
  readonly source: string
  readonly provider: string
  /** From 0; as many as the schedule has, or more, when it is over. */
  readonly step: number
  readonly day: number
  readonly sent: number
  readonly answers: number
  readonly putOff: number
  readonly isAlarmed: boolean
  /** The last sending day. */
  readonly lastDay?: number
  readonly slowed?: WarmUpState['slowed']
  readonly rate?: RateSign
  readonly backOn?: number
}

export type WarmUpOptions = {
  readonly source: string
  readonly provider: string
  /** May be a getter. */
  readonly terms: WarmUpTerms
  /** When it began; absent: with the first message. */
  readonly since?: Instant | undefined
  readonly now: () => Instant
  /** It is to be written down: nothing begins that is not covered. Absent where nothing is. */
  readonly want?: (() => void) | undefined
  /** With the sign where there was one. */
  readonly stepped: (state: WarmUpState, why: Why, sign?: Sign) => void
  readonly filled: (state: WarmUpState) => void
}

export type Why = 'used' | 'bad-signs' | 'idle' | 'operator'

export class WarmUp {
  readonly source: string
  readonly provider: string
  readonly #options: WarmUpOptions
  #step: number
  #day: number
  /** Begun today, and what was under way when the day began. */
  #sent = 0
  #open = 0
  #answers = 0
  #putOff = 0
  #isAlarmed = false
  #lastDay: number | undefined
  #slowed: WarmUpState['slowed']
  /** That is bad as of now, by who watches rates. */
  #rate: RateSign | undefined
  /** The last day on which a rate took it back. */
  #backOn: number | undefined
  /** How many of today are covered by what has been written down. */
  #covered: number
  #writing: { readonly day: number; readonly upTo: number } | undefined

  constructor(options: WarmUpOptions, kept?: WarmUpKept) {
    this.#options = options
    this.source = options.source
    this.provider = options.provider
    const today = dayOf(options.now())
    this.#covered = options.want === undefined ? Infinity : 0
    this.#day = kept?.day ?? today
    this.#step = kept?.step ?? stepOf(options.since, today)
    if (kept === undefined) return
    this.#sent = kept.sent
    this.#answers = kept.answers
    this.#putOff = kept.putOff
    this.#isAlarmed = kept.isAlarmed
    this.#lastDay = kept.lastDay
    this.#slowed = kept.slowed
    this.#rate = kept.rate
    this.#backOn = kept.backOn
  }

  /** Milliseconds until one more may begin, 0 for now; `Infinity`: it will be told. */
  wait(now: Instant): number {
    this.#turn(now)
    const limit = this.#limit
    if (limit === undefined) return 0
    if (this.#sent >= limit) return this.#until - now
    if (this.#sent < this.#covered) return 0
    this.#options.want?.()
    return Infinity
  }

  /** Whether today's number has gone, and what is left is to wait for this source and not to go by others. */
  keepsShare(now: Instant): boolean {
    return this.#options.terms.whenFull === 'wait' && this.isFull(now)
  }

  isFull(now: Instant): boolean {
    this.#turn(now)
    return this.#limit !== undefined && this.#sent >= this.#limit
  }

  begin(now: Instant): void {
    this.#turn(now)
    this.#sent += 1
    this.#open += 1
    this.#lastDay = this.#day
    const limit = this.#limit
    if (limit === undefined) return
    if (this.#sent === limit) this.#options.filled(this.state(now))
    if (this.#covered - this.#sent <= this.#block / 2) this.#options.want?.()
  }

  end(): void {
    if (this.#open > 0) this.#open -= 1
  }

  /** What receivers answered; what came to no answer says nothing of how they like the source. */
  hear(tried: readonly Pick<Attempt, 'code' | 'outcome'>[]): void {
    for (const { code, outcome } of tried) {
      if (code === 0) continue
      this.#answers += 1
      if (outcome === 'deferred') this.#putOff += 1
    }
  }

  /** That today's number has gone. */
  pace(now: Instant): Pace | undefined {
    if (!this.isFull(now)) return undefined
    const { whenFull } = this.#options.terms
    return { at: 'warming', warmUp: this.state(now), whenFull, until: this.#until }
  }

  /** A reaction has suspended a path. */
  alarm(): void {
    this.#isAlarmed = true
  }

  /**
   * The rate of the last day that is bad as of now; `undefined`: none is, or none any more. One that has become bad
   * takes it a step back at once: what would go until midnight would be taken ill as well.
   */
  rated(rate: RateSign | undefined): void {
    const now = this.#options.now()
    this.#turn(now)
    const isNews = (rate === undefined) !== (this.#rate === undefined)
    this.#rate = rate
    if (!isNews) return
    if (rate !== undefined && this.#backOn !== this.#day && this.#limit !== undefined) this.#back(rate)
    this.#options.want?.()
  }

  /** An operator's word: from now on this step, from 0; as many as there are, or more, end it. */
  set(step: number): void {
    this.#turn(this.#options.now())
    this.#isAlarmed = false
    this.#answers = 0
    this.#putOff = 0
    this.#slowed = undefined
    // Whoever says so has seen the rate that is bad already.
    if (this.#rate !== undefined) this.#backOn = this.#day
    this.#go(Math.min(step, this.#options.terms.schedule.length), 'operator')
    this.#options.want?.()
  }

  state(now: Instant): WarmUpState {
    this.#turn(now)
    const { source, provider } = this
    const limit = this.#limit
    return {
      source,
      provider,
      steps: this.#options.terms.schedule.length,
      ...(limit === undefined ? {} : { step: this.#step + 1, limit }),
      sent: this.#sent,
      answers: this.#answers,
      putOff: this.#putOff,
      isAlarmed: this.#isAlarmed,
      ...(this.#slowed === undefined ? {} : { slowed: this.#slowed }),
      until: this.#until,
    }
  }

  /** `isLast`: nothing will begin any more. */
  keep(now: Instant, isLast: boolean): WarmUpKept {
    this.#turn(now)
    const sent = isLast
      ? this.#sent
      : Math.min(this.#sent + this.#block, Math.max(this.#sent, this.#limit ?? 0))
    this.#writing = { day: this.#day, upTo: sent }
    return {
      source: this.source,
      provider: this.provider,
      step: this.#step,
      day: this.#day,
      sent,
      answers: this.#answers,
      putOff: this.#putOff,
      isAlarmed: this.#isAlarmed,
      ...(this.#lastDay === undefined ? {} : { lastDay: this.#lastDay }),
      ...(this.#slowed === undefined ? {} : { slowed: this.#slowed }),
      ...(this.#rate === undefined ? {} : { rate: this.#rate }),
      ...(this.#backOn === undefined ? {} : { backOn: this.#backOn }),
    }
  }

  /** What `keep` gave last is durable. */
  kept(): void {
    if (this.#writing === undefined || this.#covered === Infinity) return
    if (this.#writing.day === this.#day) this.#covered = this.#writing.upTo
  }

  get #limit(): number | undefined {
    return this.#options.terms.schedule[this.#step]
  }

  get #until(): Instant {
    return (this.#day + 1) * DAY
  }

  /** Bought ahead with each writing: a crash costs as much. */
  get #block(): number {
    return Math.max(5, Math.floor((this.#limit ?? 0) / 50))
  }

  /** A day that has passed is judged once, when the next is asked for. A clock that steps back stands still here. */
  #turn(now: Instant): void {
    const today = dayOf(now)
    if (today <= this.#day) return
    const judged = this.#judged()
    const day = this.#day
    this.#day = today
    // The receiver may see today what began yesterday.
    this.#sent = this.#open
    this.#answers = 0
    this.#putOff = 0
    this.#isAlarmed = false
    if (this.#covered !== Infinity) this.#covered = 0
    this.#options.want?.()
    const idle = this.#lastDay === undefined ? 0 : (today - this.#lastDay) * DAY
    if (idle >= this.#options.terms.idleRestart) {
      this.#lastDay = undefined
      this.#slowed = undefined
      if (this.#step > 0) this.#go(0, 'idle')
    } else this.#follow(judged, day)
  }

  #follow({ next, sign }: Judged, day: number): void {
    if (next === 'back' && sign !== undefined) {
      this.#back(sign)
      // The day that has passed was the bad one: this one can be another.
      if (sign.kind !== 'suspended') this.#backOn = day
    } else if (next === 'on') {
      this.#slowed = undefined
      this.#go(this.#step + 1, 'used')
    } else if (sign !== undefined) this.#slowed = { sign, at: this.#options.now() }
  }

  /** What follows from the day that has passed. */
  #judged(): Judged {
    const limit = this.#limit
    if (limit === undefined || this.#lastDay !== this.#day) return { next: 'same' }
    if (this.#isAlarmed) return { next: 'back', sign: { kind: 'suspended' } }
    // Not twice for what was heard on one day.
    if (this.#rate !== undefined)
      return this.#backOn === this.#day ? { next: 'same' } : { next: 'back', sign: this.#rate }
    const [of, bad] = [this.#answers, this.#putOff]
    if (of >= BAD.answers && bad > of * BAD.share)
      return { next: 'same', sign: { kind: 'put-off', bad, of, most: BAD.share } }
    return { next: this.#sent >= limit * USED ? 'on' : 'same' }
  }

  /** From the first step there is no further, and the sign is told all the same. */
  #back(sign: Sign): void {
    this.#slowed = { sign, at: this.#options.now() }
    this.#backOn = this.#day
    if (this.#step > 0) this.#go(this.#step - 1, 'bad-signs', sign)
  }

  #go(step: number, why: Why, sign?: Sign): void {
    this.#step = step
    this.#options.stepped(this.state(this.#options.now()), why, sign)
  }
}

/** The same step again, the next, or the one before. */
type Judged = { readonly next: 'same' | 'on' | 'back'; readonly sign?: Sign }

export function dayOf(now: Instant): number {
  return Math.floor(now / DAY)
}

/** Where nothing is known of the days since it began, each of them counts as one of sending. */
function stepOf(since: Instant | undefined, today: number): number {
  return since === undefined ? 0 : Math.max(0, today - dayOf(since))
}
