/**
 * The times by which senders want their mail delivered: when one passes, whatever was not delivered is told of or
 * returned, whether or not it can be sent now. The times are in the store, with all else; here is only the next of them. RFC 2852 §4.1
 */

import type { RetryPolicy } from '#engine/lifetime'
import { SpoolError } from '#engine/spool'
import type { Claimed, Instant, Message, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

import { judgeLate } from './outcome.ts'
import type { Ending } from './outcome.ts'
import type { Entry, ScheduledQueue } from './scheduled-queue.ts'

export type LatenessOptions = {
  readonly spool: Pick<Spool, 'overdue' | 'nextDeadline' | 'healthy'>
  readonly config: RetryPolicy
  readonly log: Log
  now(): Instant
  /** The scheduled queue of this name, if it is in memory. */
  known(key: string): ScheduledQueue | undefined
  /** The entries leave the memory, and what became of each delivery is written down; those of one message at a time. */
  settle(entries: readonly Entry[], endings: readonly Ending[]): void
}

/** Deliveries of one look: each may cost a notification. */
const AT_ONCE = 500

export class Lateness {
  readonly #options: LatenessOptions
  /** When to look; `Infinity` when no time is set. */
  #next: Instant = Infinity
  #isLooking = false

  constructor(options: LatenessOptions) {
    this.#options = options
  }

  /** Learns what the store knows. @throws {SpoolError} when it does not answer */
  async start(): Promise<void> {
    this.#expect(await this.#options.spool.nextDeadline())
  }

  arrived({ deliverBy }: Message): void {
    this.#expect(deliverBy?.at)
  }

  /** Looks, when it is time. Called each second. */
  tick(): void {
    if (this.#isLooking || !this.#options.spool.healthy || this.#options.now() < this.#next) return
    this.#isLooking = true
    void this.#look().finally(() => {
      this.#isLooking = false
    })
  }

  #expect(at: Instant | undefined): void {
    if (at !== undefined && at < this.#next) this.#next = at
  }

  async #look(): Promise<void> {
    const { spool, log } = this.#options
    const before = this.#next
    this.#next = Infinity
    try {
      const late = await spool.overdue(this.#options.now(), AT_ONCE)
      // What is on the wire is heard of at its end, or looked at again.
      if (late.length > 0) this.#expect(before)
      else this.#expect(await spool.nextDeadline())
      this.#tell(late)
    } catch (cause) {
      this.#expect(before)
      if (!(cause instanceof SpoolError)) throw cause
      log.error('queue.deadlines-failed', { cause })
    }
  }

  #tell(late: readonly Claimed[]): void {
    const { config } = this.#options
    if (late.length === 0) return
    const entries = this.#takeReady(late.filter(({ delivery }) => delivery.state === 'active'))
    const taken = new Set(entries.map(({ claimed }) => nameOf(claimed)))
    const ours = late.filter((one) => one.delivery.state !== 'active' || taken.has(nameOf(one)))
    for (const group of Map.groupBy(ours, ({ message }) => message.id).values()) {
      const names = new Set(group.map(nameOf))
      const now = this.#options.now()
      const leaving = entries.filter(({ claimed }) => names.has(nameOf(claimed)))
      this.#options.settle(
        leaving,
        group.map((one) => judgeLate(one, config, now)),
      )
    }
  }

  /** Those that wait in memory for a path are in it no more; others are on the wire, or being written down. */
  #takeReady(claimed: readonly Claimed[]): readonly Entry[] {
    const names = new Set(claimed.map(nameOf))
    const queues = new Set(claimed.map(({ delivery }) => this.#options.known(delivery.queue)))
    return [...queues].flatMap(
      (queue) => queue?.removeReady((entry) => names.has(nameOf(entry.claimed))) ?? [],
    )
  }
}

function nameOf({ delivery: { key } }: Claimed): string {
  return `${key.message}.${key.n}`
}
