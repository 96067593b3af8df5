/** Who receives in a rehearsal: what a site bears, and what it says when that is exceeded. */

import { PERSONALITIES, Receiver, stranger } from '#engine/receiver'
import type { Personality, Rules } from '#engine/receiver'
import type { Group, PathShape } from '#engine/shaping'
import type { Instant } from '#engine/spool'

export type Reception = {
  /** By which receivers are known; what they do not speak of bears what `otherwise` says. */
  readonly rules: Rules
  readonly otherwise: Rules
  /** They bear this share of what the rules say. */
  readonly bears: number
  /** Messages that receivers bear from a source on each day since they have known it. */
  readonly schedule: readonly number[]
  /** Sources that receivers do not know, besides those that are warmed up. */
  readonly strangers: ReadonlySet<string>
}

/** A site, and the paths that lead to it, by source. */
export type Approached = {
  readonly site: string
  readonly group: Group
  readonly shapes: readonly { readonly source: string; readonly shape: PathShape }[]
}

export function receiverFor(
  { site, group, shapes }: Approached,
  { rules, otherwise, bears, schedule, strangers }: Reception,
  now: Instant,
): Receiver {
  const { provider } = group
  const isKnown = provider === undefined || rules.rules.providers.some(({ name }) => name === provider)
  const days = new Map(
    shapes.map(({ source, shape }) => [source, dayOf(shape, strangers.has(source), now)] as const),
  )
  return new Receiver(personalityOf(site, group), isKnown ? rules : otherwise, {
    share: bears,
    newcomers: { schedule, dayOf: (client) => days.get(client) },
  })
}

/** Whether receivers have known the source for so many days; absent: for long. */
function dayOf({ warmUp }: PathShape, isStranger: boolean, now: Instant): number | undefined {
  if (warmUp === undefined) return isStranger ? 0 : undefined
  const { step } = warmUp.state(now)
  return step === undefined ? undefined : step - 1
}

function personalityOf(site: string, { provider, static: isOwn }: Group): Personality {
  const known = PERSONALITIES.find((one) => provider !== undefined && one.provider === provider)
  const own = { ...(provider === undefined ? {} : { provider }), ...(isOwn === undefined ? {} : { isOwn }) }
  return { ...(known ?? stranger(site)), ...own, host: site }
}
