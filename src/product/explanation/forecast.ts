/** When so much more will have gone, at the rate of the last minute and not before there is a way. */

import type { PathState } from '#engine/egress'
import type { Instant } from '#engine/spool'

import type { Forecast } from './reason.ts'

/**
 * Nothing where nothing went in the last minute, or where it cannot go on as it did: what the limits let through is
 * another matter.
 */
export function forecast(paths: readonly PathState[] = [], count: number, now: Instant): Forecast {
  const perMinute = rateOf(paths)
  if (perMinute === 0 || !goesOn(paths, now)) return {}
  return { perMinute, eta: beginsAt(paths, now) + (count / perMinute) * 60_000 }
}

/** Whether the last minute tells anything of the next one. */
export function goesOn(paths: readonly PathState[], now: Instant): boolean {
  return beginsAt(paths, now) <= now + MINUTE
}

const MINUTE = 60_000

/** Messages in the last minute, over all paths. */
export function rateOf(paths: readonly PathState[]): number {
  return paths.reduce((total, { perMinute = 0 }) => total + perMinute, 0)
}

/** Where no path may be used, the first that may again decides. */
export function beginsAt(paths: readonly PathState[], now: Instant): Instant {
  const free = paths.map(({ hold }) => {
    if (hold.at === 'suspended') return hold.reaction.until
    // Who may not have more connections than he has goes on with those.
    return 'until' in hold && hold.at !== 'refused-more' ? hold.until : now
  })
  return free.length === 0 ? now : Math.max(now, Math.min(...free))
}
