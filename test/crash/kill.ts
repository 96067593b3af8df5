/** kill -9 at random points under load: what was acknowledged arrives, and hardly anything twice. */

import { setTimeout as sleep } from 'node:timers/promises'

import { CrashRun } from './crashing.ts'
import type { CrashOptions } from './crashing.ts'

export type KillOptions = CrashOptions & {
  readonly rounds: number
  /** Milliseconds from the first messages to the end of a node: any time between the two. */
  readonly after: readonly [least: number, most: number]
  readonly progress?: (line: string) => void
}

/** Messages acknowledged before a kill: a node that is only just up has nothing to lose. */
export const WORTH = 20

export async function killRounds(options: KillOptions): Promise<Awaited<ReturnType<CrashRun['reckon']>>> {
  const {
    rounds,
    after: [least, most],
    progress,
  } = options
  await using run = await CrashRun.begin(options)
  for (let round = 1; round <= rounds; round += 1) {
    await run.start()
    await run.acked(WORTH)
    await sleep(least + Math.random() * (most - least))
    await run.killed()
    progress?.(`round ${round}: ${run.load.count('acked')} acknowledged, ${run.sink.received.size} received`)
  }
  await run.start()
  // Awaited here: otherwise the run would be over before the reckoning.
  return await run.reckon()
}
