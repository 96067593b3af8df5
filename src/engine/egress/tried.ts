/** From what was said to what is kept of an attempt. */

import type { Attempt, Instant } from '#engine/spool'
import type { Capabilities } from '#grammar/smtp'

import type { Tried } from './job.ts'
import type { Verdict } from './verdict.ts'

/** By which path. */
export type Way = Pick<Attempt, 'source' | 'site' | 'provider'>

/** Where and when the words were said. */
export type Occasion = {
  readonly at: Instant
  readonly duration: number
  readonly way: Way
  readonly host: string
  readonly address: string
  readonly tls: string
  /** What the peer offers; nothing when none answered. */
  readonly offered?: Pick<Capabilities, 'dsn' | 'deliverBy'>
}

export function triedOf(verdict: Verdict, occasion: Occasion): Tried {
  const { at, duration, way, host, address, tls, offered } = occasion
  const isDelivered = verdict.outcome === 'delivered'
  const dsnPassedOn = isDelivered && offered?.dsn === true
  const deadlinePassedOn = isDelivered && offered?.deliverBy !== undefined
  return { at, duration, ...way, host, address, tls, ...verdict, dsnPassedOn, deadlinePassedOn }
}
