/**
 * When the store is asked for more, and for how much. Not where what it gives then goes: that is queue.ts.
 *
 * Each scheduled queue with something in the store either stands in the agenda, or is being loaded, or will be asked
 * again when one of its entries ends: nothing that waits is forgotten. One that comes up in the agenda is a probe at
 * first: some of it is loaded, and until it is heard whether its site takes mail, it counts against how many probes
 * there may be and how much they may load. So a hundred thousand dead sites are tried in turn, beside the mail that
 * can be sent, and not before it.
 */

import type { Unreachable } from '#engine/egress'
import { SpoolError } from '#engine/spool'
import type { Instant, MessageId, Spool } from '#engine/spool'
import type { Log } from '#platform/log'

import { Agenda } from './agenda.ts'
import { Carried } from './carried.ts'
import type { Occupancy } from './occupancy.ts'
import type { Personaliser } from './personal.ts'
import { Probes } from './probes.ts'
import type { Destination, Entry, ScheduledQueue } from './scheduled-queue.ts'

export type LoadingOptions = {
  readonly spool: Pick<Spool, 'claim' | 'nextDue'>
  readonly occupancy: Occupancy
  readonly personaliser: Pick<Personaliser, 'concerns'>
  readonly log: Log
  now(): Instant
  /** The queue of this name; one that was not in memory is, and knows what `plannedFor` says. */
  queueOf(key: string): ScheduledQueue
  /** Where it leads, as far as that is known. */
  siteOf(queue: ScheduledQueue): Destination | undefined
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

/** Queues behind unreachable sites that are passed over in a second, because others are being written down. */
const PASSED_OVER = 1_000

export class Loading {
  readonly #options: LoadingOptions
  readonly #agenda = new Agenda<string>()
  readonly #probes = new Probes()
  readonly #underWay = new Set<Promise<void>>()
  /** Queues that wait for the end of a suspension, by their site. */
  readonly #parked = new WeakMap<Destination, Set<string>>()
  /** How many want that nothing is loaded. */
  #pauses = 0
  /** What may still be written down, and passed over, until the next tick. */
  #sweep = SWEEP_RATE
  #passedOver = PASSED_OVER

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

  /** Whoever resumes asks `loadIfDue` for the queues in memory, then `wake`: what came up meanwhile was passed over. */
  resume(): void {
    this.#pauses -= 1
  }

  /** Something of `queue` waits in the store and is due then. */
  plan(queue: ScheduledQueue, due: Instant): void {
    queue.note(due)
    this.loadIfDue(queue)
    if (due <= this.#options.now()) this.wake()
  }

  /** The same of a queue that is not in memory and need not be until then. */
  remember(key: string, due: Instant): void {
    this.#agenda.add(due, key)
    if (due <= this.#options.now()) this.wake()
  }

  plannedFor(key: string): Instant | undefined {
    return this.#agenda.at(key)
  }

  /** Whether nothing is lost when `queue`, which is empty, is not in memory. */
  mayForget(queue: ScheduledQueue): boolean {
    if (queue.nextDue === Infinity) return true
    const now = this.#options.now()
    const { site, stream } = queue
    // With much to come behind a site that is down, both are kept: it would be probed at each look otherwise. And while
    // one rests, nobody could be told why once the DNS is no longer remembered.
    const isShut = site?.down(now, stream) !== undefined || site?.restsUntil(now, stream) !== undefined
    return this.plannedFor(queue.key) !== undefined && !(isShut && queue.nextDue <= now)
  }

  /** Whether fresh mail to so many recipients may be taken up for `queue`; absent: for one that is not in memory. */
  mayBegin(queue: ScheduledQueue | undefined, recipients: number): boolean {
    const isUnderWay = queue !== undefined && (queue.isProven || this.#probes.has(queue))
    return isUnderWay || this.#probes.hasPlace(recipients)
  }

  /** Fresh mail was taken up for `queue`. */
  begun(queue: ScheduledQueue): void {
    if (!queue.isProven) this.#probes.begin(queue, 'door')
  }

  /** Whether what `queue` has in memory came from the store, and nothing was heard of its site yet. */
  isTryingAgain(queue: ScheduledQueue): boolean {
    return this.#probes.isFromStore(queue)
  }

  /** It became known whether mail of `queue` can be sent. */
  heard(queue: ScheduledQueue, isGood: boolean): void {
    queue.isProven = isGood
    if (this.#probes.end(queue, isGood)) this.wake()
  }

  /** What `queue` had in memory is no longer there, and nothing was heard. */
  withdrawn(queue: ScheduledQueue): void {
    this.#probes.end(queue, true)
  }

  /** Runs what is due. To be called each second. */
  tick(): void {
    this.#sweep = SWEEP_RATE
    this.#passedOver = PASSED_OVER
    this.#probes.tick()
    this.wake()
  }

  /** Looks at what is due, as far as probes and sweep allow. */
  wake(): void {
    if (this.isPaused) return
    const now = this.#options.now()
    const later: string[] = []
    while (this.#probes.hasTurn && this.#passedOver > 0) {
      const key = this.#agenda.due(now)
      if (key === undefined) break
      if (!this.#look(this.#options.queueOf(key), now)) later.push(key)
    }
    // Their time is past, so that they come before those that had their turn.
    for (const key of later) this.#agenda.add(now, key)
  }

  /** Whether every path to its site is suspended: then it is not looked at before that ends, or is ended. */
  #parks(queue: ScheduledQueue, site: Destination | undefined, now: Instant): boolean {
    const until = site?.restsUntil(now, queue.stream)
    if (site === undefined || until === undefined) return false
    this.#agenda.add(until, queue.key)
    queue.site ??= site
    site.queues.add(queue)
    this.#parked.getOrInsertComputed(site, () => new Set()).add(queue.key)
    return true
  }

  /** Something can be sent to `site` again. */
  resumed(site: Destination): void {
    const keys = this.#parked.get(site)
    if (keys === undefined) return
    this.#parked.delete(site)
    for (const key of keys) this.#agenda.add(this.#options.now(), key)
    this.wake()
  }

  /** False when it must be looked at again in the next second. */
  #look(queue: ScheduledQueue, now: Instant): boolean {
    // It has just been made, and its time with the agenda is gone.
    if (queue.nextDue === Infinity) queue.nextDue = now
    const site = this.#options.siteOf(queue)
    const down = site?.down(now, queue.stream)
    if (queue.loading || queue.nextDue > now) this.loadIfDue(queue)
    else if (this.#parks(queue, site, now)) return true
    else if (down === undefined) this.#probe(queue)
    else return this.#sweepOne(queue, down)
    return true
  }

  /** False when as much as may be has been written down in this second. */
  #sweepOne(queue: ScheduledQueue, down: Unreachable): boolean {
    const isSwept = this.#sweep > 0
    if (isSwept) this.#run(this.#putOff(queue, down, this.#share()))
    else this.#passedOver -= 1
    return isSwept
  }

  #share(): number {
    const share = Math.min(this.#sweep, SWEEP_SHARE)
    this.#sweep -= share
    return share
  }

  #probe(queue: ScheduledQueue): void {
    if (queue.isProven || this.#probes.has(queue)) return this.loadIfDue(queue)
    // It will be asked when what is here ends.
    if (queue.inMemory > 0) return
    if (this.#options.occupancy.full(queue) !== undefined)
      return this.#agenda.add(this.#options.now() + LOOK_AGAIN, queue.key)
    this.#probes.begin(queue, 'store')
    this.loadIfDue(queue)
  }

  loadIfDue(queue: ScheduledQueue): void {
    if (queue.loading || queue.nextDue === Infinity) return
    const now = this.#options.now()
    if (this.isPaused || queue.nextDue > now) return this.#agenda.add(queue.nextDue, queue.key)
    if (this.#isShut(queue, now)) return
    if (queue.isProven || this.#probes.has(queue)) return this.#loadNow(queue, now)
    // Its turn to be tried will come.
    this.#agenda.add(queue.nextDue, queue.key)
  }

  #loadNow(queue: ScheduledQueue, now: Instant): void {
    const { occupancy } = this.#options
    const isProbe = this.#probes.has(queue)
    // It is heard of first.
    if (isProbe && queue.inMemory > 0) return
    if (occupancy.full(queue) === undefined)
      this.#run(
        this.#load(queue, isProbe ? this.#probes.limit(occupancy.room(queue)) : occupancy.room(queue)),
      )
    // Otherwise it is asked when one of its entries ends.
    else if (queue.inMemory === 0) this.#agenda.add(now + LOOK_AGAIN, queue.key)
  }

  /** Nothing is loaded that nobody would take: then it is looked at again later. */
  #isShut(queue: ScheduledQueue, now: Instant): boolean {
    if (this.#parks(queue, queue.site, now)) return true
    if (queue.site?.down(now, queue.stream) === undefined) return false
    this.#agenda.add(now + LOOK_AGAIN, queue.key)
    return true
  }

  #run(work: Promise<void>): void {
    this.#underWay.add(work)
    // A failure that is no SpoolError is for the process to die of; here it must only not be forgotten.
    void work.finally(() => this.#underWay.delete(work))
  }

  async #load(queue: ScheduledQueue, limit: number): Promise<void> {
    const entries = await this.#claim(queue, limit)
    this.#probes.loaded(queue, entries.length)
    this.#options.claimed(entries)
    if (entries.length === 0) this.withdrawn(queue)
    this.loadIfDue(queue)
  }

  /** Behind an unreachable site: what is due in the store is put off, expired and told of, untried. */
  async #putOff(queue: ScheduledQueue, why: Unreachable, limit: number): Promise<void> {
    const entries = await this.#claim(queue, limit)
    this.#sweep += limit - entries.length
    this.#options.unsendable(entries, why)
    this.loadIfDue(queue)
  }

  async #claim(queue: ScheduledQueue, limit: number): Promise<readonly Entry[]> {
    const { spool, occupancy, personaliser } = this.#options
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
        carried: carried.getOrInsertComputed(
          one.message.id,
          () => new Carried(one.message, personaliser.concerns(one.message)),
        ),
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
