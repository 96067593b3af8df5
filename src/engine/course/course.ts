/**
 * How long so many messages take where limits hold, as arithmetic: by window and not by message, so that a million of
 * them cost no more than ten. Knows nothing of reactions: it is what happens when a receiver is content.
 */

import type { Origin } from '#engine/rule'

import type { Pace } from './pace.ts'

/** Values of rules by key as files write it, and who says each: as `resolve` gives them. */
export type Said = {
  readonly values: ReadonlyMap<string, number | string>
  readonly origins: ReadonlyMap<string, Origin>
}

/** What keeps messages back: so many within so long, or so many connections at a time. */
export type Bound = {
  readonly key: string
  readonly value: number
  readonly origin?: Origin | undefined
}

type Window = Bound & {
  /** Messages that it lets begin in one period. */
  readonly most: number
  /** Milliseconds until as many may begin again. */
  readonly period: number
}

export type Course = {
  readonly connections: number
  readonly perConnection: number
  readonly pace: Pace
  /** What it is when only connections hold it back. */
  readonly ground: Bound
  /** The shortest period first. */
  readonly windows: readonly Window[]
}

export type Finish = {
  /** Milliseconds until the last of them is done. */
  readonly after: number
  /** What they wait for the longest. */
  readonly bound: Bound
}

/** `own`: what one path may do alone. `shared`: what all sites of a provider may do together. */
export function courseOf(said: Said, scope: 'own' | 'shared' | 'both', pace: Pace): Course {
  const prefixes = scope === 'both' ? ['', 'shared.'] : [scope === 'own' ? '' : 'shared.']
  const found = (name: string): readonly Bound[] =>
    prefixes.flatMap((prefix) => boundOf(said, `${prefix}${name}`))
  const ground = found('connections').toSorted((a, b) => a.value - b.value)[0]
  const perConnection = Math.min(
    ...[...boundOf(said, 'messages_per_connection'), ...boundOf(said, 'recipients_per_connection')].map(
      ({ value }) => value,
    ),
    MANY,
  )
  const windows = SPANS.flatMap(([unit, span]) => [
    ...found(`messages_per_${unit}`).map((bound) => ({
      ...bound,
      most: bound.value,
      period: periodOf(span, pace.transaction),
    })),
    ...found(`connections_per_${unit}`).map((bound) => ({
      ...bound,
      most: bound.value * perConnection,
      period: periodOf(span, pace.connecting),
    })),
  ])
  return {
    connections: ground?.value ?? MANY,
    perConnection,
    pace,
    ground: ground ?? { key: 'connections', value: 0 },
    windows: windows.toSorted((a, b) => a.period - b.period),
  }
}

/** When `count` messages to one recipient each are done, if they begin at once and none is put off. */
export function finish(course: Course, count: number): Finish {
  const { time, waits } = through(course, course.windows.length, count)
  const [longest] = [...waits].toSorted(([, a], [, b]) => b - a)
  const onConnections = groundTime(course, count)
  const isWindow = longest !== undefined && longest[1] >= Math.min(onConnections, time - longest[1])
  return { after: time, bound: isWindow ? plain(longest[0]) : course.ground }
}

type Passed = { readonly time: number; readonly waits: ReadonlyMap<Window, number> }

/**
 * Of nested windows, each fills as fast as those within it let it, and then waits for the rest of its period. As many
 * steps as there are windows, twice over.
 */
function through(course: Course, level: number, count: number): Passed {
  const window = course.windows[level - 1]
  if (window === undefined || count <= 0) return { time: groundTime(course, count), waits: new Map() }
  const full = Math.max(0, Math.ceil(count / window.most) - 1)
  const rest = through(course, level - 1, count - full * window.most)
  if (full === 0) return rest
  const filled = through(course, level - 1, window.most)
  const waits = new Map(rest.waits)
  for (const [inner, wait] of filled.waits) waits.set(inner, (waits.get(inner) ?? 0) + full * wait)
  const wait = Math.max(0, window.period - filled.time)
  if (wait > 0) waits.set(window, full * wait)
  return { time: full * Math.max(window.period, filled.time) + rest.time, waits }
}

/** Connections that all work at once, are filled, and are made anew. */
function groundTime({ connections, perConnection, pace }: Course, count: number): number {
  if (count <= 0) return 0
  const cycle = pace.connecting + perConnection * pace.transaction
  const rounds = Math.max(0, Math.ceil(count / (connections * perConnection)) - 1)
  const rest = count - rounds * connections * perConnection
  return rounds * cycle + pace.connecting + Math.ceil(rest / connections) * pace.transaction
}

const SPANS = [
  ['second', 1_000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
] as const

/** The path's windows are counted in so many slots; what ended counts to the end of its slot, a span later. */
const SLOTS = 64

function periodOf(span: number, busy: number): number {
  const slot = span / SLOTS
  return span + slot * (Math.floor(busy / slot) + 1)
}

/** In place of no limit: arithmetic with Infinity gives NaN. */
const MANY = 1_000_000

/** None where there is no limit. */
function boundOf({ values, origins }: Said, key: string): readonly Bound[] {
  const value = values.get(key)
  return typeof value === 'number' && value > 0 ? [{ key, value, origin: origins.get(key) }] : []
}

function plain({ key, value, origin }: Bound): Bound {
  return { key, value, origin }
}
