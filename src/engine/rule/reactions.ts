/** From what files say of reactions to reactions that are ready, or to what is wrong with them. */

import type { Action, ReactionValues } from './keys.ts'
import { parseSample, patternOf } from './reply.ts'
import type { Said } from './reply.ts'
import { labelOf } from './section.ts'
import type { Act, Entries, Reaction, Section } from './section.ts'

export type Problem = (entries: Entries, key: string, words: string) => void

/** Those that are switched on, in the order in which they are asked. */
export function reactionsOf(section: Section, problem: Problem): readonly Reaction[] {
  const all = [...section.reactions].map(([name, entries]) => ({ name, entries }))
  const { true: own = [], false: shipped = [] } = Object.groupBy(all, ({ entries }) =>
    entries.get('')?.value === 'operator' ? 'true' : 'false',
  ) as { true?: typeof all; false?: typeof all }
  return [...own, ...shipped].flatMap(({ name, entries }) => {
    const reaction = reactionOf(labelOf(section.selector), name, entries, problem)
    return reaction === undefined ? [] : [reaction]
  })
}

function reactionOf(layer: string, name: string, entries: Entries, problem: Problem): Reaction | undefined {
  if (entries.get('enabled')?.value === false) {
    if (entries.get('')?.value === 'operator')
      problem(entries, 'enabled', 'the product has no such reaction to switch off')
    return undefined
  }
  const said = valuesOf(entries)
  const wrong = mistake(said)
  if (wrong !== undefined) {
    problem(entries, ...wrong)
    return undefined
  }
  const { samples = [], counter_samples: counter = [] } = said
  return {
    ...plan(said),
    id: `${layer}: ${name}`,
    layer,
    name,
    place: entries.get('')?.place ?? {},
    samples: samplesOf(samples, said, (words) => problem(entries, 'samples', words)),
    counterSamples: samplesOf(counter, said, (words) => problem(entries, 'counter_samples', words)),
  }
}

function plan(said: Values): Pick<Reaction, 'pattern' | 'times' | 'within' | 'act' | 'delivery'> {
  const { times = 1, within = 0, delivery } = said
  const own = delivery === undefined ? {} : { delivery }
  return { pattern: patternOf(said), times, within, act: actOf(said), ...own }
}

type Values = Partial<Omit<ReactionValues, 'counterSamples' | 'perMinute'>> & {
  readonly per_minute?: number
  readonly counter_samples?: readonly string[]
}

/** Every value has passed the parser of its key. */
function valuesOf(entries: Entries): Values {
  return Object.fromEntries(Array.from(entries, ([key, { value }]) => [key, value])) as Values
}

type Mistake = readonly [key: string, words: string]

/** The first thing that makes no sense: the key, and why. */
function mistake(said: Values): Mistake | undefined {
  return patternMistake(said) ?? timesMistake(said) ?? actMistake(said)
}

function patternMistake({ stage, code, enhanced, text, failure }: Values): Mistake | undefined {
  if ([stage, code, enhanced, text, failure].every((part) => part === undefined))
    return ['stage', 'is missing: it would match everything; say stage, code, enhanced, text or failure']
  if (failure !== undefined && (code !== undefined || enhanced !== undefined))
    return ['failure', 'can never match beside code or enhanced: where a connection fails there is no reply']
  return undefined
}

function timesMistake({ times = 1, within }: Values): Mistake | undefined {
  if (times > 1 !== (within !== undefined)) return ['within', 'goes together with times from 2 on']
  return times > MOST_TIMES ? ['times', `is at most ${MOST_TIMES}`] : undefined
}

function actMistake({
  do: action,
  to,
  share,
  per_minute: perMinute,
  for: duration,
}: Values): Mistake | undefined {
  if (action === undefined) return ['do', 'is missing: what is to be done']
  const isLasting = !BRIEF.has(action)
  if (isLasting && duration === undefined) return ['for', `is missing: how long to ${action}`]
  if (!isLasting && duration !== undefined) return ['for', `has no meaning for ${action}`]
  if ((action === 'reroute') !== (to !== undefined)) return ['to', 'goes together with do = "reroute"']
  const isRate = share !== undefined || perMinute !== undefined
  return isRate && action !== 'slow' ? ['share', 'and per_minute go together with do = "slow"'] : undefined
}

/** Over as soon as they are done. */
const BRIEF: ReadonlySet<Action> = new Set<Action>(['bounce', 'suppress', 'none'])

/** Times of matches are kept in memory. */
const MOST_TIMES = 1000

/** Of values that make sense. */
function actOf(said: Values): Act {
  const { do: action = 'none', for: duration = 0 } = said
  switch (action) {
    case 'suspend':
    case 'one-connection':
    case 'pause-stream':
    case 'hold-campaign':
      return { do: action, for: duration }
    case 'slow':
      return slowing(said, duration)
    case 'reroute':
      return rerouting(said, duration)
    case 'bounce':
    case 'suppress':
    case 'none':
      return { do: action }
  }
}

function rerouting({ to = '' }: Values, duration: number): Act {
  return { do: 'reroute', for: duration, to }
}

function slowing({ share = 0.5, per_minute: perMinute }: Values, duration: number): Act {
  return { do: 'slow', for: duration, share, ...(perMinute === undefined ? {} : { perMinute }) }
}

function samplesOf(
  samples: readonly string[],
  { stage }: Values,
  problem: (words: string) => void,
): readonly Said[] {
  return samples.flatMap((sample) => {
    const said = parseSample(sample, stage?.[0] ?? 'end of data')
    if (said === undefined) problem(`is no reply: ${sample}`)
    return said === undefined ? [] : [said]
  })
}
