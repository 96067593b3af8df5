/** What a great many deliveries cost that wait for sites which do not answer. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from './client.ts'
import { ScaleNode, settledMemory } from './node.ts'
import type { Behaviour, World } from './world.ts'
import { domainOf } from './world.ts'

export type Queued = {
  readonly name: string
  readonly deliveries: number
  /** Over how many domains, each with a site of its own, and how these behave. */
  readonly domains: number
  readonly site: Behaviour
}

export type QueuedRow = Queued & {
  /** Deliveries a second that were taken in while the queue grew. */
  readonly acceptedPerSecond: number
  /** The largest value while they wait and are tried, less that of the same process before, in MiB. */
  readonly memoryAboveIdleMiB: number
  /** The same after a kill and a start. */
  readonly restartedAboveIdleMiB: number
  /** From the start after a kill until `/readyz` says so. */
  readonly startSeconds: number
  /** From the same start until a fresh message, sent as soon as it is ready, has arrived. */
  readonly startFreshSeconds: number
  /** The longest that any fresh message to a healthy site took, from connecting to the node until it arrived. */
  readonly freshSeconds: number
}

/** Recipients of one message: as many as the default allows. */
const TOGETHER = 1000
const SESSIONS = 8
/** Deliveries that warm a node up, on their way to healthy sites. */
const WARM_UP = 20_000

/** @param seconds how long the waiting node is watched, before the kill and after */
export async function queued(
  what: Queued,
  world: World,
  directory: string,
  seconds: number,
): Promise<QueuedRow> {
  const place = join(directory, what.name)
  mkdirSync(place)
  await using node = await ScaleNode.in(place, world)
  await fill(node, `${what.name}-warm`, WARM_UP, (n) => `user${n}@${domainOf('healthy', n % 10)}`)
  const idle = await settledMemory(node)
  const began = performance.now()
  await fill(node, what.name, what.deliveries, (n) => `user${n}@${domainOf(what.site, n % what.domains)}`)
  const filled = (performance.now() - began) / 1000
  say(`${what.name}: ${what.deliveries} are queued after ${filled.toFixed(1)} s`)
  const before = await watch(node, world, seconds)
  await node.kill()
  const restart = performance.now()
  const started = await node.start()
  await fresh(node, world, 'healthy-0')
  const startFresh = performance.now() - restart
  const after = await watch(node, world, seconds)
  await node.kill()
  return {
    ...what,
    acceptedPerSecond: Math.round(what.deliveries / filled),
    memoryAboveIdleMiB: Math.round(before.memory - idle),
    restartedAboveIdleMiB: Math.round(after.memory - idle),
    startSeconds: seconded(started),
    startFreshSeconds: seconded(startFresh),
    freshSeconds: seconded(Math.max(before.slowest, after.slowest)),
  }
}

function say(line: string): void {
  console.error(`scale: ${line}`)
}

function seconded(milliseconds: number): number {
  return Math.round(milliseconds) / 1000
}

async function fill(
  node: ScaleNode,
  token: string,
  count: number,
  recipient: (n: number) => string,
): Promise<void> {
  let next = 0
  const session = async (): Promise<void> => {
    using client = await Client.to(node.port)
    while (next < count) {
      const from = next
      next = Math.min(count, next + TOGETHER)
      const to = Array.from({ length: next - from }, (_, i) => recipient(from + i))
      await client.send(token, to)
    }
  }
  await Promise.all(Array.from({ length: SESSIONS }, session))
}

type Watched = { readonly memory: number; readonly slowest: number }

/** Two fresh messages a second, one to a site that is known and one to a site that never was: the slowest counts. */
async function watch(node: ScaleNode, world: World, seconds: number): Promise<Watched> {
  let memory = 0
  let slowest = 0
  for (let second = 0; second < seconds; second += 1) {
    const [took] = await Promise.all([
      Promise.all([
        fresh(node, world, domainOf('healthy', 0)),
        fresh(node, world, `new${count}.healthy.example`),
      ]),
      sleep(1_000),
    ])
    memory = Math.max(memory, node.memory())
    slowest = Math.max(slowest, ...took)
    say(`${Math.round(node.memory())} MiB, fresh ${took.map(Math.round).join(' and ')} ms`)
  }
  return { memory, slowest }
}

let count = 0

/** Sends one message and waits for it; gives the milliseconds. */
async function fresh(node: ScaleNode, world: World, domain: string): Promise<number> {
  const began = performance.now()
  const token = `fresh-${(count += 1)}`
  const arrived = world.await(token)
  using client = await Client.to(node.port)
  await client.send(token, [`fresh@${domain.includes('.') ? domain : `${domain}.healthy.example`}`])
  return (await Promise.race([arrived, sleep(60_000, began + 60_000, { ref: false })])) - began
}
