/** One measured run: messages go in by smtp-source, through a server, and come out at its sink. */

import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

import { send } from './load.ts'
import type { Load } from './load.ts'
import type { PostfixPackage } from './postfix-package.ts'
import { COUNTED_BY, machineBusy } from './process-group.ts'
import type { Server } from './server.ts'

export type Relayed = {
  readonly messages: number
  /** From the first connection to the last message at the sink. */
  readonly messagesPerSecond: number
  /** From the first connection to the last acknowledgement to the sender. */
  readonly acceptedPerSecond: number
  /** Of the server, until it had tidied up. */
  readonly cpuMsPerMessage: number
  /** Of the server, until the last acknowledgement: the relaying meanwhile is in it. */
  readonly cpuMsPerAccepted: number
  /** Of smtp-source and smtp-sink together. */
  readonly loadCpuMsPerMessage: number
  readonly peakRssMiB: number
  /** Share of the machine that went to neither the server nor the load programs; `undefined` where unknown. */
  readonly others: number | undefined
}

/** What a server does after the last message has left, outcomes and removals, counts as its CPU: so long is waited. */
const TIDYING = 500

/** Milliseconds between two looks at the memory. */
const SAMPLING = 500

/** @throws when a message is refused, is lost, or arrives twice */
export async function relay(from: PostfixPackage, server: Server, load: Load): Promise<Relayed> {
  const { group, sink } = server
  const [before, sinkCpu, busy] = [group.cpu(), sink.group.cpu(), machineBusy()]
  const taken = sink.taken()
  const memory = new Peak(() => server.memory())
  const own = process.cpuUsage()
  const began = performance.now()
  const sourceCpu = await send(from, server.port, load)
  const accepted = performance.now() - began
  const cpuAccepted = group.cpu() - before
  await sink.until(taken + load.messages)
  const relayed = performance.now() - began
  await sleep(TIDYING)
  const twice = sink.taken() - taken - load.messages
  if (twice !== 0) throw new Error(`${twice} messages arrived twice`)
  const cpu = group.cpu() - before
  const loadCpu = sinkCpu === undefined ? 0 : sourceCpu + sink.group.cpu() - sinkCpu
  const { user, system } = process.cpuUsage(own)
  const whole = performance.now() - began
  const known = cpu + loadCpu + (user + system) / 1000
  return {
    messages: load.messages,
    messagesPerSecond: (load.messages / relayed) * 1000,
    acceptedPerSecond: (load.messages / accepted) * 1000,
    cpuMsPerMessage: cpu / load.messages,
    cpuMsPerAccepted: cpuAccepted / load.messages,
    loadCpuMsPerMessage: loadCpu / load.messages,
    peakRssMiB: memory.end(),
    others: othersShare(busy, known, whole),
  }
}

function othersShare(busyBefore: number | undefined, known: number, whole: number): number | undefined {
  const busy = machineBusy()
  // Without a cgroup the CPU of smtp-source is gone with it, and what others spent cannot be told from it.
  if (busy === undefined || busyBefore === undefined || COUNTED_BY === 'proc') return undefined
  return Math.max(0, busy - busyBefore - known) / (whole * availableParallelism())
}

/** The largest of samples that are taken twice a second, and once more at the end. */
class Peak {
  #largest = 0
  readonly #sample: () => number
  readonly #timer: NodeJS.Timeout

  constructor(sample: () => number) {
    this.#sample = sample
    this.#timer = setInterval(() => this.#look(), SAMPLING)
  }

  end(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#largest
  }

  #look(): void {
    this.#largest = Math.max(this.#largest, this.#sample())
  }
}
