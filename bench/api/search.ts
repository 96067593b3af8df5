/** What it takes to find a recipient's deliveries among millions, and to show how a month went: over HTTP, on both stores. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { startPostgres } from '../../test/postgres.ts'
import { ScaleNode } from '../scale/node.ts'
import type { World } from '../scale/world.ts'

import { fillPostgres, fillSqlite, pastOf, recipientOf } from './past.ts'
import type { Past } from './past.ts'

export type SearchSize = {
  readonly deliveries: number
  readonly searches: number
  readonly dashboards: number
}

export const SEARCH: SearchSize = { deliveries: 5_000_000, searches: 1_000, dashboards: 300 }
export const SEARCH_QUICK: SearchSize = { deliveries: 250_000, searches: 200, dashboards: 100 }

export const SEARCH_AT_MOST = { p99Ms: 100 } as const
export const DASHBOARD_AT_MOST = { p99Ms: 50 } as const

/** `p99Ms` is that of the slower store. */
export type SearchRow = {
  readonly name: 'search-recipient' | 'dashboard'
  readonly deliveries: number
  readonly p99Ms: number
  readonly sqliteP50Ms: number
  readonly sqliteP99Ms: number
  readonly postgresP50Ms: number
  readonly postgresP99Ms: number
  /** Rows, entries and counts of all deliveries. */
  readonly sqliteFillSeconds: number
  readonly postgresFillSeconds: number
  readonly atMost: { readonly p99Ms: number }
  readonly holds: boolean
}

type Measured = { readonly fillSeconds: number; readonly search: Times; readonly dashboard: Times }
type Times = { readonly p50Ms: number; readonly p99Ms: number }

export async function searches(
  size: SearchSize,
  world: World,
  directory: string,
): Promise<readonly SearchRow[]> {
  const past = pastOf(size.deliveries, Date.now())
  const sqlite = await measured(size, past, await placed(directory, 'search-sqlite', world), (data) => {
    fillSqlite(join(data, 'spool.db'), past)
    return Promise.resolve()
  })
  const server = await startPostgres()
  try {
    const place = await placed(directory, 'search-postgres', world, server.url)
    const postgres = await measured(size, past, place, () => fillPostgres(server.url, past))
    return [
      row('search-recipient', past, [sqlite, postgres], SEARCH_AT_MOST),
      row('dashboard', past, [sqlite, postgres], DASHBOARD_AT_MOST),
    ]
  } finally {
    await server.stop()
  }
}

type Place = { readonly data: string; readonly node: ScaleNode }

async function placed(directory: string, name: string, world: World, store?: string): Promise<Place> {
  const place = join(directory, name)
  mkdirSync(place)
  return { data: join(place, 'data'), node: await ScaleNode.in(place, world, store) }
}

async function measured(
  { searches: count, dashboards }: SearchSize,
  past: Past,
  { data, node: running }: Place,
  fill: (data: string) => Promise<void>,
): Promise<Measured> {
  await using node = running
  const token = node.apiKey('messages:read', 'statistics:read')
  await node.kill()
  const began = performance.now()
  await fill(data)
  const fillSeconds = Math.round((performance.now() - began) / 100) / 10
  await node.start()
  const ask = asking(node.apiPort, token)
  await answered(() => ask('/v1/statistics'))
  const search = await timed(count, async (i) => {
    const wanted = recipientOf(past, (i * 104_729) % past.deliveries)
    const { data: rows } = await ask<{ data: readonly unknown[] }>(
      `/v1/deliveries?recipient=${encodeURIComponent(wanted)}`,
    )
    if (rows.length === 0) throw new Error(`${wanted} was not found`)
  })
  const dashboard = await timed(dashboards, async () => {
    const [days, classes] = await Promise.all([
      ask<{ data: readonly unknown[] }>('/v1/statistics?by=day'),
      ask<{ data: readonly unknown[] }>('/v1/statistics?by=class'),
    ])
    if (days.data.length < 2 || classes.data.length < 2) throw new Error('the dashboard is empty')
  })
  return { fillSeconds, search, dashboard }
}

function asking(port: number, token: string): <T>(path: string) => Promise<T> {
  return async <T>(path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}

/** The node is ready for mail before its API is. */
async function answered(ask: () => Promise<unknown>): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    try {
      await ask()
      return
    } catch {
      await sleep(100)
    }
  }
}

/** Asked before anything is measured. */
const WARM_UP = 20

/** One after the other. */
async function timed(count: number, ask: (i: number) => Promise<void>): Promise<Times> {
  const times: number[] = []
  for (let i = -WARM_UP; i < count; i += 1) {
    const began = performance.now()
    await ask(i + WARM_UP)
    if (i >= 0) times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  const at = (rank: number): number => times[Math.min(times.length - 1, Math.floor(times.length * rank))] ?? 0
  return { p50Ms: rounded(at(0.5)), p99Ms: rounded(at(0.99)) }
}

function row(
  name: SearchRow['name'],
  { deliveries }: Past,
  [sqlite, postgres]: readonly [Measured, Measured],
  atMost: SearchRow['atMost'],
): SearchRow {
  const of = name === 'dashboard' ? 'dashboard' : 'search'
  const p99Ms = Math.max(sqlite[of].p99Ms, postgres[of].p99Ms)
  return {
    name,
    deliveries,
    p99Ms,
    sqliteP50Ms: sqlite[of].p50Ms,
    sqliteP99Ms: sqlite[of].p99Ms,
    postgresP50Ms: postgres[of].p50Ms,
    postgresP99Ms: postgres[of].p99Ms,
    sqliteFillSeconds: sqlite.fillSeconds,
    postgresFillSeconds: postgres.fillSeconds,
    atMost,
    holds: p99Ms <= atMost.p99Ms,
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
