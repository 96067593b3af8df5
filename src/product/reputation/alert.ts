/**
 * Which rates of the last day are too high, and when that begins and ends. Pure: who calls brings what was so before, so
 * that each is told once.
 */

import { MEASURES, shareOf } from './tally.ts'
import type { Measure, Share, Tally } from './tally.ts'

/** `warn`: look at it; `bad`: receivers act on it, and so does a warm-up. */
export type Level = 'warn' | 'bad'

export type Alert = Share & {
  readonly source: string
  readonly provider: string
  readonly measure: Measure
  readonly level: Level
  /** The share that was exceeded. */
  readonly most: number
  /** When it reached this level. `bad` and `of` are of then. */
  readonly since: number
}

export type AlertChange =
  /** `was`: the level before, when there was one. */
  | { readonly kind: 'raised'; readonly alert: Alert; readonly was?: Level }
  /** `now`: the share as it is. */
  | { readonly kind: 'recovered'; readonly alert: Alert; readonly now: Share }

export type AlertTerms = {
  /** Fewer say nothing. */
  readonly minimum: number
  readonly limits: { readonly [K in Measure]: { readonly [L in Level]: number } }
}

/** One alone alarms nobody, of however many. */
const LEAST = 2

/** A rate has recovered when it is below this part of its limit: one that stands at the limit is told once. */
const EASED = 0.75

/** All alerts as of `now`, and what has changed since `before`. */
export function judge(
  tallies: readonly Tally[],
  terms: AlertTerms,
  before: readonly Alert[],
  now: number,
): { readonly alerts: readonly Alert[]; readonly changes: readonly AlertChange[] } {
  const known = new Map(before.map((alert) => [keyOf(alert), alert]))
  const counted = new Map(tallies.map((tally) => [pathOf(tally), tally]))
  for (const { source, provider } of before)
    counted.getOrInsert(pathOf({ source, provider }), { ...NOTHING, source, provider })
  const alerts: Alert[] = []
  const changes: AlertChange[] = []
  for (const tally of counted.values()) {
    for (const measure of MEASURES) {
      const was = known.get(keyOf({ ...tally, measure }))
      const { alert, change } = judgeOne(tally, measure, terms, { was, now })
      if (alert !== undefined) alerts.push(alert)
      if (change !== undefined) changes.push(change)
    }
  }
  return { alerts, changes }
}

function judgeOne(
  tally: Tally,
  measure: Measure,
  terms: AlertTerms,
  { was, now }: { readonly was: Alert | undefined; readonly now: number },
): { readonly alert?: Alert; readonly change?: AlertChange } {
  const share = shareOf(tally, measure)
  const level = levelOf(share, terms, measure, was?.level)
  if (level === undefined)
    return was === undefined ? {} : { change: { kind: 'recovered', alert: was, now: share } }
  if (was?.level === level) return { alert: was }
  const { source, provider } = tally
  const most = terms.limits[measure][level]
  const alert: Alert = { source, provider, measure, level, most, since: now, ...share }
  return { alert, change: { kind: 'raised', alert, ...(was === undefined ? {} : { was: was.level }) } }
}

function levelOf(
  share: Share,
  { minimum, limits }: AlertTerms,
  measure: Measure,
  was: Level | undefined,
): Level | undefined {
  // With too little mail to say anything, what was said stands for as long as anything is held against it.
  if (share.of < minimum) return share.bad > 0 ? was : undefined
  const { warn, bad } = limits[measure]
  const isOver = (limit: number): boolean => share.bad >= LEAST && share.bad > share.of * limit
  if (isOver(bad * (was === 'bad' ? EASED : 1))) return 'bad'
  return isOver(warn * (was === undefined ? 1 : EASED)) ? 'warn' : undefined
}

const NOTHING = {
  delivered: 0,
  deferred: 0,
  bounced: 0,
  returned: 0,
  expired: 0,
  complained: 0,
  hard: 0,
  refused: 0,
  putOff: 0,
  classes: [],
} as const

function pathOf({ source, provider }: Pick<Tally, 'source' | 'provider'>): string {
  return `${source}\0${provider}`
}

function keyOf({ source, provider, measure }: Pick<Alert, 'source' | 'provider' | 'measure'>): string {
  return `${pathOf({ source, provider })}\0${measure}`
}
