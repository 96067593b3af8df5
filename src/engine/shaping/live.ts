/** A reaction that has set in: what it does, why, and until when. */

import type { Act, Place } from '#engine/rule'
import type { Attempt, Instant } from '#engine/spool'

/** What set it off. */
export type Cause = {
  readonly attempt: Attempt
  /** The delivery it was an attempt of, such as `0ab3xk9m2pq.0`; absent where no connection came about. */
  readonly delivery?: string
}

export type Live = {
  /** Names it for operators. */
  readonly id: string
  /** The rule's name, such as `provider google: unusual-rate`, or `unknown-users` for the circuit breaker. */
  readonly rule: string
  readonly place: Place
  readonly act: Lasting
  readonly source: string
  readonly site: string
  /** Where it is one stream that is paused. */
  readonly stream?: Stream
  /** Where it is a campaign that is held: on all paths. */
  readonly campaign?: Campaign
  readonly cause: Cause
  readonly from: Instant
  readonly until: Instant
  /** How often it was set off again since it began. */
  readonly again: number
  /** For `slow`. */
  readonly slope?: Slope
  /** For the circuit breaker: what was counted. */
  readonly counted?: { readonly unknown: number; readonly tried: number }
}

export type Lasting = Extract<Act, { readonly for: number }>

export type Stream = { readonly organization: string; readonly stream: string }

/** What a sender calls one, in a stream; `campaign` absent: whatever of the stream belongs to none. */
export type Campaign = Stream & { readonly campaign?: string }

/** Messages a minute: `low` at `since`, rising evenly to `high`, where the reaction ends. */
export type Slope = { readonly low: number; readonly high: number; readonly since: Instant }

/** Messages a minute at `now`. The additive part of additive increase, multiplicative decrease. */
export function rateAt({ low, high, since }: Slope, until: Instant, now: Instant): number {
  const passed = until > since ? Math.min(1, Math.max(0, (now - since) / (until - since))) : 1
  return low + (high - low) * passed
}

/** Of several that slow, the one that leaves least at `now`. */
export function slowest(live: readonly Live[], now: Instant): Live | undefined {
  if (live.length < 2) return live[0]
  const rate = ({ slope, until }: Live): number =>
    slope === undefined ? Infinity : rateAt(slope, until, now)
  return live.reduce((least, one) => (rate(one) < rate(least) ? one : least))
}

/** Milliseconds from `now` until one more may go, when the last one went at `before`. */
export function slowWait(live: readonly Live[], before: Instant, now: Instant): number {
  const { slope, until } = slowest(live, now) ?? {}
  if (slope === undefined || until === undefined) return 0
  return Math.max(0, Math.ceil(before + 60_000 / rateAt(slope, until, now) - now))
}

/** Whether it keeps everything back. */
export function isSuspension({ act }: Live): boolean {
  return act.do === 'suspend' || act.do === 'reroute'
}

/** The one that ends last. */
export function longest(live: readonly Live[]): Live | undefined {
  return live.reduce(
    (most: Live | undefined, one) => (most === undefined || one.until > most.until ? one : most),
    undefined,
  )
}

/** Streams that are passed over, by organization; `undefined` when there are none. */
export function pausedOf(live: readonly Live[]): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const paused = new Map<string, Set<string>>()
  for (const { stream } of live)
    if (stream !== undefined)
      paused.getOrInsertComputed(stream.organization, () => new Set()).add(stream.stream)
  return paused.size === 0 ? undefined : paused
}

/** setTimeout takes no more. */
const LONGEST_TIMER = 2_147_483_647

/** Milliseconds until one of them has ended, or as long as a timer can wait; at least 1. */
export function untilFirstEnd(live: readonly Live[], now: Instant): number {
  const first = live.reduce((least, { until }) => Math.min(least, until), Infinity)
  return Math.max(1, Math.min(LONGEST_TIMER, Math.ceil(first - now)))
}
