/**
 * What the replies on one path set off: fed with attempts, it says which reactions begin, go on, and end. Holds no
 * timer; the caller brings the clock. What it remembers is bounded by the number of rules, whatever is said to it.
 */

import { firstMatch } from '#engine/rule'
import type { Reaction } from '#engine/rule'
import type { Attempt, Claimed, Instant } from '#engine/spool'

import { rateAt } from './live.ts'
import type { Campaign, Cause, Lasting, Live, Slope, Stream } from './live.ts'

export type Observed = {
  readonly attempt: Attempt
  /** Absent where no connection came about. */
  readonly delivery?: string
  readonly stream?: Stream
  /** That of its message, where it has one. */
  readonly campaign?: string
}

export function observedOf({ message, delivery: { key } }: Claimed, attempt: Attempt): Observed {
  const { organization, stream, campaign } = message
  const whose = { stream: { organization, stream }, ...(campaign === undefined ? {} : { campaign }) }
  return { attempt, delivery: `${key.message}.${key.n}`, ...whose }
}

export type Effect =
  | { readonly at: 'started' | 'renewed' | 'ended'; readonly live: Live }
  /** What becomes of the delivery, whatever the code of its reply. */
  | { readonly at: 'delivery'; readonly outcome: 'deferred' | 'bounced'; readonly rule: string }
  | { readonly at: 'suppress'; readonly attempt: Attempt; readonly rule: string }
  /** Not of this path alone, and so not kept here. */
  | { readonly at: 'hold'; readonly hold: Hold }

/** A campaign that is to be held. */
export type Hold = Pick<Live, 'rule' | 'place' | 'act' | 'source' | 'site' | 'cause'> & {
  readonly campaign: Campaign
}

/** Campaigns, by rule, of which it is remembered when the last matches were. */
const MOST_COUNTED = 1_000

/** Streams of one path that are paused at a time by rules; beyond it the oldest is let go. */
const MOST_STREAMS = 100

export type ReactorOptions = {
  readonly source: string
  readonly site: string
  readonly newId: () => string
  /** Messages in the last minute, for those who are to send fewer. */
  readonly perMinute: () => number
}

export class Reactor {
  reactions: readonly Reaction[] = []
  readonly #options: ReactorOptions
  /** By rule, and by stream where it is one that is paused. */
  readonly #live = new Map<string, Live>()
  /** When each rule that takes several matches had its last ones. */
  readonly #matched = new Map<string, Instant[]>()

  constructor(options: ReactorOptions) {
    this.#options = options
  }

  get live(): Iterable<Live> {
    return this.#live.values()
  }

  get isQuiet(): boolean {
    return this.#live.size === 0
  }

