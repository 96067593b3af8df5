/** What waits in the store when the queue starts: a page of queues at a time, and only their names and times. */

import { setTimeout } from 'node:timers/promises'

import { SpoolError } from '#engine/spool'
import type { Instant, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

export type LearningOptions = {
  readonly spool: Pick<Spool, 'waiting'>
  readonly log: Log
  /** Called for each queue. */
  planned(key: string, due: Instant): void
  /** Whether nothing need be learned any more. */
  isOver(): boolean
}

/** Scheduled queues in one page. */
const PAGE = 5_000

/** Milliseconds until a store that did not say what waits is asked again. */
const RETRY = 5_000

/** Resolves when the first page is known; where there are more, fresh mail need not wait for them. @throws {SpoolError} */
export async function learn(options: LearningOptions): Promise<void> {
  const last = await page(options, '')
  if (last !== undefined) void learnRest(options, last)
}

async function learnRest(options: LearningOptions, from: string): Promise<void> {
  for (let after: string | undefined = from; after !== undefined && !options.isOver();) {
    try {
      after = await page(options, after)
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      options.log.error('queue.learn-failed', { after, cause })
      await setTimeout(RETRY, undefined, { ref: false })
    }
  }
}

/** The last queue of a page that was full: behind it there may be more. */
async function page(options: LearningOptions, after: string): Promise<string | undefined> {
  const queues = await options.spool.waiting(after, PAGE)
  for (const [queue, due] of queues) options.planned(queue, due)
  return queues.length < PAGE ? undefined : queues.at(-1)?.[0]
}
