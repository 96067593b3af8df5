/** What a bounce means for later mail to the same recipient. Pure; which class a reply has is decided elsewhere. */

import type { Experience } from './experience.ts'
import { EVERY_STREAM } from './suppression.ts'

/** Durations in ms; 0 is: until somebody removes it. */
export type Policy = {
  readonly enabled: boolean
  /** There is no such mailbox, or nobody there takes mail. */
  readonly unknownExpire: number
  /** There is no such domain, or nothing leads to its host: some come back. */
  readonly hostUnknownExpire: number
  readonly complaintExpire: number
  /** So many soft bounces within so long, without a success between; 0 never. */
  readonly softCount: number
  readonly softWithin: number
  readonly softExpire: number
}

/** How often a recipient bounced softly since the last success or the beginning of the window. */
export type SoftCount = { readonly count: number; readonly firstAt: number }

export type Decision =
  | { readonly kind: 'nothing' }
  /** Soft bounces before it count no more. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'count'; readonly soft: SoftCount }
  | Suppressing

export type Suppressing = {
  readonly kind: 'suppress'
  readonly reason: 'bounce' | 'soft-bounces' | 'complaint' | 'unsubscribe'
  /** For which of the streams. */
  readonly stream: string
  readonly evidence: string
  readonly class?: string
  readonly expiresAt?: number
  /** Where it took several: how many, this one included. */
  readonly soft?: SoftCount
}

/**
 * The classes that say something of the recipient. Blocks, content, policy, rate, authentication, network are about
 * the sender, and a good recipient must not be lost for them.
 */
const UNKNOWN: ReadonlySet<string> = new Set(['user-unknown', 'moved', 'no-mail'])
const HOST_UNKNOWN: ReadonlySet<string> = new Set(['host-unknown'])
const SOFT: ReadonlySet<string> = new Set(['mailbox-full', 'inactive', 'suspended'])

const NOTHING: Decision = { kind: 'nothing' }

/** What `one` means after `before`, the soft bounces of its recipient in its stream so far. */
export function decide(policy: Policy, one: Experience, before: SoftCount | undefined): Decision {
  switch (one.kind) {
    case 'delivered':
      return { kind: 'clear' }
    case 'bounced':
      return bounced(policy, one, before)
    // Who complains of one stream may want the other.
    case 'complained':
      return suppressing(one, 'complaint', until(policy.complaintExpire, one.at))
    case 'unsubscribed':
      return suppressing(one, 'unsubscribe', {})
  }
}

type Bounced = Extract<Experience, { readonly kind: 'bounced' }>

function bounced(policy: Policy, one: Bounced, before: SoftCount | undefined): Decision {
  if (!policy.enabled) return NOTHING
  const { at, type, class: what } = one
  // A mailbox that is not there is not there for any stream.
  const everywhere = { ...one, stream: EVERY_STREAM }
  const expire = type === 'hard' ? hardExpire(policy, what) : undefined
  if (expire !== undefined) return suppressing(everywhere, 'bounce', { class: what, ...until(expire, at) })
  if (policy.softCount === 0 || !SOFT.has(what)) return NOTHING
  const isFresh = before === undefined || at - before.firstAt > policy.softWithin
  const soft = isFresh ? { count: 1, firstAt: at } : { count: before.count + 1, firstAt: before.firstAt }
  if (soft.count < policy.softCount) return { kind: 'count', soft }
  return suppressing(everywhere, 'soft-bounces', { class: what, soft, ...until(policy.softExpire, at) })
}

function suppressing(
  { stream, evidence }: Pick<Suppressing, 'stream' | 'evidence'>,
  reason: Suppressing['reason'],
  more: Pick<Suppressing, 'class' | 'expiresAt' | 'soft'>,
): Suppressing {
  return { kind: 'suppress', reason, stream, evidence, ...more }
}

function hardExpire(policy: Policy, what: string): number | undefined {
  if (UNKNOWN.has(what)) return policy.unknownExpire
  return HOST_UNKNOWN.has(what) ? policy.hostUnknownExpire : undefined
}

/** The end of a duration of which 0 means none. */
function until(duration: number, now: number): { readonly expiresAt?: number } {
  return duration === 0 ? {} : { expiresAt: now + duration }
}
