/** What is handed in without a session, and the quotas of its organization: before it is kept, and in the answer. */

import { exhaustedReply } from '#engine/queue'
import type { Exhausted } from '#engine/queue'
import type { Allowance, Left, Traffic, Wanted } from '#product/quota'

import type { HandedIn } from './handed-in.ts'

export type QuotaParts = {
  /** What organizations may send; absent where anything goes. */
  readonly allowance?: Pick<Allowance, 'refusal' | 'size' | 'left'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Why it cannot be taken, as far as that can be said before; nothing is counted. */
export function beyondQuota(parts: QuotaParts, traffic: Traffic, wanted: Wanted): HandedIn | undefined {
  const exhausted = parts.allowance?.refusal(traffic, wanted, parts.now())
  return exhausted && overQuota(parts, traffic, exhausted)
}

export function overQuota(parts: QuotaParts, traffic: Traffic, exhausted: Exhausted): HandedIn {
  const text = exhaustedReply(exhausted).lines[0]
  return { ok: false, why: 'quota', text, exhausted, left: leftOf(parts, traffic) }
}

/** The same, with what is left of the windows. */
export function withLeft(parts: QuotaParts, traffic: Traffic, handed: HandedIn): HandedIn {
  const left = handed.ok ? leftOf(parts, traffic) : []
  return handed.ok && left.length > 0 ? { ...handed, left } : handed
}

function leftOf({ allowance, now }: QuotaParts, traffic: Traffic): readonly Left[] {
  return allowance?.left(traffic, now()) ?? []
}
