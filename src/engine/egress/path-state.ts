/** What an operator sees of a path: what it has, and what keeps the next transaction from going out. */

import type { Limit, Live, Pace } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import type { Tried } from './job.ts'

export type PathState = {
  readonly source: string
  readonly site: string
  /** The domain layer of the rules by which it is a path of its own beside others to the site; absent where there is none. */
  readonly domain?: string
  /** All of them: busy, idle, being opened, being closed. */
  readonly connections: number
  readonly busy: number
  readonly idle: number
  readonly opening: number
  /** Transactions of the last minute; absent when there were none. */
  readonly perMinute?: number
  readonly hold: Hold
  /** Streams that are passed over on this path; absent when there are none. */
  readonly paused?: readonly Live[]
}

export type Hold =
  /** Nothing does. */
  | { readonly at: 'open' }
  /** No connection yet: the first is being made. */
  | { readonly at: 'connecting' }
  /** Every connection is at work, and there may be no more of them. */
  | {
      readonly at: 'full'
      readonly limit: 'path' | 'provider' | 'all'
      /** Of this path. */
      readonly connections: number
      /** Which limit it is, and who says so; absent for that of all paths. */
      readonly rule?: Limit
    }
  /** A reaction leaves one connection, and it is at work. */
  | { readonly at: 'single'; readonly reaction: Live }
  /** A new connection would be needed, and may not be tried yet. */
  | { readonly at: 'opening-paced'; readonly limit: Limit; readonly until: Instant }
  /** The peer would not have more connections than it has. */
  | {
      readonly at: 'refused-more'
      readonly connections: number
      readonly until: Instant
      readonly attempt: Tried
    }
  /** A reaction, or a limit of messages. */
  | Pace
  /** No host could be reached, or none would talk, `failures` times in a row. */
  | { readonly at: 'down'; readonly until: Instant; readonly failures: number; readonly attempt: Tried }
  /** It finishes what is under way and takes nothing more. */
  | { readonly at: 'closing' }
