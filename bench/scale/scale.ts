/**
 * `npm run bench -- --scale`: what a million deliveries for dead sites, thousands of idle connections and tarpits do to
 * a node, and whether that is within the bars. docs/bench.md says what is measured and how.
 */

import { beside } from './beside.ts'
import type { Beside, BesideRow } from './beside.ts'
import { idle } from './idle.ts'
import type { IdleRow } from './idle.ts'
import { queued } from './queued.ts'
import type { Queued, QueuedRow } from './queued.ts'
import { tarpit } from './tarpit.ts'
import type { Tarpit, TarpitRow } from './tarpit.ts'
import { startWorld } from './world.ts'

/** What each row is held to, at most and at least; figures beside these are told and have no bar. */
export const AT_MOST = {
  memoryAboveIdleMiB: 100,
  restartedAboveIdleMiB: 100,
  startSeconds: 10,
  freshSeconds: 1,
  memoryMiB: 150,
  ratio: 2,
} as const
export const AT_LEAST = { kept: 0.8 } as const

type Bars = Readonly<Record<string, number>>
type Measured = QueuedRow | IdleRow | TarpitRow | BesideRow

export type ScaleRow = Measured & {
  readonly bars: { readonly atMost: Bars; readonly atLeast: Bars }
  readonly holds: boolean
}

export type ScaleSize = {
  readonly deliveries: number
  /** Of the rows with many domains. */
  readonly domains: number
  readonly connections: number
  /** Of each phase in which something is watched. */
  readonly seconds: number
}

export const SCALE: ScaleSize = { deliveries: 1_000_000, domains: 100_000, connections: 5_000, seconds: 30 }
export const SCALE_QUICK: ScaleSize = { deliveries: 20_000, domains: 2_000, connections: 500, seconds: 5 }

/** @param only the row to measure; absent: all of them, the others first that leave nothing behind */
export async function scale(
  size: ScaleSize,
  directory: string,
  only: string | undefined,
): Promise<readonly ScaleRow[]> {
  await using world = await startWorld()
  const isWanted = ({ name }: { readonly name: string }): boolean => only === undefined || only === name
  const rows: ScaleRow[] = []
  if (isWanted({ name: 'idle-connections' }))
    rows.push(judged(await idle(size.connections, world, directory)))
  for (const one of [besides(size)].filter(isWanted)) rows.push(judged(await beside(one, world, directory)))
  for (const pit of pits(size).filter(isWanted)) rows.push(judged(await tarpit(pit, world, directory)))
  for (const what of backlogs(size).filter(isWanted))
    rows.push(judged(await queued(what, world, directory, size.seconds)))
  return rows
}

/** What `only` may be. */
export const SCALE_ROWS: readonly string[] = [
  'idle-connections',
  besides(SCALE).name,
  ...pits(SCALE).map(({ name }) => name),
  ...backlogs(SCALE).map(({ name }) => name),
]

function pits({ seconds }: ScaleSize): readonly Tarpit[] {
  return [
    { name: 'tarpit', destinations: 50, seconds },
    { name: 'tarpit-many', destinations: 500, seconds },
  ]
}

function besides({ seconds }: ScaleSize): Beside {
  return { name: 'healthy-beside', healthy: 20, ill: 180, backlog: 500, seconds }
}

function backlogs({ deliveries, domains }: ScaleSize): readonly Queued[] {
  return [
    { name: 'queued-million', deliveries, domains: 1, site: 'refused' },
    { name: 'queued-million-silent', deliveries, domains: 1, site: 'silent' },
    { name: 'queued-million-domains', deliveries, domains, site: 'refused' },
    { name: 'queued-million-domains-silent', deliveries, domains, site: 'silent' },
  ]
}

function judged(row: Measured): ScaleRow {
  const figures: Readonly<Record<string, unknown>> = row
  const of = (bars: Bars): Bars =>
    Object.fromEntries(Object.entries(bars).filter(([name]) => name in figures))
  const [atMost, atLeast] = [of(AT_MOST), of(AT_LEAST)]
  const holds =
    Object.entries(atMost).every(([name, most]) => Number(figures[name]) <= most) &&
    Object.entries(atLeast).every(([name, least]) => Number(figures[name]) >= least)
  return { ...row, bars: { atMost, atLeast }, holds }
}

/** For people: a line for each figure, with its bar where it has one. */
export function scaleText(rows: readonly ScaleRow[]): string {
  return rows
    .map(({ name, bars, holds, ...figures }) => {
      const all = Object.entries(figures).map(([key, value]) => `  ${key}: ${value}${barText(bars, key)}`)
      return [`${name}: ${holds ? 'holds' : 'DOES NOT HOLD'}`, ...all].join('\n')
    })
    .join('\n')
}

function barText({ atMost, atLeast }: ScaleRow['bars'], key: string): string {
  if (key in atMost) return ` (at most ${atMost[key]})`
  return key in atLeast ? ` (at least ${atLeast[key]})` : ''
}
