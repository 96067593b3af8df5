/** What a language says of a rehearsal. */

import type { Binding, Part, Reacted, Rehearsed } from '#engine/rehearsal'

/** What was taken for granted, where it is not what the program takes for granted by itself. */
export type Assumed = {
  /** Milliseconds a receiver takes for a message and for a connection. */
  readonly transaction: number
  readonly connecting: number
  /** Shares from 0 to 1. */
  readonly unknown: number
  readonly greylisting: number
  readonly bears: number
  /** Whether receivers bear what rules of the operator's say. */
  readonly ownRules: boolean
  readonly strangers: readonly string[]
  /** Milliseconds. */
  readonly expire: number
  /** Whether what a node had counted was taken into account. */
  readonly isContinued: boolean
}

export type Columns =
  | 'to'
  | 'domains'
  | 'messages'
  | 'after'
  | 'nearly'
  | 'pace'
  | 'refused'
  | 'putOff'
  | 'retries'
  | 'expired'
  | 'bound'
  | 'by'
  | 'from'
  | 'till'
  | 'clock'

type AtOnce = Exclude<
  Binding['at'],
  'limit' | 'warm-up' | 'suspended' | 'slowed' | 'one-connection' | 'paused'
>

/** How long, and how often: `times` is 1 for once. */
export type Lasting = { readonly length: string; readonly times: number }

export type RehearsalWords = {
  readonly columns: { readonly [K in Columns]: string }
  /** What the whole comes to; moments are told with `at`. */
  readonly head: (rehearsed: Rehearsed, told: { readonly length: string; readonly end: string }) => string
  readonly outcome: (rehearsed: Rehearsed) => string
  readonly others: (parts: readonly Part[], messages: number) => string
  /** Above the phases of one source. */
  readonly way: (name: string, source: string, sent: number, sites: number) => string
  readonly unused: string
  readonly limit: (binding: Binding & { readonly at: 'limit' }) => string
  readonly warmUp: (binding: Binding & { readonly at: 'warm-up' }) => string
  readonly reaction: {
    readonly [K in 'suspended' | 'slowed' | 'one-connection' | 'paused']: (
      reaction: Reacted,
      lasting: Lasting,
    ) => string
  }
  readonly other: { readonly [K in AtOnce]: (binding: Binding & { readonly at: K }) => string }
  readonly place: (place: string) => string
  /** `because` and what was said. */
  readonly reply: (reply: string) => string
  readonly span: readonly [string, string, string, string]
  readonly perSecond: (n: string) => string
  readonly perMinute: (n: string) => string
  readonly perHour: (n: string) => string
  readonly perDay: (n: string) => string
  readonly assumed: (assumed: Assumed, seed: number, tell: (ms: number) => string) => readonly string[]
  readonly assumptions: string
}
