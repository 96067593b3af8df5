/** What is counted of deliveries, by what it is told apart, and how long they took. */

import type { DeliveryEvent } from './kind.ts'

/**
 * `returned`: given back by a host that had taken it, so that it is among the delivered as well. `unique_opens` and
 * `unique_clicks`: deliveries that were opened, or followed a link of, by anybody but machines. Every other is the event
 * of that name, one a recipient: `deferred` once for each try, `opened` and `clicked` once for each time.
 */
export const COUNTED = [
  'accepted',
  'suppressed',
  'held',
  'released',
  'deferred',
  'delivered',
  'bounced',
  'returned',
  'expired',
  'cancelled',
  'opened',
  'unique_opens',
  'clicked',
  'unique_clicks',
  'complained',
  'unsubscribed',
] as const satisfies readonly (DeliveryEvent | 'returned' | 'unique_opens' | 'unique_clicks')[]

export type Counted = (typeof COUNTED)[number]

/**
 * What counts may be told apart by. `provider`: of the shaping rules, or else the site; empty, as `source` is, where
 * nothing was tried. `class`: of what was deferred, bounced or returned; of what was opened or clicked, who
 * did it: `human`, `proxy`, `machine`; `platform` of what was accepted that the node itself made. `domain`, `sender` and
 * `tag` (of the recipient,
 * of the envelope's sender, of the message) are kept by the day in UTC, do not go with each other nor with `hour`,
 * `source` and `provider`; of each the first so many of a day are kept apart (`COUNT_LIMITS`), the others are `*`.
 */
export const COUNT_KEYS = [
  'hour',
  'day',
  'organization',
  'stream',
  'source',
  'provider',
  'class',
  'domain',
  'sender',
  'tag',
] as const

export type CountKey = (typeof COUNT_KEYS)[number]

/** `[bucket, count]`, by bucket: see `bucketOf`. */
export type Delays = readonly (readonly [bucket: number, count: number])[]

/** Two buckets for each doubling: the ends of one are a factor of 1.41 apart. The first, 0, is up to 1 ms. */
const PER_DOUBLING = 2

/** The bucket of a time in milliseconds. */
export function bucketOf(delay: number): number {
  return delay <= 1 ? 0 : Math.ceil(Math.log2(delay) * PER_DOUBLING)
}

/** The milliseconds that the share `rank` (0–1) of them took at most; `undefined` of nothing. */
export function percentile(delays: Delays, rank: number): number | undefined {
  let left = rank * delays.reduce((sum, [, count]) => sum + count, 0)
  const last = delays.at(-1)
  if (last === undefined) return undefined
  for (const [bucket, count] of delays) {
    // As if those of a bucket lay evenly between its ends, as seen on its scale.
    if (left <= count) return 2 ** ((bucket - 1 + left / count) / PER_DOUBLING)
    left -= count
  }
  return 2 ** (last[0] / PER_DOUBLING)
}
