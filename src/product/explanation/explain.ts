/** From what is known of a delivery, or of a queue, to the reasons why it waits. Pure: the clock is among the facts. */

import type { PathState } from '#engine/egress'
import { DAMAGED, deadline, triesUntil } from '#engine/lifetime'
import type { Place, QueueOverview, QueueState } from '#engine/queue'
import { isHeldBy, isOf } from '#engine/shaping'
import type { Live } from '#engine/shaping'
import type { Attempt, Claimed, Delivery, Instant, QueueDepth, Report } from '#engine/spool'

import { forecast } from './forecast.ts'
import type { CameBack, OfNode, OfPath, OfQueue, Reason, Untold } from './reason.ts'

/** What the running node knows. */
export type NodeFacts = {
  readonly overview: QueueOverview
  readonly queue: QueueState
  /** Campaigns that are held. */
  readonly holds?: readonly Live[] | undefined
  /** Why the store cannot be written, where it says so. */
  readonly trouble?: string | undefined
}

export type DeliveryFacts = Claimed & {
  /** Oldest first. */
  readonly attempts: readonly Attempt[]
  /** What came back about it; oldest first. */
  readonly reports: readonly Report[]
  readonly now: Instant
  /** Absent when no node runs. */
  readonly node?:
    | (NodeFacts & {
        /** Where in memory it is. */
        readonly place?: Place | undefined
        /** Deliveries of its queue that wait in the store. */
        readonly backlog?: number | undefined
      })
    | undefined
}

export type QueueFacts = {
  readonly depth: QueueDepth
  readonly now: Instant
  /** Absent when no node runs. */
  readonly node?: NodeFacts | undefined
}

/**
 * Never empty. All of them hold at the same time, except that several paths are several ways: one that frees itself is
 * enough. What keeps the whole node stands first, then the delivery's own, then queue and paths; then what came back about
 * it; last, what its sender should have heard of it and did not.
 */
export function explainDelivery(facts: DeliveryFacts): readonly Reason[] {
  return [...ofState(facts), ...cameBack(facts), ...untold(facts)]
}

function cameBack({ reports }: DeliveryFacts): readonly CameBack[] {
  return reports.map((report) => ({ at: 'came-back', report }))
}

function ofState(facts: DeliveryFacts): readonly Reason[] {
  const { delivery } = facts
  switch (delivery.state) {
    case 'delivered':
    case 'bounced':
    case 'expired':
      return [ending(delivery.state, facts)]
    case 'cancelled':
      return [{ at: 'cancelled', why: delivery.lastReply ?? '', ...endedAt(delivery) }]
    case 'held':
      return ofHeld(facts)
    case 'waiting':
    case 'active':
      return whyUnfinished(facts)
  }
}

/** What keeps the deliveries of a queue that are due; empty when nothing does. */
export function explainQueue({ depth, now, node }: QueueFacts): readonly Reason[] {
  if (depth.waiting + depth.active === 0) return depth.held === 0 ? [] : ofHolds(node)
  if (node === undefined) return [{ at: 'stopped' }]
  const isDue = depth.nextDue !== undefined && depth.nextDue <= now
  return [
    ...ofNode(node),
    ...ofHolds(node),
    ...ofRoute(node),
    ...ofPauses(node.queue),
    ...ofPaths(node.queue.paths),
    ...(isDue ? ofWindow(node, depth.waiting, now) : []),
  ]
}

function ending(at: 'delivered' | 'bounced' | 'expired', { delivery, attempts }: DeliveryFacts): Reason {
  const last = attempts.at(-1)
  return {
    at,
    tries: delivery.attempts,
    why: delivery.lastReply ?? '',
    ...endedAt(delivery),
    ...(last === undefined ? {} : { last }),
  }
}

function ofHeld(facts: DeliveryFacts): readonly Reason[] {
  const { delivery, node } = facts
  const live = node?.holds?.find((one) => isHeldBy(one, delivery))
  if (live !== undefined) return [campaignHeld(live)]
  return [{ at: isDamaged(facts) ? 'damaged' : 'held', why: delivery.lastReply ?? '' }]
}

function campaignHeld(reaction: Live): OfQueue {
  return { at: 'campaign-held', reaction, last: reaction.cause.attempt }
}

