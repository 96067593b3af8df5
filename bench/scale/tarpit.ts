/** What sites that hold on to every connection do to the mail of the others. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from './client.ts'
import { ScaleNode } from './node.ts'
import { domainOf } from './world.ts'
import type { World } from './world.ts'

export type Tarpit = {
  readonly name: string
  /** One in ten is healthy; of the others one half never says a word, and the other takes seconds for each. */
  readonly destinations: number
  readonly seconds: number
}

export type TarpitRow = Tarpit & {
  /** From the 250 to the arrival of messages to the healthy sites, in ms. */
  readonly p99AloneMs: number
  readonly p99Ms: number
  readonly ratio: number
}

/** Messages a second to the healthy sites, all together; each of the others gets as many as each of them. */
const RATE = 50

const HEALTHY_SHARE = 0.1

/** Seconds before anything is measured: connections are opened, code is compiled. */
const SETTLE = 5

export async function tarpit(what: Tarpit, world: World, directory: string): Promise<TarpitRow> {
  const place = join(directory, what.name)
  mkdirSync(place)
  await using node = await ScaleNode.in(place, world)
  const healthy = Math.max(1, Math.round(what.destinations * HEALTHY_SHARE))
  await measure(node, world, healthy, SETTLE)
  const alone = await measure(node, world, healthy, what.seconds)
  const stop = new AbortController()
  const pits = feed(node, what.destinations - healthy, RATE / healthy, stop.signal)
  await measure(node, world, healthy, SETTLE)
  const beside = await measure(node, world, healthy, what.seconds)
  stop.abort()
  await pits
  const [p99AloneMs, p99Ms] = [percentile(alone), percentile(beside)]
  console.error(`scale: ${what.name}: p99 alone ${p99AloneMs.toFixed(1)} ms, beside ${p99Ms.toFixed(1)} ms`)
  return {
    ...what,
    p99AloneMs: rounded(p99AloneMs),
    p99Ms: rounded(p99Ms),
    ratio: rounded(p99Ms / p99AloneMs),
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

/** Milliseconds from the 250 to the arrival of each message; one that does not come within a minute counts as that. */
async function measure(
  node: ScaleNode,
  world: World,
  healthy: number,
  seconds: number,
): Promise<readonly number[]> {
  using client = await Client.to(node.port)
  const delays: Promise<number>[] = []
  const began = performance.now()
  for (let n = 0; n < seconds * RATE; n += 1) {
    await sleep(Math.max(0, began + (n * 1000) / RATE - performance.now()))
    const token = `pit-${began}-${n}`
    const arrived = world.await(token)
    const kept = await client.send(token, [`user@${domainOf('healthy', n % healthy)}`])
    delays.push(
      Promise.race([arrived.then((at) => Math.max(0, at - kept)), sleep(60_000, 60_000, { ref: false })]),
    )
  }
  return await Promise.all(delays)
}

/** Mail to so many tarpits, `each` messages a second to each, until `signal`. */
async function feed(node: ScaleNode, pits: number, each: number, signal: AbortSignal): Promise<void> {
  using client = await Client.to(node.port)
  const began = performance.now()
  for (let n = 0; !signal.aborted; n += 1) {
    await sleep(Math.max(0, began + (n * 1000) / (pits * each) - performance.now()))
    const to = domainOf(n % 2 === 0 ? 'mute' : 'slow', n % pits)
    await client.send(`fed-${n}`, [`user@${to}`])
  }
}

function percentile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
}
