/** A token bucket as a value: the caller keeps it and brings the clock. */

import type { Instant } from '#engine/spool'

/** `perSecond` 0 is no limit. `burst` is how many may follow each other at once after a quiet time, at least 1. */
export type Rate = { readonly perSecond: number; readonly burst: number }

export type Bucket = { readonly tokens: number; readonly at: Instant }

export type Taken = {
  readonly bucket: Bucket
  /** Milliseconds until a token is there; 0 when one was taken. */
  readonly wait: number
}

export function fullBucket(rate: Rate, now: Instant): Bucket {
  return { tokens: rate.burst, at: now }
}

/** Takes one token, or says how long there is none: then `bucket` is as before, and asking again costs nothing. */
export function take(bucket: Bucket, rate: Rate, now: Instant): Taken {
  if (rate.perSecond === 0) return { bucket, wait: 0 }
  // A clock that steps back must not take tokens away; one that leaps forward gives a burst and no more.
  const elapsed = Math.max(0, now - bucket.at)
  const tokens = Math.min(rate.burst, bucket.tokens + (elapsed * rate.perSecond) / 1000)
  if (tokens >= 1 - TOLERANCE) return { bucket: { tokens: tokens - 1, at: now }, wait: 0 }
  const wait = Math.max(1, Math.ceil(((1 - TOLERANCE / 2 - tokens) * 1000) / rate.perSecond))
  return { bucket: now < bucket.at ? { tokens, at: now } : bucket, wait }
}

/** A sum of many fractions that should be one may fall short of it; who waited as told must find a token all the same. */
const TOLERANCE = 1e-6
