/** What holds messages back at a moment of a rehearsal. */

import type { Place } from '#engine/rule'
import type { Limit, Live, WarmUpState } from '#engine/shaping'

/** What a reply has set off, without what is only of the moment. */
export type Reacted = {
  /** The rule, or `unknown-users` for the circuit breaker. */
  readonly rule: string
  readonly place: Place
  /** Milliseconds that it lasts. */
  readonly for: number
  /** Code and words, as the receiver says them. */
  readonly reply: string
}

export type Binding =
  /** Connections, or so many within so long. */
  | { readonly at: 'limit'; readonly limit: Limit }
  | {
      readonly at: 'warm-up'
      readonly step: number
      readonly steps: number
      /** Messages on that day. */
      readonly most: number
    }
  | { readonly at: 'suspended' | 'slowed' | 'one-connection' | 'paused'; readonly reaction: Reacted }
  /** The receiver refused one more connection. */
  | { readonly at: 'refused-more'; readonly connections: number }
  /** No connection came about. */
  | { readonly at: 'down'; readonly reply: string }
  /** The node has all the connections that it may have. */
  | { readonly at: 'node'; readonly connections: number }
  /** What is left was put off, and waits for its next try. */
  | { readonly at: 'retries' }
  /** Nothing: as fast as the receiver answers. */
  | { readonly at: 'nothing' }

/** The same for the same thing. */
export function nameOf(binding: Binding): string {
  if (isReaction(binding)) return `${binding.at} ${binding.reaction.rule}`
  if (binding.at === 'warm-up') return `warm-up ${binding.step}`
  if (binding.at !== 'limit') return binding.at
  const { provider, key } = binding.limit
  return provider === undefined ? key : `shared.${key}`
}

export function isReaction(binding: Binding): binding is Extract<Binding, { readonly reaction: Reacted }> {
  return 'reaction' in binding
}

export function reactedOf({ rule, place, act, cause: { attempt } }: Live): Reacted {
  return { rule, place, for: act.for, reply: replyOf(attempt) }
}

export function replyOf({ code, text }: { readonly code: number; readonly text: string }): string {
  return code === 0 ? text : `${code} ${text}`
}

export function warming({ step = 0, steps, limit = 0 }: WarmUpState): Binding {
  return { at: 'warm-up', step, steps, most: limit }
}
