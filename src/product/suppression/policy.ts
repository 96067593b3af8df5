/** What a bounce means for later mail to the same recipient. Pure; which class a reply has is decided elsewhere. */

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

/** `type` is `hard` when it will never be taken; the words are those of bounce analysis. */
export type Bounce = { readonly class: string; readonly type: string }

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
const UNKNOWN: ReadonlySet<string> = new Set(['user-unknown', 'moved', 'no-mail'])
const HOST_UNKNOWN: ReadonlySet<string> = new Set(['host-unknown'])
const SOFT: ReadonlySet<string> = new Set(['mailbox-full', 'inactive', 'suspended'])

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
  return HOST_UNKNOWN.has(what) ? policy.hostUnknownExpire : undefined
}

/** The end of a duration of which 0 means none. */
export function until(duration: number, now: number): { readonly expiresAt?: number } {
  return duration === 0 ? {} : { expiresAt: now + duration }
}
