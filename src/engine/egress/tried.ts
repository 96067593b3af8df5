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

export function triedOf(verdict: Verdict, occasion: Occasion): Tried {
  const { at, duration, source, site, host, address, tls, offered } = occasion
  const isDelivered = verdict.outcome === 'delivered'
  const dsnPassedOn = isDelivered && offered?.dsn === true
  const deadlinePassedOn = isDelivered && offered?.deliverBy !== undefined
  return { at, duration, source, site, host, address, tls, ...verdict, dsnPassedOn, deadlinePassedOn }
}
