/** Why a delivery waits, or what became of it, as data. What it says in words is elsewhere, in every language we have. */

import type { Limit, Live, WarmUpState } from '#engine/shaping'
import type { Attempt, Instant, Report } from '#engine/spool'

export type Reason = Ending | CameBack | OfDelivery | OfQueue | OfPath | OfNode | Untold

/** It is over. */
export type Ending =
  | {
      readonly at: 'delivered' | 'bounced' | 'expired'
      readonly when?: Instant
      readonly tries: number
      /** What the record says where no attempt is kept. */
      readonly why: string
      readonly last?: Attempt
    }
  | { readonly at: 'cancelled'; readonly when?: Instant; readonly why: string }

/** What was reported of it later: by the host that had taken it, or by whom that asked. */
export type CameBack = { readonly at: 'came-back'; readonly report: Report }

/** Where mail has gone in the last minute: how fast, and when it would be this one's turn, if that goes on. */
export type Forecast = { readonly perMinute?: number; readonly eta?: Instant }

/** It is this delivery that waits, or its turn. */
export type OfDelivery =
  /** An operator holds it, with these words. */
  | { readonly at: 'held'; readonly why: string }
  /** What the spool has of its content is not what was accepted. */
  | { readonly at: 'damaged'; readonly why: string }
  /** Its sender asked for a later time. RFC 4865 §1 */
  | { readonly at: 'scheduled'; readonly until: Instant }
  | {
      readonly at: 'retry'
      readonly tries: number
      /** How many tries there will be in all if each is put off: the spread of the schedule makes it "about". */
      readonly about?: number
      readonly until: Instant
      /** No try is made after this. */
      readonly end: Instant
      readonly why: string
      readonly last?: Attempt
    }
  | { readonly at: 'on-wire' }
  /** An attempt has ended, and its outcome is being committed. */
  | { readonly at: 'recording' }
  /** In memory, with so many of its queue before it. `isHeld`: the way is not free, as another reason says. */
  | ({ readonly at: 'turn'; readonly ahead: number; readonly isHeld?: true } & Forecast)
  /** Due, and on its way from the store to memory. */
  | { readonly at: 'loading' }

/** Its scheduled queue keeps it. */
export type OfQueue =
  | { readonly at: 'route'; readonly domain: string }
  /** `size` deliveries are in memory, as many as may be of its queue or of all; `backlog` of its queue are in the store. */
  | ({
      readonly at: 'window'
      readonly limit: 'queue' | 'all'
      readonly size: number
      readonly backlog?: number
    } & Forecast)

  /** A reply has held what of its stream belongs to one campaign, or to none, on all paths. */
  | ({ readonly at: 'campaign-held' } & Reacting)

type Ends = { readonly source: string; readonly site: string }

/** What a reply has set off; `last` is the attempt that it answered. */
type Reacting = { readonly reaction: Live; readonly last: Attempt }

/** A path to its site keeps it: one reason a path. */
export type OfPath =
  | (Ends & { readonly at: 'connecting' | 'closing' })
  /** Of the path, or of the whole node; `connections` are those of the path. */
  | (Ends & {
      readonly at: 'connections'
      readonly limit: 'path' | 'provider' | 'all'
      readonly connections: number
      /** Which limit it is, and who says so; absent for that of the node. */
      readonly rule?: Limit
    })
  /** A further connection may not be tried yet. */
  | (Ends & { readonly at: 'opening-paced'; readonly rule: Limit; readonly until: Instant })
  | (Ends & {
      readonly at: 'refused-more'
      readonly connections: number
      readonly until: Instant
      readonly last: Attempt
    })
  | (Ends & { readonly at: 'paced'; readonly rule: Limit; readonly until: Instant })
  /** What may go on a day of its warm-up has gone. */
  | (Ends & {
      readonly at: 'warming'
      readonly warmUp: WarmUpState
      readonly whenFull: 'overflow' | 'wait'
      readonly until: Instant
    })
  | (Ends & Reacting & { readonly at: 'suspended' | 'single' | 'stream-paused' })
  | (Ends & Reacting & { readonly at: 'slowed'; readonly perMinute: number; readonly until: Instant })
  | (Ends & {
      readonly at: 'down'
      readonly until: Instant
      readonly failures: number
      readonly last: Attempt
    })

/** Nothing at all is begun. */
export type OfNode =
  /** Outcomes cannot be recorded. */
  | { readonly at: 'paused'; readonly why: string }
  | { readonly at: 'draining' }
  /** No node runs. */
  | { readonly at: 'stopped' }

/** Its sender should have heard of it, and did not: `limit` notifications had gone to them, or none could be made. */
export type Untold = { readonly at: 'untold'; readonly limit?: number }

/** Every reason there is. */
export const REASONS = [
  'delivered',
  'bounced',
  'expired',
  'cancelled',
  'came-back',
  'held',
  'damaged',
  'scheduled',
  'retry',
  'on-wire',
  'recording',
  'turn',
  'loading',
  'route',
  'window',
  'campaign-held',
  'connecting',
  'closing',
  'connections',
  'refused-more',
  'opening-paced',
  'paced',
  'warming',
  'slowed',
  'single',
  'suspended',
  'stream-paused',
  'down',
  'paused',
  'draining',
  'stopped',
  'untold',
] as const satisfies readonly Reason['at'][]
