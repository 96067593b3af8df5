/**
 * `npm run bench -- --scale`: what a million deliveries for dead sites, thousands of idle connections and tarpits do to
 * a node, and whether that is within the bars. docs/bench.md says what is measured and how.
 */

import { idle } from './idle.ts'
import type { IdleRow } from './idle.ts'
import { queued } from './queued.ts'
import type { Queued, QueuedRow } from './queued.ts'
import { tarpit } from './tarpit.ts'
import type { Tarpit, TarpitRow } from './tarpit.ts'
import { startWorld } from './world.ts'

/** What each row is held to; figures beside these are told and have no bar. */
export const BARS = {
  memoryAboveIdleMiB: 100,
  restartedAboveIdleMiB: 100,
  startSeconds: 10,
  freshSeconds: 1,
  memoryMiB: 150,
  ratio: 2,
} as const

export type ScaleRow = (QueuedRow | IdleRow | TarpitRow) & {
  readonly bars: Partial<Record<keyof typeof BARS, number>>
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
  for (const pit of pits(size).filter(isWanted)) rows.push(judged(await tarpit(pit, world, directory)))
  for (const what of backlogs(size).filter(isWanted))
    rows.push(judged(await queued(what, world, directory, size.seconds)))
  return rows
}

/** What `only` may be. */
export const SCALE_ROWS: readonly string[] = [
  'idle-connections',
  ...pits(SCALE).map(({ name }) => name),
  ...backlogs(SCALE).map(({ name }) => name),
]

function pits({ seconds }: ScaleSize): readonly Tarpit[] {
  return [
    { name: 'tarpit', destinations: 50, seconds },
    { name: 'tarpit-many', destinations: 500, seconds },
  ]
}

function backlogs({ deliveries, domains }: ScaleSize): readonly Queued[] {
  return [
    { name: 'queued-million', deliveries, domains: 1, site: 'refused' },
    { name: 'queued-million-silent', deliveries, domains: 1, site: 'silent' },
    { name: 'queued-million-domains', deliveries, domains, site: 'refused' },
    { name: 'queued-million-domains-silent', deliveries, domains, site: 'silent' },
  ]
}

function judged(row: QueuedRow | IdleRow | TarpitRow): ScaleRow {
  const figures: Readonly<Record<string, unknown>> = row
  const bars = Object.fromEntries(Object.entries(BARS).filter(([name]) => name in figures))
  const holds = Object.entries(bars).every(([name, most]) => Number(figures[name]) <= most)
  return { ...row, bars, holds }
}

/** For people: a line for each row, with what has a bar first. */
export function scaleText(rows: readonly ScaleRow[]): string {
  return rows
    .map(({ name, bars, holds, ...figures }) => {
      const all = Object.entries(figures).map(([key, value]) => {
        const most = Object.entries(bars).find(([known]) => known === key)?.[1]
        return `  ${key}: ${value}${most === undefined ? '' : ` (at most ${most})`}`
      })
      return [`${name}: ${holds ? 'holds' : 'DOES NOT HOLD'}`, ...all].join('\n')
    })
    .join('\n')
}
