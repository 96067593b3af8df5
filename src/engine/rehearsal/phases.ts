/** What held messages back from when till when, told shortly. */

import { isReaction, nameOf } from './binding.ts'
import type { Binding } from './binding.ts'

/** Milliseconds from the beginning. */
export type Phase = {
  readonly from: number
  readonly to: number
  readonly by: Binding
  /** Messages that were taken in it. */
  readonly sent: number
  /** How often it came and went in this time, the other things between it included; absent for once. */
  readonly times?: number
  /** Milliseconds of it in all, where it came more than once. */
  readonly lasted?: number
}

/** As it was noted, in any time. */
type Noted = Pick<Phase, 'from' | 'to' | 'by' | 'sent'>

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Merged = Mutable<Phase>

/** No more than `most`: what is too short to matter, and what comes again and again, is told with its neighbours. */
export function fewer(phases: readonly Noted[], most: number): readonly Phase[] {
  let found = without(joined(phases), ({ from, to }, total) => to - from < total * TINY)
  if (found.length > most) found = without(found, shortest(found, most))
  if (found.length > most) found = alternating(found)
  return found.length > most ? cut(found, most) : found
}

/** Without those that took no time, equal neighbours as one. */
function joined(phases: readonly Noted[]): readonly Merged[] {
  const found: Merged[] = []
  let carried = 0
  for (const { from, to, by, sent } of phases) {
    const before = found.at(-1)
    if (before !== undefined && (to === from || nameOf(before.by) === nameOf(by))) {
      before.to = to
      before.sent += sent
    } else if (to === from) carried += sent
    else {
      found.push({ from, to, by, sent: sent + carried })
      carried = 0
    }
  }
  return found
}

type IsShort = (one: Merged, total: number) => boolean

/** Those beyond `most` that are shorter than all others, and short. */
function shortest(phases: readonly Merged[], most: number): IsShort {
  const lengths = phases.filter(({ by }) => !isReaction(by)).map(({ from, to }) => to - from)
  const limit = lengths.toSorted((a, b) => a - b)[phases.length - most - 1] ?? Infinity
  return ({ from, to }, total) => to - from <= Math.min(limit, total * SHORT)
}

/** Short ones that are no reaction are part of the one before, or of the one after. */
function without(phases: readonly Merged[], isShort: IsShort): readonly Merged[] {
  const all = phases.map((one) => ({ ...one }))
  const total = (all.at(-1)?.to ?? 0) - (all[0]?.from ?? 0)
  const kept: Merged[] = []
  for (const [i, one] of all.entries()) {
    const before = kept.at(-1)
    const isGone = !isReaction(one.by) && isShort(one, total)
    const after = isGone ? comesBefore(before, all[i + 1]) : undefined
    if (after !== undefined) precede(after, one)
    else if (before !== undefined && (isGone || nameOf(before.by) === nameOf(one.by))) absorb(before, one)
    else kept.push(one)
  }
  return kept
}

/** What a short one is told with: `after`, where it is not to be told with `before`. */
function comesBefore(before: Merged | undefined, after: Merged | undefined): Merged | undefined {
  // What goes on a day of a warm-up goes before its number is reached.
  if (after?.by.at === 'warm-up') return after
  // How it went before the first reaction is the beginning of every story.
  return before === undefined && after !== undefined && !isReaction(after.by) ? after : undefined
}

function precede(after: Merged, one: Merged): void {
  after.from = one.from
  after.sent += one.sent
}

/** Of the whole: what is shorter is of no interest at all. */
const TINY = 0.005
/** Of the whole: less than this is of no interest where there is too much. */
const SHORT = 0.02

/** The time between two of the same reaction is not of it. */
function absorb(into: Merged, one: Merged): void {
  if (isReaction(into.by) && nameOf(into.by) === nameOf(one.by)) {
    into.lasted = lastedOf(into) + lastedOf(one)
    into.times = (into.times ?? 1) + (one.times ?? 1)
  } else if (isReaction(into.by)) into.lasted = lastedOf(into)
  else if (!isReaction(one.by) && one.to - one.from > into.to - into.from) into.by = one.by
  into.to = one.to
  into.sent += one.sent
}

function lastedOf({ lasted, from, to }: Merged): number {
  return lasted ?? to - from
}

/** A reaction that comes again and again, with what is between, as one. */
function alternating(phases: readonly Merged[]): readonly Merged[] {
  const found: Merged[] = []
  for (let i = 0; i < phases.length;) {
    const run = phases.slice(i, turnsFrom(phases, i))
    const reaction = run.find(({ by }) => isReaction(by))
    if (reaction === undefined || run.length < 4) {
      found.push(...run.slice(0, 1).map((one) => ({ ...one })))
      i += 1
    } else {
      found.push(asOne(run, reaction.by))
      i += run.length
    }
  }
  return found
}

/** Where it ends that only two things take turns, from `at` on. */
function turnsFrom(phases: readonly Merged[], at: number): number {
  const names = new Set<string>()
  const end = phases.findIndex(({ by }, i) => i >= at && names.add(nameOf(by)).size > 2)
  return end < 0 ? phases.length : end
}

function asOne(run: readonly Merged[], by: Binding): Merged {
  const own = run.filter((one) => nameOf(one.by) === nameOf(by))
  return {
    from: run[0]?.from ?? 0,
    to: run.at(-1)?.to ?? 0,
    by,
    sent: run.reduce((sum, { sent }) => sum + sent, 0),
    times: own.reduce((sum, { times = 1 }) => sum + times, 0),
    lasted: own.reduce((sum, one) => sum + lastedOf(one), 0),
  }
}

/** The longest ones; what lies between belongs to the one before. */
function cut(phases: readonly Merged[], most: number): readonly Merged[] {
  const kept = new Set(
    phases
      .slice(1)
      .toSorted((a, b) => b.to - b.from - (a.to - a.from))
      .slice(0, most - 1),
  )
  const found: Merged[] = []
  for (const one of phases) {
    const before = found.at(-1)
    if (before === undefined || kept.has(one)) found.push({ ...one })
    else absorb(before, one)
  }
  return found
}
