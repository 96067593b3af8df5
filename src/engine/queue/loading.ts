/**
 * When the store is asked for more, and for how much. Not where what it gives then goes: that is queue.ts.
 *
 * Each scheduled queue with something in the store either stands in the agenda, or is being loaded, or will be asked
 * again when one of its entries ends: nothing that waits is forgotten.
 */

import type { Unreachable } from '#engine/egress'
import { SpoolError } from '#engine/spool'
import type { Instant, MessageId, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

import { Agenda } from './agenda.ts'
import { Carried } from './carried.ts'
import type { Occupancy } from './occupancy.ts'
import type { Entry, ScheduledQueue } from './scheduled-queue.ts'

export type LoadingOptions = {
  readonly spool: Pick<Spool, 'claim' | 'nextDue'>
  readonly occupancy: Occupancy
  readonly log: Log
  now(): Instant
  /** What was claimed; each has a place kept. */
  claimed(entries: readonly Entry[]): void
  /** What was claimed of a queue whose site cannot be reached; each has a place kept. */
  unsendable(entries: readonly Entry[], why: Unreachable): void
}

/** Milliseconds until a store that failed to answer is asked again. */
const CLAIM_RETRY = 5_000

/** Milliseconds until a queue that found no room, or whose site is down, is looked at again. */
const LOOK_AGAIN = 1_000

/** Deliveries a second for which the state of unreachable sites is written down, over all of them, and of one queue. */
const SWEEP_RATE = 500
const SWEEP_SHARE = 100

export class Loading {
  readonly #options: LoadingOptions
  readonly #agenda = new Agenda<ScheduledQueue>()
  readonly #underWay = new Set<Promise<void>>()
  /** How many want that nothing is loaded. */
  #pauses = 0

  constructor(options: LoadingOptions) {
    this.#options = options
  }

  get isPaused(): boolean {
    return this.#pauses > 0
  }

  /** Nothing is loaded until `resume` was called as often; resolves when what was under way has come. */
  async pause(): Promise<void> {
    this.#pauses += 1
    await Promise.all(this.#underWay)
  }

  /** Whoever resumes asks `loadIfDue` for every queue: what came up meanwhile was passed over. */
  resume(): void {
    this.#pauses -= 1
  }

  /** Something of `queue` waits in the store and is due then. */
  plan(queue: ScheduledQueue, due: Instant): void {
    queue.note(due)
    this.loadIfDue(queue)
  }

  /** Runs what is due. To be called each second. */
  tick(): void {
    if (this.isPaused) return
    const now = this.#options.now()
    const passedOver: ScheduledQueue[] = []
    let budget = SWEEP_RATE
    for (let queue = this.#agenda.due(now); queue !== undefined; queue = this.#agenda.due(now)) {
      const down = queue.site?.down(now)
      if (down === undefined || queue.loading || queue.nextDue > now) this.loadIfDue(queue)
      else if (budget > 0) {
        const share = Math.min(budget, SWEEP_SHARE)
        budget -= share
        this.#run(this.#putOff(queue, down, share))
      } else passedOver.push(queue)
    }
    // Their time is past, so that they come before those that had their turn.
    for (const queue of passedOver) this.#agenda.add(now, queue)
  }

  loadIfDue(queue: ScheduledQueue): void {
    if (this.isPaused || queue.loading || queue.nextDue === Infinity) return
    const now = this.#options.now()
    if (queue.nextDue > now) return this.#agenda.add(queue.nextDue, queue)
    if (queue.site?.down(now) !== undefined) return this.#agenda.add(now + LOOK_AGAIN, queue)
    const { occupancy } = this.#options
    if (occupancy.full(queue) === undefined) this.#run(this.#load(queue, occupancy.room(queue)))
    // Otherwise it is asked when one of its entries ends.
    else if (queue.inMemory === 0) this.#agenda.add(now + LOOK_AGAIN, queue)
  }

  #run(work: Promise<void>): void {
    this.#underWay.add(work)
    // A failure that is no SpoolError is for the process to die of; here it must only not be forgotten.
    void work.finally(() => this.#underWay.delete(work))
  }

  async #load(queue: ScheduledQueue, limit: number): Promise<void> {
    this.#options.claimed(await this.#claim(queue, limit))
    this.loadIfDue(queue)
  }

  /** Behind an unreachable site: what is due in the store is put off, expired and told of, untried. */
  async #putOff(queue: ScheduledQueue, why: Unreachable, limit: number): Promise<void> {
    this.#options.unsendable(await this.#claim(queue, limit), why)
    this.loadIfDue(queue)
  }

  async #claim(queue: ScheduledQueue, limit: number): Promise<readonly Entry[]> {
    const { spool, occupancy } = this.#options
    occupancy.keep(queue, limit)
    queue.loading = true
    queue.noted = Infinity
    let count = 0
    try {
      const claimed = await spool.claim(queue.key, this.#options.now(), limit)
      count = claimed.length
      // A full answer says that there may be more at once.
      const rest = count < limit ? await this.#nextDue(queue) : this.#options.now()
      queue.nextDue = Math.min(rest ?? Infinity, queue.noted)
      const carried = new Map<MessageId, Carried>()
      return claimed.map((one) => ({
        claimed: one,
        carried: carried.getOrInsertComputed(one.message.id, () => new Carried(one.message)),
        queue,
      }))
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      this.#options.log.error('queue.claim-failed', { queue: queue.key, cause })
      queue.nextDue = this.#options.now() + CLAIM_RETRY
      return []
    } finally {
      occupancy.giveBack(queue, limit - count)
      queue.loading = false
    }
  }

  /** A store that does not say is asked again soon: what was just claimed must not be lost over it. */
  async #nextDue(queue: ScheduledQueue): Promise<Instant | undefined> {
    try {
      return await this.#options.spool.nextDue(queue.key)
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      return this.#options.now() + CLAIM_RETRY
    }
  }
}
