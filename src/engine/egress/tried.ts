/** From what was said to what is kept of an attempt. */

import type { Instant } from '#engine/spool'
import type { Capabilities } from '#grammar/smtp'

import type { Tried } from './job.ts'
import type { Verdict } from './verdict.ts'

/** Where and when the words were said. */
export type Occasion = {
  readonly at: Instant
  readonly duration: number
  readonly source: string
  readonly site: string
  readonly host: string
  readonly address: string
  readonly tls: string
  /** What the peer offers; nothing when none answered. */
  readonly offered?: Pick<Capabilities, 'dsn' | 'deliverBy'>
}

export function triedOf(verdict: Verdict, { offered, ...occasion }: Occasion): Tried {
  const isDelivered = verdict.outcome === 'delivered'
  return {
    ...occasion,
    ...verdict,
    dsnPassedOn: isDelivered && offered?.dsn === true,
    deadlinePassedOn: isDelivered && offered?.deliverBy !== undefined,
  }
}