  /** An attempt that was not delivered. */
  observe(observed: Observed, now: Instant): readonly Effect[] {
    const reaction = firstMatch(this.reactions, observed.attempt)
    if (reaction === undefined) return NOTHING
    const effects: Effect[] = []
    const { act, delivery, id: rule } = reaction
    if (delivery !== undefined)
      effects.push({ at: 'delivery', outcome: delivery === 'defer' ? 'deferred' : 'bounced', rule })
    if (!this.#isEnough(reaction, observed, now)) return effects
    if (act.do === 'bounce') effects.push({ at: 'delivery', outcome: 'bounced', rule })
    else if (act.do === 'suppress') effects.push({ at: 'suppress', attempt: observed.attempt, rule })
    else if (act.do === 'hold-campaign') effects.push(...this.#hold(reaction, act, observed))
    else if ('for' in act) effects.push(...this.#set(reaction, act, observed, now))
    return effects
  }

  /** Pauses a stream for a reason that is no rule's: the circuit breaker. */
  pause(live: Omit<Live, 'id' | 'source' | 'site' | 'again'>): readonly Effect[] {
    return this.#begin(keyOf(live.rule, live.stream), live)
  }

  /** Those that have come to their end. */
  sweep(now: Instant): readonly Effect[] {
    const ended = [...this.#live].filter(([, { until }]) => until <= now)
    for (const [key] of ended) this.#live.delete(key)
    return ended.map(([, live]) => ({ at: 'ended', live }))
  }

  cancel(id: string): Live | undefined {
    for (const [key, live] of this.#live) {
      if (live.id !== id) continue
      this.#live.delete(key)
      return live
    }
    return undefined
  }

  /** Ends it so much later than it would. */
  extend(id: string, by: number): Live | undefined {
    for (const [key, live] of this.#live) {
      if (live.id !== id) continue
      const extended = { ...live, until: live.until + by }
      this.#live.set(key, extended)
      return extended
    }
    return undefined
  }

  /** Takes up what another process began. */
  restore(live: Live): void {
    this.#live.set(keyOf(live.rule, live.stream), live)
  }

  #isEnough({ id, times, within, act }: Reaction, observed: Observed, now: Instant): boolean {
    if (times === 1) return true
    // One campaign is not to be held for what was said to others.
    const key = act.do === 'hold-campaign' ? campaignKey(id, campaignOf(observed)) : id
    const matched = this.#matched.getOrInsertComputed(key, () => [])
    if (this.#matched.size > MOST_COUNTED) this.#forgetOldest()
    matched.push(now)
    if (matched.length > times) matched.shift()
    const isEnough = matched.length === times && now - (matched[0] ?? now) <= within
    if (isEnough) this.#matched.delete(key)
    return isEnough
  }

  #forgetOldest(): void {
    const [oldest] = this.#matched.keys()
    if (oldest !== undefined) this.#matched.delete(oldest)
  }

  #hold({ id: rule, place }: Reaction, act: Lasting, observed: Observed): readonly Effect[] {
    const campaign = campaignOf(observed)
    // Without a delivery there is none that it could be about.
    if (campaign === undefined) return NOTHING
    const { source, site } = this.#options
    const { attempt, delivery } = observed
    const cause: Cause = { attempt, ...(delivery === undefined ? {} : { delivery }) }
    return [{ at: 'hold', hold: { rule, place, act, source, site, cause, campaign } }]
  }

  #set({ id, place }: Reaction, act: Lasting, observed: Observed, now: Instant): readonly Effect[] {
    const stream = act.do === 'pause-stream' ? observed.stream : undefined
    // Without a delivery there is no stream that it could be about.
    if (act.do === 'pause-stream' && stream === undefined) return NOTHING
    const key = keyOf(id, stream)
    const before = this.#live.get(key)
    const cause: Cause = {
      attempt: observed.attempt,
      ...(observed.delivery === undefined ? {} : { delivery: observed.delivery }),
    }
    const until = now + act.for
    const slope =
      act.do === 'slow' ? { slope: this.#slope(act, before, { now, at: observed.attempt.at }) } : {}
    if (before === undefined)
      return this.#begin(key, {
        rule: id,
        place,
        act,
        cause,
        from: now,
        until,
        ...slope,
        ...(stream && { stream }),
      })
    // Replies to what was under way when it began tell nothing new, but that it is not over.
    const renewed = {
      ...before,
      cause,
      until: Math.max(before.until, until),
      again: before.again + 1,
      ...slope,
    }
    this.#live.set(key, renewed)
    return [{ at: 'renewed', live: renewed }]
  }

  #begin(key: string, live: Omit<Live, 'id' | 'source' | 'site' | 'again'>): readonly Effect[] {
    const { source, site, newId } = this.#options
    const effects: Effect[] = []
    if (live.stream !== undefined) effects.push(...this.#makeRoom())
    const started: Live = { ...live, id: newId(), source, site, again: 0 }
    this.#live.set(key, started)
    return [...effects, { at: 'started', live: started }]
  }

  #makeRoom(): readonly Effect[] {
    const streams = [...this.#live].filter(([, { stream }]) => stream !== undefined)
    const [oldest] = streams
    if (oldest === undefined || streams.length < MOST_STREAMS) return NOTHING
    this.#live.delete(oldest[0])
    return [{ at: 'ended', live: oldest[1] }]
  }

  /** Cut to a share of what it is; from there back up to what it was before any cut. */
  #slope(
    act: Extract<Lasting, { readonly do: 'slow' }>,
    before: Live | undefined,
    { now, at }: { readonly now: Instant; readonly at: Instant },
  ): Slope {
    const measured = Math.max(1, this.#options.perMinute())
    const known = before?.slope
    // Never less than one a minute, or nothing would ever be learnt.
    if (before === undefined || known === undefined) {
      const low = Math.max(1, act.perMinute ?? measured * act.share)
      return { low, high: Math.max(low, measured), since: now }
    }
    // What was under way when it was cut tells nothing of the new rate.
    if (at < known.since) return known
    const low = Math.max(1, Math.min(measured, rateAt(known, before.until, now)) * act.share)
    return { low, high: Math.max(low, known.high), since: now }
  }
}

const NOTHING: readonly Effect[] = []

function campaignOf({ stream, campaign }: Observed): Campaign | undefined {
  return stream && { ...stream, ...(campaign === undefined ? {} : { campaign }) }
}

/** A rule and a campaign as one text. */
export function campaignKey(rule: string, campaign: Campaign | undefined): string {
  const { organization = '', stream = '', campaign: name = '' } = campaign ?? {}
  return [rule, organization, stream, name].join('\0')
}

function keyOf(rule: string, stream: Stream | undefined): string {
  return stream === undefined ? rule : `${rule}\0${stream.organization}\0${stream.stream}`
}
