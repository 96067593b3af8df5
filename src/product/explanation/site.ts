/** From what is known of one site to when its mail would be done, and what limits it. Pure: the clock is a fact. */

import type { PathState } from '#engine/egress'
import { courseOf, finish } from '#engine/course'
import type { Bound, Said } from '#engine/course'
import type { Live } from '#engine/shaping'
import type { Instant, QueueDepth } from '#engine/spool'

import { beginsAt, rateOf as measuredRate } from './forecast.ts'
import type { Reason } from './reason.ts'
import { countedIn } from './shaping-place.ts'

export type SiteFacts = {
  readonly site: string
  /** Of this site, and what keeps each. */
  readonly queues: readonly (QueueDepth & {
    readonly onWire: number
    readonly paths?: readonly PathState[]
    readonly reasons: readonly Reason[]
  })[]
  /** On all paths of the node. */
  readonly reactions: readonly Live[]
  /** What the rules say, by source. */
  readonly rules: readonly (Said & { readonly source: string })[]
  readonly now: Instant
}

export type SiteExplained = {
  readonly site: string
  readonly queues: readonly string[]
  readonly waiting: number
  readonly active: number
  readonly onWire: number
  readonly held: number
  /** When the first of those that wait is due. */
  readonly nextDue?: Instant
  readonly paths: readonly PathState[]
  readonly reactions: readonly Live[]
  readonly reasons: readonly Reason[]
  /** The rule that limits what is left; absent when none does, or none is known. */
  readonly bound?: Bound & { readonly source: string }
  /**
   * Messages a minute: of the last one, or what the limits let through where none was sent in it; `window`: what a limit
   * by the hour or the day lets through, which is used up.
   */
  readonly rate?: { readonly perMinute: number; readonly by: 'measured' | 'limits' | 'window' }
  /** When the last would be done at this rate. */
  readonly eta?: Instant
}

/** A campaign is held wherever it would go: here, where its stream has mail for this site. */
function isOfAny({ campaign }: Live, queues: SiteFacts['queues']): boolean {
  if (campaign === undefined) return false
  const begin = `${campaign.organization}/${campaign.stream}/`
  return queues.some(({ queue }) => queue.startsWith(begin))
}

/** What a receiver takes for one message where nothing was measured, in ms. Guesses. */
const USUAL = { transaction: 500, connecting: 500 } as const

export function explainSite({ site, queues, reactions, rules, now }: SiteFacts): SiteExplained {
  const sum = (of: (queue: SiteFacts['queues'][number]) => number): number =>
    queues.reduce((total, queue) => total + of(queue), 0)
  const [waiting, active] = [sum((one) => one.waiting), sum((one) => one.active)]
  const nextDue = least(queues.flatMap((one) => (one.nextDue === undefined ? [] : [one.nextDue])))
  const paths = uniquePaths(queues.flatMap((one) => one.paths ?? []))
  const left = waiting + active
  const spent = left === 0 ? undefined : spentWindow(paths)
  const limited = left === 0 ? undefined : (spent ?? byLimits(rules, left))
  const rate = left === 0 ? undefined : (spent?.rate ?? rateOf(paths, limited, left))
  // What is in memory is due.
  const begins = Math.max(beginsAt(paths, now), active > 0 ? now : (nextDue ?? now))
  return {
    site,
    queues: queues.map(({ queue }) => queue),
    waiting,
    active,
    onWire: sum((one) => one.onWire),
    held: sum((one) => one.held),
    ...(nextDue === undefined ? {} : { nextDue }),
    paths,
    reactions: reactions.filter((one) => one.until > now && (one.site === site || isOfAny(one, queues))),
    reasons: uniqueReasons(queues.flatMap((one) => one.reasons)),
    ...(limited === undefined ? {} : { bound: limited.bound }),
    ...(rate === undefined ? {} : { rate, eta: begins + (left / rate.perMinute) * 60_000 }),
  }
}

/** Where each path has sent what it may in an hour or a day, what was sent in the last minute says nothing. */
function spentWindow(paths: readonly PathState[]): (Limited & Pick<SiteExplained, 'rate'>) | undefined {
  const spent = paths.flatMap(({ source, hold }) => {
    const period = hold.at === 'paced' ? LONG.get(countedIn(hold.limit.key)) : undefined
    return hold.at !== 'paced' || period === undefined ? [] : [{ source, ...hold, period }]
  })
  const first = spent.toSorted((a, b) => a.until - b.until)[0]
  if (first === undefined || spent.length < paths.length) return undefined
  const { source, limit } = first
  const { key, value, origin, provider } = limit
  const isShared = provider !== undefined
  const bound = { key: isShared ? `shared.${key}` : key, value, source, ...(origin && { origin }) }
  const perMinute = spent.reduce((sum, one) => sum + (one.limit.value / one.period) * 60_000, 0)
  return { after: 0, bound, rate: { perMinute, by: 'window' } }
}

const LONG: ReadonlyMap<string, number> = new Map([
  ['hour', 3_600_000],
  ['day', 86_400_000],
])

type Limited = { readonly after: number; readonly bound: NonNullable<SiteExplained['bound']> }

/** The sources share what is left; the slowest of them is the last. */
function byLimits(rules: SiteFacts['rules'], left: number): Limited | undefined {
  const each = Math.ceil(left / Math.max(1, rules.length))
  const all = rules.map(({ source, ...said }) => {
    const { after, bound } = finish(courseOf(said, 'both', USUAL), each)
    return { after, bound: { ...bound, source } }
  })
  return all.toSorted((a, b) => b.after - a.after)[0]
}

function rateOf(
  paths: readonly PathState[],
  limited: Limited | undefined,
  left: number,
): SiteExplained['rate'] {
  const measured = measuredRate(paths)
  if (measured > 0) return { perMinute: measured, by: 'measured' }
  if (limited === undefined || limited.after === 0) return undefined
  return { perMinute: (left / limited.after) * 60_000, by: 'limits' }
}

/** Each queue tells of the paths it shares with others. */
function uniquePaths(paths: readonly PathState[]): readonly PathState[] {
  return [
    ...new Map(paths.map((path) => [`${path.source} ${path.site} ${path.domain ?? ''}`, path])).values(),
  ]
}

function uniqueReasons(reasons: readonly Reason[]): readonly Reason[] {
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
}

function least(times: readonly Instant[]): Instant | undefined {
  return times.length === 0 ? undefined : Math.min(...times)
}
