/** What a language says of each reason, and what it is given to say it. */

import type { Attempt, Instant } from '#engine/spool'

import type { Reason } from './reason.ts'

/** Sentences of one language. Words of strangers in them may contain anything but control characters. */
export type Told = {
  /** For a table: a few words. */
  readonly brief: string
  /** What holds it, or what became of it. */
  readonly what: string
  /** The answer that is the cause, as it was given, and where. Empty where there is none. */
  readonly said: string
  /** What that answer means. Empty where nothing is said. */
  readonly meaning: string
  /** Until when, or until what. Empty when it is over. */
  readonly until: string
  /** What would change it. Empty where nothing would. */
  readonly change: string
}

/** What depends on the reason. */
export type Sentences = Omit<Told, 'said' | 'meaning'>

/** What the words are told with. */
export type Telling = {
  /** The delivery as commands take it, such as `0ab3xk9m2pq.0`. */
  readonly name: string
  /** A moment, with its distance from now. */
  readonly at: (time: Instant) => string
  /** The distance alone: `in 5m00s`, `now` for what is due. */
  readonly due: (time: Instant) => string
}

type Reasons = {
  readonly [K in Reason['at']]: (reason: Reason & { readonly at: K }, tell: Telling) => Sentences
}

/** Those of limits and reactions. */
export type ShapingReasons = Pick<
  Reasons,
  | 'connections'
  | 'opening-paced'
  | 'paced'
  | 'warming'
  | 'slowed'
  | 'single'
  | 'suspended'
  | 'stream-paused'
  | 'campaign-held'
>

export type Wording = {
  readonly reasons: Reasons
  /** Where something was said, before what was said. */
  readonly said: (attempt: Attempt, words: string) => string
  /** A moment: its date, and its distance from now. */
  readonly moment: (time: string, distance: string) => string
  readonly distance: (milliseconds: number) => string
}