/** Whatever of a queue belongs to them. */
function ofHolds(node: NodeFacts | undefined): readonly OfQueue[] {
  const [stream, organization] = [node?.queue.queue.split('/').at(-2), node?.queue.queue.split('/').at(-3)]
  return (node?.holds ?? [])
    .filter(({ campaign }) => campaign?.stream === stream && campaign?.organization === organization)
    .map(campaignHeld)
}

/** It will be held as soon as it is due, unless an operator has released it from just that. */
function toBeHeld({ message, delivery, node }: DeliveryFacts): readonly OfQueue[] {
  const live = node?.holds?.find((one) => isOf(one, message) && !isHeldBy(one, delivery))
  return live === undefined ? [] : [campaignHeld(live)]
}

/** Held for that, and not by an operator since. */
function isDamaged({ delivery, attempts }: DeliveryFacts): boolean {
  const last = attempts.at(-1)
  return last?.stage === DAMAGED && last.text === delivery.lastReply
}

function untold({ attempts, reports }: DeliveryFacts): readonly Untold[] {
  const notice = [...attempts, ...reports].findLast((one) => one.notice !== undefined)?.notice
  if (notice === undefined || notice.kind === 'sent') return []
  return [{ at: 'untold', ...(notice.kind === 'withheld' ? { limit: notice.limit } : {}) }]
}

function endedAt({ endedAt: when }: Delivery): { readonly when?: Instant } {
  return when === undefined ? {} : { when }
}

function whyUnfinished(facts: DeliveryFacts): readonly Reason[] {
  const { delivery, now, node } = facts
  if (node === undefined) return [{ at: 'stopped' }, ...ofTime(facts)]
  // Memory is asked after the store, and so is right where the two differ.
  const { place } = node
  if (place?.at === 'on-wire') return [{ at: 'on-wire' }]
  if (place !== undefined) return ofTurn(node, place.ahead, now)
  if (delivery.state === 'active') return [...ofNode(node), { at: 'recording' }]
  const own = delivery.due > now ? [...ofTime(facts), ...ofDown(node.queue.paths)] : inStore(node, now)
  const reasons = [...ofNode(node), ...toBeHeld(facts), ...own]
  return reasons.length === 0 ? [{ at: 'loading' }] : reasons
}

function ofNode({ overview, trouble = '' }: NodeFacts): readonly OfNode[] {
  switch (overview.gate) {
    case 'open':
      return []
    case 'stopping':
      return [{ at: 'draining' }]
    case 'unhealthy':
      return [{ at: 'paused', why: trouble }]
  }
}

/** It waits for a time. */
function ofTime(facts: DeliveryFacts): readonly Reason[] {
  const { message, delivery, attempts, now, node } = facts
  if (delivery.due <= now) return []
  // Only a sender gives a delivery that was never tried a later time.
  if (delivery.attempts === 0) return [{ at: 'scheduled', until: delivery.due }]
  const last = attempts.at(-1)
  const end = deadline({ message, delivery })
  const { retry } = node?.overview ?? {}
  const tries = delivery.attempts
  return [
    {
      at: 'retry',
      tries,
      until: delivery.due,
      end,
      why: delivery.lastReply ?? '',
      ...(retry === undefined ? {} : { about: tries + triesUntil(delivery.due, end, tries, retry) }),
      ...(last === undefined ? {} : { last }),
    },
  ]
}

function inMemory(node: NodeFacts): readonly Reason[] {
  const { routing, paths } = node.queue
  // A route that is asked for anew keeps the queue from the paths that it had.
  if (routing || paths === undefined) return ofRoute(node)
  const paused = ofPauses(node.queue)
  if (paused.length > 0) return paused
  // One free path is enough.
  return paths.some(({ hold }) => hold.at === 'open') ? [] : ofPaths(paths)
}

const WHOLE: ReadonlySet<Reason['at']> = new Set(['stream-paused', 'route', 'draining', 'paused'])

function ofTurn(node: NodeFacts, ahead: number, now: Instant): readonly Reason[] {
  const held = [...ofNode(node), ...inMemory(node)]
  // Of what holds all of it back the last minute tells nothing.
  const isHeld = held.some(({ at }) => WHOLE.has(at))
  return [
    ...held,
    {
      at: 'turn',
      ahead,
      ...(held.length === 0 ? {} : { isHeld: true }),
      ...(isHeld ? {} : forecast(node.queue.paths, ahead + 1, now)),
    },
  ]
}

