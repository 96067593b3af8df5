/** A plan of messages by domain, run against the rules: when each provider's part would be done, and what limits it. */

import { courseOf, finish } from './course.ts'
import type { Bound, Finish, Pace, Said } from './course.ts'

/** Messages to one domain. */
export type Share = {
  readonly domain: string
  readonly count: number
  readonly site: string
  readonly provider?: string | undefined
}

/** What goes to one provider, or to one site that is of none. */
export type Part = {
  /** The provider, or the site. */
  readonly name: string
  readonly provider?: string
  readonly domains: readonly string[]
  readonly messages: number
  /** Milliseconds from the beginning. */
  readonly after: number
  readonly perMinute: number
  /** What limits it, and from which source. */
  readonly bound: Bound
  readonly source: string
}

export type Rehearsed = {
  readonly messages: number
  readonly after: number
  /** The last to be done first. */
  readonly parts: readonly Part[]
}

type Plan = {
  readonly shares: readonly Share[]
  /** Each takes as much as the others. */
  readonly sources: readonly string[]
  readonly pace: Pace
  readonly resolve: (source: string, share: Share) => Said
}

export function rehearse(plan: Plan): Rehearsed {
  const parts = [...Map.groupBy(plan.shares, ({ provider, site }) => provider ?? site)]
    .map(([name, shares]) => partOf(name, shares, plan))
    .toSorted((a, b) => b.after - a.after)
  return {
    messages: plan.shares.reduce((sum, { count }) => sum + count, 0),
    after: parts[0]?.after ?? 0,
    parts,
  }
}

function partOf(name: string, shares: readonly Share[], plan: Plan): Part {
  const found = plan.sources.map((source) => ({ source, ...slowest(source, shares, plan) }))
  const last = found.reduce((a, b) => (b.after > a.after ? b : a))
  const messages = shares.reduce((sum, { count }) => sum + count, 0)
  const { provider } = shares[0] ?? {}
  return {
    name,
    ...(provider === undefined ? {} : { provider }),
    domains: [...new Set(shares.map(({ domain }) => domain))],
    messages,
    after: last.after,
    perMinute: last.after === 0 ? 0 : (messages / last.after) * 60_000,
    bound: last.bound,
    source: last.source,
  }
}

/** Of what one source sends: no site is done before its own limits let it, nor all before what they share. */
function slowest(source: string, shares: readonly Share[], { sources, pace, resolve }: Plan): Finish {
  const sites = [...Map.groupBy(shares, ({ site }) => site).values()]
  const mine = (part: readonly Share[]): number =>
    Math.ceil(part.reduce((sum, { count }) => sum + count, 0) / sources.length)
  const finishes = sites.flatMap((part) => {
    const [first] = part
    if (first === undefined) return []
    const said = resolve(source, first)
    // One site alone is held by both at once.
    return [finish(courseOf(said, sites.length === 1 ? 'both' : 'own', pace), mine(part))]
  })
  const [first] = shares
  if (first !== undefined && first.provider !== undefined && sites.length > 1)
    finishes.push(finish(courseOf(resolve(source, first), 'shared', pace), mine(shares)))
  return finishes.reduce((a, b) => (b.after > a.after ? b : a))
}
