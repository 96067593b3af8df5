/** `npm run bench -- --api`: what the HTTP API takes in. docs/bench.md says what is measured and how. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { ScaleNode } from '../scale/node.ts'
import { SENDER, domainOf, startWorld } from '../scale/world.ts'
import type { World } from '../scale/world.ts'

import { batch, BATCH, BATCH_QUICK } from './batch.ts'
import type { BatchAcceptRow, BatchRelayRow, BatchSize } from './batch.ts'
import type { Counted, Said, Task } from './client.ts'
import { SEARCH, SEARCH_QUICK, searches } from './search.ts'
import type { SearchRow, SearchSize } from './search.ts'

const CLIENT = join(import.meta.dirname, 'client.ts')

/** At a time, from one program: as many as a busy application has. */
const CONNECTIONS = 64

/** Octets of the text of each message. */
const BODY = 5_000

/** Nothing of it is sent while this runs: what relaying costs has rows of its own. */
const DAY = 86_400_000

export type ApiSize = {
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly batch: BatchSize
  readonly search: SearchSize
}

export const API: ApiSize = { warmUpSeconds: 20, seconds: 20, batch: BATCH, search: SEARCH }
export const API_QUICK: ApiSize = { warmUpSeconds: 5, seconds: 5, batch: BATCH_QUICK, search: SEARCH_QUICK }

/** What a row is held to. */
export const API_AT_LEAST = { messagesPerSecond: 1_500 } as const

export type ApiRow = SingleRow | BatchAcceptRow | BatchRelayRow | SearchRow

type SingleRow = {
  readonly name: 'api-single' | 'api-single-keyed'
  readonly messagesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of the node. */
  readonly cpuMsPerMessage: number
  readonly memoryMiB: number
  readonly atLeast: typeof API_AT_LEAST
  readonly holds: boolean
}

/** `cache`: where the load programs are. @throws {Unavailable} without them */
export async function api(size: ApiSize, directory: string, cache: string): Promise<readonly ApiRow[]> {
  await using world = await startWorld()
  const singles = [
    await single('api-single', size, world, directory),
    await single('api-single-keyed', size, world, directory),
  ]
  const place = join(directory, 'batch')
  mkdirSync(place)
  // smtp-sink runs as another user.
  chmodSync(place, 0o755)
  const batches = await batch(size.batch, place, cache)
  return [...singles, ...batches, ...(await searches(size.search, world, directory))]
}

async function single(
  name: SingleRow['name'],
  { warmUpSeconds, seconds: lasting }: ApiSize,
  world: World,
  directory: string,
): Promise<SingleRow> {
  const place = join(directory, name)
  mkdirSync(place)
  await using node = await ScaleNode.in(place, world)
  const token = node.apiKey()
  const before = { cpu: 0 }
  const counted = await load(
    {
      port: node.apiPort,
      token,
      connections: CONNECTIONS,
      keyed: name === 'api-single-keyed',
      body: requestBody(),
      warmUpSeconds,
      seconds: lasting,
    },
    () => void (before.cpu = node.cpu()),
  )
  const seconds = counted.milliseconds / 1000
  const messagesPerSecond = rounded(counted.messages / seconds)
  return {
    name,
    messagesPerSecond,
    p50Ms: rounded(counted.p50Ms),
    p99Ms: rounded(counted.p99Ms),
    cpuMsPerMessage: rounded((node.cpu() - before.cpu) / counted.messages),
    memoryMiB: rounded(node.memory()),
    atLeast: API_AT_LEAST,
    holds: messagesPerSecond >= API_AT_LEAST.messagesPerSecond,
  }
}

function requestBody(): string {
  return JSON.stringify({
    from: `Shop <shop@${SENDER}>`,
    to: `someone@${domainOf('healthy', 1)}`,
    subject: 'Your order',
    send_at: new Date(Date.now() + DAY).toISOString(),
    text: `${'x'.repeat(76)}\n`.repeat(Math.ceil(BODY / 77)).slice(0, BODY),
  })
}

/** `counting` is called when what counts begins. */
async function load(task: Task, counting: () => void): Promise<Counted> {
  const child = fork(CLIENT, [])
  const { promise, resolve } = Promise.withResolvers<Counted>()
  child.on('message', (message) => {
    const said = message as Said
    if (said.at === 'counted') resolve(said)
    else counting()
  })
  child.send(task)
  const failed = once(child, 'exit').then(() => Promise.reject(new Error('the client of the API failed')))
  return await Promise.race([promise, failed])
}

/** Four significant digits: no run repeats more. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

type Bars = Readonly<Record<string, number>>

type Figures = Readonly<Record<string, unknown>> & { readonly atLeast?: Bars; readonly atMost?: Bars }

/** For people: a line for each figure, with its bar where it has one. */
export function apiText(rows: readonly ApiRow[]): string {
  return rows
    .map(({ name, holds, ...row }) => {
      const { atLeast = {}, atMost = {}, ...figures } = row as Figures
      const lines = Object.entries(figures).map(([key, value]) => {
        const least = key in atLeast ? ` (at least ${atLeast[key]})` : ''
        return `  ${key}: ${String(value)}${least}${key in atMost ? ` (at most ${atMost[key]})` : ''}`
      })
      return [`${name}: ${holds ? 'holds' : 'DOES NOT HOLD'}`, ...lines].join('\n')
    })
    .join('\n')
}
