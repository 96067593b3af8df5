/**
 * The queue: which deliveries are in memory, where they go, and when the store is asked for more.
 *
 * A fresh message whose window has room goes from its commit straight to a path. Everything else waits in the
 * store and is claimed by due time. What an attempt did is in outcome.ts; what is written down in settling.ts.
 */

import type { Egress, Job, PathState, Tried, Unreachable } from '#engine/egress'
import type { NoRoute, Routing, RoutingNow } from '#engine/routing'
import { CHANGE_LIMIT, SpoolError } from '#engine/spool'
import type {
  Change,
  Claimed,
  Content,
  DeliveryFilter,
  DeliveryKey,
  Instant,
  MessageId,
  Spool,
} from '#engine/spool'
import type { ReversePath } from '#grammar/address'
import type { QueueConfig } from '#platform/config'
import type { Log } from '#platform/log'

import { Agenda } from './agenda.ts'
import { Carried } from './carried.ts'
import type { Prepare } from './carried.ts'
import { matches } from './match.ts'
import { judge } from './outcome.ts'
import { returnPath } from './return-path.ts'
import { bandIndex, ScheduledQueue } from './scheduled-queue.ts'
import type { Destination, Entry } from './scheduled-queue.ts'
import type { Settling } from './settling.ts'
import type { Site, SiteOwner } from './site.ts'
import { Sites } from './sites.ts'

export type QueueOptions = {
  readonly spool: Spool
  readonly routing: Routing & RoutingNow
  readonly egress: Pick<Egress, 'path'>
  readonly sources: readonly string[]
  readonly config: QueueConfig & { readonly recipientsPerTransaction: number }
  readonly settling: Settling
  readonly prepare: Prepare
  /** Keys the return paths. */
  readonly secret: Uint8Array
  readonly log: Log
  now(): Instant
  random(): number
}

export type QueueState = {
  readonly queue: string
  readonly ready: number
  readonly onWire: number
  /** Absent until a route was found. */
  readonly site?: string
  readonly paths?: readonly PathState[]
}

/** Octets of message content kept in memory from acceptance to the first attempt; beyond it they are read back. */
const CARRIED_LIMIT = 64 * 1024 * 1024

/** A queue may have this many deliveries in memory even when all windows together are full: none is starved. */
const WINDOW_FLOOR = 16

/** Milliseconds until a store that failed to answer is asked again. */
const CLAIM_RETRY = 5_000

/** Deliveries a second for which the state of an unreachable site is written down, over all sites. */
const SWEEP_RATE = 500

export class Queue {
  readonly #options: QueueOptions
  readonly #queues = new Map<string, ScheduledQueue>()
  readonly #sites: Sites
  readonly #agenda = new Agenda<ScheduledQueue>()
  #timer: NodeJS.Timeout | undefined
  #inMemory = 0
  #carried = 0
  #stopped = false
  #wasHealthy = true
  /** Loads wait while an operator's change is under way, so that it sees every delivery in one place. */
  #changing = 0

  constructor(options: QueueOptions) {
    this.#options = options
    const owner: SiteOwner = {
      mayStart: () => !this.#stopped && options.spool.healthy,
      jobOf: (entries) => this.#jobOf(entries),
      // A return path of its own needs a transaction of its own.
      recipientsPerTransaction:
        options.config.returnPathDomain === undefined ? options.config.recipientsPerTransaction : 1,
      drained: (queue) => this.#loadIfDue(queue),
      siteFailed: (site, why) => this.#siteFailed(site, why),
    }
    this.#sites = new Sites({ ...options, owner, unroutable: (queue, why) => this.#unroutable(queue, why) })
  }

  /** Learns what waits in the store, and starts. */
  async start(): Promise<void> {
    for (const depth of await this.#options.spool.depths()) {
      if (depth.nextDue !== undefined) this.#plan(this.#queueOf(depth.queue), depth.nextDue)
    }
    this.#timer = setInterval(() => this.tick(), 1_000)
    this.tick()
  }