/** It is due, and memory has not got it. */
function inStore(node: NonNullable<DeliveryFacts['node']>, now: Instant): readonly Reason[] {
  const down = ofDown(node.queue.paths)
  return down.length > 0 ? down : [...ofWindow(node, node.backlog, now), ...inMemory(node)]
}

function ofRoute({ queue }: NodeFacts): readonly OfQueue[] {
  return queue.routing ? [{ at: 'route', domain: queue.queue.slice(queue.queue.lastIndexOf('/') + 1) }] : []
}

function ofWindow(
  { overview, queue }: NodeFacts,
  backlog: number | undefined,
  now: Instant,
): readonly OfQueue[] {
  if (queue.full === undefined) return []
  const size = queue.full === 'queue' ? overview.window : overview.windowTotal
  const behind = backlog === undefined ? {} : { backlog, ...forecast(queue.paths, size + backlog, now) }
  return [{ at: 'window', limit: queue.full, size, ...behind }]
}

/** Only when every path is, or suspended: nothing can go out before the first of them is tried again. */
function ofDown(paths: readonly PathState[] = []): readonly OfPath[] {
  return paths.every(({ hold }) => hold.at === 'down' || hold.at === 'suspended') ? ofPaths(paths) : []
}

function ofPaths(paths: readonly PathState[] = []): readonly OfPath[] {
  return paths.flatMap((path) => ofPath(path))
}

function ofPath({ source, site, hold }: PathState): readonly OfPath[] {
  const ends = { source, site }
  return isShaped(hold) ? [ofShape(ends, hold)] : ofConnections(ends, hold)
}

function ofConnections(
  ends: Pick<OfPath, 'source' | 'site'>,
  hold: Exclude<PathState['hold'], Shaped>,
): readonly OfPath[] {
  switch (hold.at) {
    case 'open':
      return []
    case 'connecting':
    case 'closing':
      return [{ ...ends, at: hold.at }]
    case 'full': {
      const { limit, connections, rule } = hold
      return [{ ...ends, at: 'connections', limit, connections, ...(rule === undefined ? {} : { rule }) }]
    }
    case 'refused-more': {
      const { connections, until, attempt } = hold
      return [{ ...ends, at: 'refused-more', connections, until, last: attempt }]
    }
    case 'down':
      return [{ ...ends, at: 'down', until: hold.until, failures: hold.failures, last: hold.attempt }]
  }
}

const SHAPED = ['paced', 'warming', 'opening-paced', 'slowed', 'suspended', 'single'] as const
type Shaped = Extract<PathState['hold'], { readonly at: (typeof SHAPED)[number] }>

function isShaped(hold: PathState['hold']): hold is Shaped {
  return SHAPED.some((at) => at === hold.at)
}

/** What rules and replies hold back. */
function ofShape(ends: Pick<OfPath, 'source' | 'site'>, hold: Shaped): OfPath {
  switch (hold.at) {
    case 'paced':
    case 'opening-paced':
      return { ...ends, at: hold.at, rule: hold.limit, until: hold.until }
    case 'warming': {
      const { warmUp, whenFull, until } = hold
      return { ...ends, at: 'warming', warmUp, whenFull, until }
    }
    case 'slowed': {
      const { perMinute, until, reaction } = hold
      return { ...ends, at: 'slowed', perMinute, until, reaction, last: reaction.cause.attempt }
    }
    case 'suspended':
    case 'single':
      return { ...ends, at: hold.at, reaction: hold.reaction, last: hold.reaction.cause.attempt }
  }
}

/** A stream that some path passes over; only where every path does, or it would go the other way. */
function ofPauses({ queue, paths = [] }: QueueState): readonly OfPath[] {
  const [stream, organization] = [queue.split('/').at(-2), queue.split('/').at(-3)]
  const pauses = paths.map(({ source, site, paused = [] }) => {
    const reaction = paused.find(
      (one) => one.stream?.stream === stream && one.stream?.organization === organization,
    )
    return reaction && { source, site, at: 'stream-paused' as const, reaction, last: reaction.cause.attempt }
  })
  return pauses.every((one) => one !== undefined) ? pauses : []
}
