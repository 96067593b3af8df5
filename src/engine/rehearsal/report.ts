/** What a rehearsal has to tell: of each part, when it is done and what held it back. */

import type { Instant } from '#engine/spool'

import { isReaction, nameOf } from './binding.ts'
import type { Binding } from './binding.ts'
import type { Account, Counts, ReactionSum } from './ledger.ts'
import type { Phase } from './phases.ts'
import type { Timeline } from './timeline.ts'

/** What goes to one provider, or to one site that is of none. */
export type Part = Readonly<Counts> & {
  /** The provider, or the site. */
  readonly name: string
  readonly provider?: string
  readonly domains: readonly string[]
  /** How many sites they lead to. */
  readonly sites: number
  /** Milliseconds from the beginning until the last of them has ended, and until 95 of 100 have. */
  readonly after: number
  readonly nearly: number
  /** Messages a minute that were taken, over all of that time. */
  readonly perMinute: number
  /** What held it back the longest, and from which source. */
  readonly bound: Binding
  readonly source: string
  readonly reactions: readonly ReactionSum[]
  /** Each source by itself; where there are several sites, of the one with the most messages. */
  readonly sources: readonly {
    readonly source: string
    readonly sent: number
    readonly phases: readonly Phase[]
  }[]
}

export type Rehearsed = Readonly<Counts> & {
  readonly start: Instant
  readonly seed: number
  readonly after: number
  /** The last to be done first. */
  readonly parts: readonly Part[]
}

type Opened = {
  readonly name: string
  readonly provider: string | undefined
  readonly domains: readonly string[]
  readonly sites: number
  readonly account: Account
  readonly sources: readonly {
    readonly source: string
    readonly timeline: Timeline
    readonly sent: () => number
  }[]
}

/** Lines that somebody reads. */
const PHASES = 10

export function reportOf(
  opened: readonly Opened[],
  { start, seed }: { readonly start: Instant; readonly seed: number },
): Rehearsed {
  const parts = opened.map((one) => partOf(one, start)).toSorted((a, b) => b.after - a.after)
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0)
  return {
    start,
    seed,
    after: parts[0]?.after ?? 0,
    messages: sum(({ messages }) => messages),
    delivered: sum(({ delivered }) => delivered),
    bounced: sum(({ bounced }) => bounced),
    expired: sum(({ expired }) => expired),
    deferrals: sum(({ deferrals }) => deferrals),
    retries: sum(({ retries }) => retries),
    parts,
  }
}

function partOf({ name, provider, domains, sites, account, sources }: Opened, start: Instant): Part {
  const after = account.last - start
  const ways = sources.map(({ source, timeline, sent }) => {
    timeline.end(account.last)
    return { source, sent: sent(), phases: timeline.phases(PHASES) }
  })
  const most = ways.toSorted((a, b) => b.sent - a.sent)[0]
  return {
    name,
    ...(provider === undefined ? {} : { provider }),
    domains,
    sites,
    ...account.counts,
    after,
    nearly: account.nearly - start,
    perMinute: after === 0 ? 0 : (account.counts.delivered / after) * 60_000,
    bound: longest(most?.phases ?? []),
    source: most?.source ?? '',
    reactions: account.reactions,
    sources: ways,
  }
}

/** Of what can be changed; that retries are waited for comes of something else. */
function longest(phases: readonly Phase[]): Binding {
  const lasted = new Map<string, { readonly by: Binding; time: number }>()
  for (const { by, from, to, lasted: own } of phases) {
    const one = lasted.getOrInsertComputed(nameOf(by), () => ({ by, time: 0 }))
    one.time += isReaction(by) && own !== undefined ? own : to - from
  }
  const all = [...lasted.values()].toSorted((a, b) => b.time - a.time)
  const found = all.find(({ by }) => by.at !== 'retries' && by.at !== 'nothing') ?? all[0]
  return found?.by ?? { at: 'nothing' }
}
