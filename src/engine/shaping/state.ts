/** What keeps a path back, for operators: the limit or the reaction, with who says so. */

import type { Origin } from '#engine/rule'
import type { Instant } from '#engine/spool'

import { rateAt } from './live.ts'
import type { Live } from './live.ts'

/** One value of a rule, and where it is said. */
export type Limit = {
  /** As files write it: `messages_per_hour`. */
  readonly key: string
  readonly value: number
  readonly origin?: Origin | undefined
  /** Shared by all sites of this provider; absent where it is the path's own. */
  readonly provider?: string
}

/** So many of so many, which is a share of more than `most`. */
export type RateSign = {
  /** `put-off`: answers of 4xx; `complained`: recipients; `refused`: for what is thought of the source. */
  readonly kind: 'put-off' | 'complained' | 'refused'
  readonly bad: number
  readonly of: number
  readonly most: number
}

/** What speaks against a source that is warmed up. `suspended`: a reaction has suspended a path. */
export type Sign = { readonly kind: 'suspended' } | RateSign

/** A source and a group of receivers at which the rate of the last day is bad. */
export type BadRate = { readonly source: string; readonly provider: string; readonly sign: RateSign }

/** How far a source that is warmed up is at one group of receivers. */
export type WarmUpState = {
  readonly source: string
  readonly provider: string
  /** From 1; absent when it is over. */
  readonly step?: number
  readonly steps: number
  /** Messages today at most; absent when it is over. */
  readonly limit?: number
  readonly sent: number
  /** Of the receivers' answers today, and how many of them put mail off. */
  readonly answers: number
  readonly putOff: number
  /** A reaction has suspended a path today: the next step is one back. */
  readonly isAlarmed: boolean
  /** What took it a step back last or kept it where it was, and when; absent since it went on. */
  readonly slowed?: { readonly sign: Sign; readonly at: Instant }
  /** When the next day begins. */
  readonly until: Instant
}

/** Why no message may begin now, though a connection stood ready. */
export type Pace =
  | { readonly at: 'suspended'; readonly reaction: Live }
  | { readonly at: 'paced'; readonly limit: Limit; readonly until: Instant }
  | {
      readonly at: 'warming'
      readonly warmUp: WarmUpState
      readonly whenFull: 'overflow' | 'wait'
      readonly until: Instant
    }
  | { readonly at: 'slowed'; readonly perMinute: number; readonly until: Instant; readonly reaction: Live }

/** Why there is no further connection. */
export type Ceiling =
  | { readonly at: 'limit'; readonly limit: Limit }
  | { readonly at: 'reaction'; readonly reaction: Live }
  | { readonly at: 'rate'; readonly limit: Limit; readonly until: Instant }

/** What `slow` makes of a path that has to wait so many milliseconds. */
export function slowPace(slow: Live | undefined, now: Instant, wait: number): Pace | undefined {
  if (slow?.slope === undefined) return undefined
  const perMinute = rateAt(slow.slope, slow.until, now)
  return { at: 'slowed', perMinute, until: now + wait, reaction: slow }
}
