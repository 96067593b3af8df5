/** How much mail healthy sites still get when most of the others hold on to every connection, or put everything off. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from './client.ts'
import { ScaleNode } from './node.ts'
import { domainOf } from './world.ts'
import type { Behaviour, World } from './world.ts'

export type Beside = {
  readonly name: 'healthy-beside'
  readonly healthy: number
  /** A third of them never says a word, a third takes seconds for each, a third refuses each recipient for now. */
  readonly ill: number
  /** Deliveries that wait for each of the ill ones when it is measured. */
  readonly backlog: number
  readonly seconds: number
}

export type BesideRow = Beside & {
  /** Messages a second that arrived at the healthy sites. */
  readonly aloneMessagesPerSecond: number
  readonly besideMessagesPerSecond: number
  /** The second over the first. */
  readonly kept: number
}

const ILL: readonly Behaviour[] = ['mute', 'slow', 'deferring']

/** Sessions with the healthy sites' mail: each sends the next message when the last one has arrived. */
const SESSIONS = 100

/** Fresh messages a second to each ill site, while it is measured. */
const EACH = 1

/** Seconds before anything is measured, so that code is compiled; or it would be faster beside the ill than alone. */
const WARM_UP = 20
/** Seconds with the ill ones before they count: connections are opened, failures are seen. */
const SETTLE = 5

/** A message that takes longer, in ms, is given up by its session. */
const PATIENCE = 60_000

export async function beside(what: Beside, world: World, directory: string): Promise<BesideRow> {
  const place = join(directory, what.name)
  mkdirSync(place)
  await using node = await ScaleNode.in(place, world)
  const stop = new AbortController()
  const sessions = Array.from({ length: SESSIONS }, (_, n) =>
    press(node, world, n % what.healthy, stop.signal),
  )
  await sleep(WARM_UP * 1_000)
  const alone = await rate(world, what.seconds)
  await fill(node, what)
  const ill = feed(node, what.ill, stop.signal)
  await sleep(SETTLE * 1_000)
  const together = await rate(world, what.seconds)
  stop.abort()
  await Promise.all([...sessions, ill])
  console.error(`scale: ${what.name}: ${Math.round(alone)}/s alone, ${Math.round(together)}/s beside`)
  return {
    ...what,
    aloneMessagesPerSecond: Math.round(alone),
    besideMessagesPerSecond: Math.round(together),
    kept: Number((together / alone).toPrecision(3)),
  }
}

/** Messages a second that reach the healthy hosts. */
async function rate(world: World, seconds: number): Promise<number> {
  const [before, began] = [world.taken, performance.now()]
  await sleep(seconds * 1_000)
  return ((world.taken - before) / (performance.now() - began)) * 1_000
}

async function press(node: ScaleNode, world: World, healthy: number, signal: AbortSignal): Promise<void> {
  using client = await Client.to(node.port)
  while (!signal.aborted) {
    const token = `pressed-${(count += 1)}`
    const arrived = world.await(token)
    await client.send(token, [`user@${domainOf('healthy', healthy)}`])
    await Promise.race([arrived, sleep(PATIENCE, undefined, { ref: false })])
  }
}

let count = 0

async function fill(node: ScaleNode, { ill, backlog }: Beside): Promise<void> {
  using client = await Client.to(node.port)
  for (let n = 0; n < ill; n += 1) {
    const to = Array.from({ length: backlog }, (_, i) => `user${i}@${illDomain(n)}`)
    await client.send(`backlog-${n}`, to)
  }
}

async function feed(node: ScaleNode, ill: number, signal: AbortSignal): Promise<void> {
  using client = await Client.to(node.port)
  const began = performance.now()
  for (let n = 0; !signal.aborted; n += 1) {
    await sleep(Math.max(0, began + (n * 1000) / (ill * EACH) - performance.now()))
    await client.send(`ill-${n}`, [`user@${illDomain(n % ill)}`])
  }
}

function illDomain(n: number): string {
  return domainOf(ILL[n % ILL.length] ?? 'mute', n)
}