  /** Whether a new delivery for `key` may go to memory at once; then a place is kept for it until `arrived` or `free`. */
  reserve(key: string): boolean {
    const queue = this.#queueOf(key)
    if (this.#stopped || this.#room(queue) < 1) return false
    queue.reserved += 1
    this.#inMemory += 1
    return true
  }

  free(key: string): void {
    const queue = this.#queueOf(key)
    queue.reserved -= 1
    this.#inMemory -= 1
  }

  /** Committed deliveries of one message: the active ones have a reserved place, the others wait in the store. */
  arrived(claimed: readonly Claimed[], bytes: Uint8Array | undefined): void {
    const message = claimed[0]?.message
    if (message === undefined) return
    const keep = bytes !== undefined && this.#carried + bytes.length <= CARRIED_LIMIT ? bytes : undefined
    const carried = new Carried(message, keep)
    this.#carried += carried.octets
    for (const one of claimed) {
      const queue = this.#queueOf(one.delivery.queue)
      if (one.delivery.state === 'active') {
        queue.reserved -= 1
        this.#inMemory -= 1
        this.#admit({ claimed: one, carried, queue })
      } else if (one.delivery.state === 'waiting') this.#plan(queue, one.delivery.due)
    }
    if (carried.users === 0) this.#letGo(carried)
  }

  /** Something of `key` waits in the store since now. */
  planned(key: string, due: Instant): void {
    this.#plan(this.#queueOf(key), due)
  }

  /**
   * Holds, releases, cancels or retries what `filter` matches, wherever it is: ready entries go back to the store
   * first. Those on the wire cannot be called back: the store lets a success of theirs stand, and nothing else.
   */
  async change(filter: DeliveryFilter, change: Change, reason: string): Promise<readonly Claimed[]> {
    this.#changing += 1
    try {
      const back = this.#takeBack(filter)
      if (back.length > 0) await this.#options.spool.unclaim(back)
      const changed = await this.#changeAll(filter, change, reason)
      const now = this.#options.now()
      for (const { delivery } of changed) this.#plan(this.#queueOf(delivery.queue), now)
      return changed
    } finally {
      this.#changing -= 1
      for (const queue of this.#queues.values()) this.#loadIfDue(queue)
    }
  }

  async #changeAll(filter: DeliveryFilter, change: Change, reason: string): Promise<readonly Claimed[]> {
    const all: Claimed[] = []
    for (let page = filter; ;) {
      const changed = await this.#options.spool.change(page, change, this.#options.now(), reason)
      all.push(...changed)
      const last = changed.at(-1)
      if (last === undefined || changed.length < CHANGE_LIMIT) return all
      page = { ...filter, before: last.delivery.key }
    }
  }

  /** Takes no more work; what is on the wire goes on. Ready entries go back to the store. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    const back = this.#takeBack({})
    if (back.length > 0) await this.#options.spool.unclaim(back)
  }

  /** Deliveries that count against the windows. */
  get inMemory(): number {
    return this.#inMemory
  }

  /** Deliveries on the wire. */
  get onWire(): number {
    let count = 0
    for (const queue of this.#queues.values()) count += queue.onWire.size
    return count
  }

  /** What the queue knows of one delivery's scheduled queue, for `explain` and the operator's lists. */
  describe(key: string): QueueState {
    const queue = this.#queues.get(key)
    return {
      queue: key,
      ready: queue?.waitingHere ?? 0,
      onWire: queue?.onWire.size ?? 0,
      ...(queue?.site === undefined
        ? {}
        : { site: queue.site.name, paths: queue.site.paths.map((path) => path.describe()) }),
    }
  }

  #takeBack(filter: DeliveryFilter): readonly DeliveryKey[] {
    const keys: DeliveryKey[] = []
    for (const queue of this.#queues.values()) {
      for (const [i, band] of queue.ready.entries()) {
        const taken = band.remove((entry) => matches(filter, entry.claimed))
        if (taken.length > 0 && band.length === 0) queue.site?.leave(queue, i)
        for (const entry of taken) keys.push(this.#takenBack(entry))
      }
    }
    return keys
  }

  #takenBack(entry: Entry): DeliveryKey {
    this.#inMemory -= 1
    entry.carried.users -= 1
    if (entry.carried.users === 0) this.#letGo(entry.carried)
    entry.queue.note(entry.claimed.delivery.due)
    return entry.claimed.delivery.key
  }

  /** Runs what is due. Called each second, and by tests. */
  tick(): void {
    const now = this.#options.now()
    for (let queue = this.#agenda.due(now); queue !== undefined; queue = this.#agenda.due(now))
      this.#loadIfDue(queue)
    this.#sweep(now)
    if (this.#options.spool.healthy && !this.#wasHealthy) this.#sites.wake()
    this.#wasHealthy = this.#options.spool.healthy
    this.#tidy()
  }

  #queueOf(key: string): ScheduledQueue {
    const known = this.#queues.get(key)
    if (known !== undefined) return known
    const queue = new ScheduledQueue(key)
    this.#queues.set(key, queue)
    return queue
  }

  #room(queue: ScheduledQueue): number {
    const { window, windowTotal } = this.#options.config
    const mine = queue.inMemory
    return Math.min(window - mine, Math.max(windowTotal - this.#inMemory, WINDOW_FLOOR - mine))
  }

  #plan(queue: ScheduledQueue, due: Instant): void {
    const earlier = due < queue.nextDue
    queue.note(due)
    if (earlier) this.#agenda.add(due, queue)
    if (due <= this.#options.now()) this.#loadIfDue(queue)
  }

  #admit(entry: Entry): void {
    const { queue } = entry
    this.#inMemory += 1
    entry.carried.users += 1
    queue.push(entry)
    if (this.#sites.knows(queue)) queue.site?.offer(queue, bandIndex(entry.claimed.delivery.band))
    else void this.#sites.find(queue)
  }

  /** No host to send to: every delivery in memory hears it, and what is in the store will when it is claimed. */
  #unroutable(queue: ScheduledQueue, why: NoRoute): void {
    const now = this.#options.now()
    const attempt: Tried = {
      at: now,
      duration: 0,
      outcome: why.kind,
      source: '',
      site: queue.domain,
      host: '',
      address: '',
      tls: '',
      stage: 'route',
      code: why.code,
      enhanced: why.enhanced,
      text: why.text,
      dsnPassedOn: false,
    }
    this.#endAll(queue, attempt)
    this.#loadIfDue(queue)
  }

  /** Ends every ready entry of `queue` as `attempt` says, without trying each. */
  #endAll(queue: ScheduledQueue, attempt: Tried): void {
    queue.site?.leave(queue)
    for (const band of queue.ready) {
      for (let entry = band.shift(); entry !== undefined; entry = band.shift()) {
        this.#ended([entry], [attempt])
      }
    }
  }

  #siteFailed(site: Site, why: Unreachable): void {
    if (site.down(this.#options.now()) === undefined) return
    for (const queue of this.#queues.values()) if (queue.site === site) this.#endAll(queue, why.attempt)
  }

  #jobOf(entries: readonly Entry[]): Job {
    for (const entry of entries) entry.queue.onWire.add(entry)
    const { carried, claimed } = entries[0] ?? failEmpty()
    return {
      claimed: entries.map((entry) => entry.claimed),
      from: this.#returnPathOf(claimed),
      content: (peer) => carried.content(peer, () => this.#read(carried.message.id), this.#options.prepare),
      done: (tried) => this.#ended(entries, tried),
    }
  }

  #read(id: MessageId): Promise<Content> {
    return this.#options.spool.read(id)
  }

  #returnPathOf({ message, delivery }: Claimed): ReversePath {
    const { returnPathDomain } = this.#options.config
    if (returnPathDomain === undefined || message.from === null) return message.from
    return returnPath(delivery.key, returnPathDomain, this.#options.secret)
  }

  #ended(entries: readonly Entry[], tried: readonly Tried[]): void {
    const now = this.#options.now()
    const endings = entries.map((entry, i) => {
      entry.queue.onWire.delete(entry)
      this.#inMemory -= 1
      entry.carried.users -= 1
      return judge(entry, tried[i] ?? failEmpty(), this.#options.config, {
        now,
        random: this.#options.random(),
      })
    })
    this.#options.settling.settle(endings, (ending) => {
      if (ending.settlement.state === 'waiting')
        this.planned(ending.claimed.delivery.queue, ending.settlement.due)
    })
    for (const { carried } of entries) if (carried.users === 0) this.#letGo(carried)
    for (const queue of new Set(entries.map((entry) => entry.queue))) this.#loadIfDue(queue)
  }

  #letGo(carried: Carried): void {
    this.#carried -= carried.octets
    carried.forget()
  }

  #loadIfDue(queue: ScheduledQueue): void {
    const now = this.#options.now()
    if (this.#stopped || this.#changing > 0 || queue.loading || queue.nextDue > now) return
    if (queue.site?.down(now) !== undefined) return
    const room = this.#room(queue)
    // Half a window at a time: a claim for one delivery would cost as much as one for a hundred.
    if (room >= Math.min(WINDOW_FLOOR, this.#options.config.window) || queue.inMemory === 0)
      void this.#load(queue, Math.max(room, 1))
  }

  async #load(queue: ScheduledQueue, limit: number): Promise<void> {
    for (const entry of await this.#claim(queue, limit)) this.#admit(entry)
    this.#loadIfDue(queue)
  }

  async #claim(queue: ScheduledQueue, limit: number): Promise<readonly Entry[]> {
    queue.loading = true
    queue.noted = Infinity
    try {
      const { spool } = this.#options
      const claimed = await spool.claim(queue.key, this.#options.now(), limit)
      // A full answer says that there may be more at once.
      const rest = claimed.length < limit ? await this.#nextDue(queue) : this.#options.now()
      queue.nextDue = Math.min(rest ?? Infinity, queue.noted)
      if (queue.nextDue < Infinity) this.#agenda.add(queue.nextDue, queue)
      const carried = new Map<MessageId, Carried>()
      return claimed.map((one) => ({
        claimed: one,
        carried: carried.getOrInsertComputed(one.message.id, () => new Carried(one.message)),
        queue,
      }))
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      this.#options.log.error('queue.claim-failed', { queue: queue.key, cause })
      this.#agenda.add(this.#options.now() + CLAIM_RETRY, queue)
      return []
    } finally {
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

  /** Behind an unreachable site: what is due in the store is put off, expired and told of, a bounded number a second. */
  #sweep(now: Instant): void {
    let budget = SWEEP_RATE
    for (const queue of this.#queues.values()) {
      const down = queue.site?.down(now)
      if (down === undefined || queue.loading || queue.nextDue > now || this.#stopped) continue
      void this.#putOff(queue, down, Math.min(budget, this.#options.config.window))
      budget -= this.#options.config.window
      if (budget <= 0) return
    }
  }

  async #putOff(queue: ScheduledQueue, why: Unreachable, limit: number): Promise<void> {
    for (const entry of await this.#claim(queue, limit)) {
      this.#inMemory += 1
      entry.carried.users += 1
      this.#ended([entry], [{ ...why.attempt, at: this.#options.now(), duration: 0 }])
    }
  }

  /** Forgets queues and sites with nothing to do. */
  #tidy(): void {
    const used = new Set<Destination>()
    for (const [key, queue] of this.#queues) {
      if (queue.idle) this.#queues.delete(key)
      else if (queue.site !== undefined) used.add(queue.site)
    }
    this.#sites.keep(used)
  }
}

function failEmpty(): never {
  throw new Error('a transaction without recipients')
}
