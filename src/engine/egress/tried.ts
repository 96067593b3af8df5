/** From what was said to what is kept of an attempt. */

import type { Instant } from '#engine/spool'

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
  /** The peer offers DSN. */
  readonly dsn: boolean
}

export function triedOf(verdict: Verdict, occasion: Occasion): Tried {
  const { at, duration, source, site, host, address, tls, dsn } = occasion
  const dsnPassedOn = dsn && verdict.outcome === 'delivered'
  return { at, duration, source, site, host, address, tls, ...verdict, dsnPassedOn }
}
