/** What a bounce means for later mail to the same recipient. Pure; which class a reply has is decided elsewhere. */

/** Durations in ms; 0 is: until somebody removes it. */
export type Policy = {
  readonly enabled: boolean
  /** The mailbox or its domain does not exist. */
  readonly unknownExpire: number
  /** It exists, and takes no mail: disabled, suspended, moved without trace. */
  readonly inactiveExpire: number
  readonly complaintExpire: number
  /** So many soft bounces within so long, without a success between; 0 never. */
  readonly softCount: number
  readonly softWithin: number
  readonly softExpire: number
}

export type Bounce = { readonly class: string; readonly type: 'hard' | 'soft' }

/** How often a recipient bounced softly since the last success or the beginning of the window. */
export type SoftCount = { readonly count: number; readonly firstAt: number }

export type Decision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'suppress'; readonly reason: 'bounce' | 'soft-bounces'; readonly expiresAt?: number }
  | { readonly kind: 'count'; readonly soft: SoftCount }

/**
 * The classes that say something of the recipient. Blocks, content, policy, rate, authentication, network are about
 * the sender, and a good recipient must not be lost for them.
 */
const UNKNOWN: ReadonlySet<string> = new Set(['unknown-user', 'unknown-host'])
const INACTIVE: ReadonlySet<string> = new Set(['inactive', 'moved'])
const SOFT: ReadonlySet<string> = new Set(['mailbox-full', 'inactive'])

const NOTHING: Decision = { kind: 'nothing' }

/** What one delivery that ended with `bounce` does, after `before`. */
export function decide(policy: Policy, bounce: Bounce, before: SoftCount | undefined, now: number): Decision {
  if (!policy.enabled) return NOTHING
  const expire = bounce.type === 'hard' ? hardExpire(policy, bounce.class) : undefined
  if (expire !== undefined) return { kind: 'suppress', reason: 'bounce', ...until(expire, now) }
  if (policy.softCount === 0 || !SOFT.has(bounce.class)) return NOTHING
  const isFresh = before === undefined || now - before.firstAt > policy.softWithin
  const soft = isFresh ? { count: 1, firstAt: now } : { count: before.count + 1, firstAt: before.firstAt }
  if (soft.count < policy.softCount) return { kind: 'count', soft }
  return { kind: 'suppress', reason: 'soft-bounces', ...until(policy.softExpire, now) }
}

function hardExpire(policy: Policy, what: string): number | undefined {
  if (UNKNOWN.has(what)) return policy.unknownExpire
  return INACTIVE.has(what) ? policy.inactiveExpire : undefined
}

/** The end of a duration of which 0 means none. */
export function until(duration: number, now: number): { readonly expiresAt?: number } {
  return duration === 0 ? {} : { expiresAt: now + duration }
}
