/**
 * The queue: which deliveries are in memory, and where they go.
 *
 * A fresh message whose window has room goes from its commit straight to a path. Everything else waits in the store
 * and is claimed by due time, loading.ts. What an attempt did is in outcome.ts; what is written down in settling.ts.
 */

import type { Egress, Job, Tried, Unreachable } from '#engine/egress'
import type { NoRoute, Routing, RoutingNow } from '#engine/routing'
import type { Live, Shaping } from '#engine/shaping'
import { SpoolError } from '#engine/spool'
import type { Change, Claimed, Content, DeliveryFilter, Instant, MessageId, Spool } from '#engine/spool'
import type { QueueConfig } from '#platform/config'
import type { Log } from '#platform/log'

import { Carried } from './carried.ts'
import type { Peer, Prepare } from './carried.ts'
import { changeAll } from './changing.ts'
import type { Changed, Changing } from './changing.ts'
import { HandingBack } from './handing-back.ts'
import type { Returning } from './handing-back.ts'
import { Holding } from './holding.ts'
import { Lateness } from './lateness.ts'
import { learn } from './learning.ts'
import { Loading } from './loading.ts'
import { matches } from './match.ts'
import { judge, unrouted } from './outcome.ts'
import type { Ending } from './outcome.ts'
import { Occupancy } from './occupancy.ts'
import type { Personaliser } from './personal.ts'
import type { Pool } from './pool.ts'
import { placesOf, stateOf } from './queue-state.ts'
import type { Place, QueueOverview, QueueState } from './queue-state.ts'
import { reversePathOf } from './return-path.ts'
import { ScheduledQueue } from './scheduled-queue.ts'
import type { Entry } from './scheduled-queue.ts'
import type { Settling } from './settling.ts'
import type { Site, SiteOwner } from './site.ts'
import { Sites } from './sites.ts'

export type QueueOptions = {
  readonly spool: Spool
  readonly routing: Routing & RoutingNow
  readonly egress: Pick<Egress, 'path'>
  readonly shaping: Pick<Shaping, 'groupOf' | 'heldBy'>
  readonly config: QueueConfig & {
    readonly recipientsPerTransaction: number
    /** How much of a path streams have beside each other; 1 for those that are not named. */
    readonly weights: ReadonlyMap<string, number>
    readonly poolOf: (stream: string) => Pool
  }
  readonly settling: Settling
  readonly prepare: Prepare
  /** Makes what one recipient is sent, of messages where that is not the same for all. */
  readonly personaliser: Personaliser
  /** Keys the return paths. */
  readonly secret: Uint8Array
  /** Of messages whose author's domain has return paths of its own. Takes `returnPathDomain`. */
  readonly returnPathDomainOf?: (message: Claimed['message']) => string | undefined
  /** The List-Unsubscribe field for a message that has none, where it is to have one. Takes `returnPathDomain`. */
  readonly unsubscribe?: (claimed: Claimed) => Uint8Array | undefined
  readonly log: Log
  now(): Instant
  random(): number
}

/** Octets of message content kept in memory from acceptance to the first attempt; beyond it they are read back. */
const CARRIED_LIMIT = 64 * 1024 * 1024

export class Queue {
  readonly #options: QueueOptions
  readonly #queues = new Map<string, ScheduledQueue>()
  readonly #sites: Sites
  readonly #occupancy: Occupancy
  readonly #loading: Loading
  readonly #holding: Holding
  readonly #handing: HandingBack
  readonly #lateness: Lateness
  readonly #changing: Changing
  #timer: NodeJS.Timeout | undefined
  #carried = 0
  #stopped = false
  #wasHealthy = true

  constructor(options: QueueOptions) {
    this.#options = options
    this.#occupancy = new Occupancy(() => options.config)
    this.#changing = { ...options, planned: (key, due) => this.planned(key, due) }
    this.#loading = new Loading({
      ...options,
      occupancy: this.#occupancy,
      claimed: (entries) => this.#admit(entries),
      unsendable: (entries, why) => this.#putOff(entries, why),
      queueOf: (key) => this.#queueOf(key),
      siteOf: (queue) => this.#sites.of(queue),
    })
    this.#handing = new HandingBack({
      ...options,
      planned: (key, due) => this.planned(key, due),
      isStopped: () => this.#stopped,
      pause: () => void this.#loading.pause(),
      resume: () => this.#resume(),
    })
    this.#holding = new Holding({
      ...options,
      loading: this.#loading,
      changing: this.#changing,
      settle: (entries, endings) => this.#settle(entries, endings),
    })
    this.#lateness = new Lateness({
      ...options,
      get config() {
        return options.config
      },
      known: (key) => this.#queues.get(key),
      settle: (entries, endings) => this.#settle(entries, endings),
    })
    const owner: SiteOwner = {
      mayStart: () => !this.#stopped && options.spool.healthy,
      jobOf: (entries) => this.#jobOf(entries),
      recipientsPerTransaction: () => this.#recipientsPerTransaction,
      drained: (queue) => this.#loading.loadIfDue(queue),
      siteFailed: (site, why) => this.#siteFailed(site, why),
      siteRests: (site, queues) => this.#siteRests(site, queues),
      siteResumes: (site) => this.#loading.resumed(site),
      weightOf: (stream) => options.config.weights.get(stream) ?? 1,
      poolOf: (stream) => options.config.poolOf(stream),
      random: () => options.random(),
    }
    this.#sites = new Sites({
      ...options,
      owner,
      unroutable: (queue, why) => this.#unroutable(queue, why),
      blocked: (queue, why) => this.#blocked(queue, why),
    })
  }

  /** A return path of its own needs a transaction of its own. */
  get #recipientsPerTransaction(): number {
    const { returnPathDomain, recipientsPerTransaction } = this.#options.config
    return returnPathDomain === undefined ? recipientsPerTransaction : 1
  }

  /** Learns what waits in the store, and starts. */
  async start(): Promise<void> {
    await learn({
      ...this.#options,
      planned: (key, due) => this.planned(key, due),
      isOver: () => this.#stopped,
    })
    await this.#lateness.start()
    this.#timer = setInterval(() => this.tick(), 1_000).unref()
    this.tick()
  }

  /**
   * Whether a new delivery for `key`, of a message to so many recipients, may go to memory at once; then a place is
   * kept for it until `arrived` or `free`.
   */
  reserve(key: string, recipients: number): boolean {
    if (this.#loading.isPaused) return false
    const known = this.#queues.get(key)
    if (!this.#loading.mayBegin(known, recipients)) return false
    const queue = known ?? this.#queueOf(key)
    const now = this.#options.now()
    if (!this.#occupancy.hasRoomForFresh(queue, queue.nextDue <= now)) return false
    // Most sites that are down are back within seconds; but they are not to take what the others need.
    if (this.#occupancy.isHalfTaken && this.#sites.of(queue)?.down(now, queue.stream) !== undefined)
      return false
    this.#occupancy.keep(queue, 1)
    this.#loading.begun(queue)
    return true
  }

  free(key: string): void {
    const queue = this.#queueOf(key)
    this.#occupancy.giveBack(queue, 1)
    this.#loading.loadIfDue(queue)
  }

  /**
   * Committed deliveries of one message: the active ones have a reserved place, the others wait in the store; of those
   * that wait in one queue, one is enough.
   */
  arrived(claimed: readonly Claimed[], bytes: Uint8Array | undefined): void {
    const message = claimed[0]?.message
    if (message === undefined) return
    this.#lateness.arrived(message)
    const keep = bytes !== undefined && this.#carried + bytes.length <= CARRIED_LIMIT ? bytes : undefined
    const carried = new Carried(message, this.#options.personaliser.concerns(message), keep)
    this.#carried += carried.octets
    const entries: Entry[] = []
    const returning: Returning[] = []
    for (const one of claimed) {
      const { queue: key, state, due } = one.delivery
      if (state === 'waiting') this.planned(key, due)
      if (state !== 'active') continue
      const queue = this.#queueOf(key)
      if (!this.#loading.isPaused) entries.push({ claimed: one, carried, queue })
      else {
        // An operator's change may be about it: it is to be found in the store, and nowhere else.
        this.#occupancy.giveBack(queue, 1)
        returning.push({ key: one.delivery.key, queue: key, due })
      }
    }
    this.#admit(entries)
    if (carried.users === 0) this.#letGo(carried)
    if (returning.length > 0) void this.#handing.back(returning).catch(ignoreSpoolError)
  }

  /** Something of `key` waits in the store since now. */
  planned(key: string, due: Instant): void {
    const queue = this.#queues.get(key)
    if (queue === undefined) this.#loading.remember(key, due)
    else this.#loading.plan(queue, due)
  }

  /**
   * Holds, releases, cancels or retries what `filter` matches, wherever it is: ready entries go back to the store
   * first. Those on the wire cannot be called back: the store lets a success of theirs stand, and nothing else.
   * Gives how many there were and the first `shown` of them, as they were before.
   * @throws {SpoolError} when the store does not answer; what was changed by then stays changed
   */
  async change(filter: DeliveryFilter, change: Change, reason: string, shown = 0): Promise<Changed> {
    const paused = this.#loading.pause()
    try {
      await paused
      await this.#handing.back(this.#takeBack(filter))
      return await changeAll(this.#changing, { filter, change, reason, shown })
    } finally {
      this.#resume()
    }
  }

  /** What is ready and shaping holds back is held from now on; what waits in the store, as soon as it is due. */
  hold(): void {
    for (const queue of this.#queues.values()) this.#holding.ready(queue)
  }

  /** Lets those of its campaign wait again that `live` held. @throws {SpoolError} when the store does not answer */
  async release(live: Live): Promise<void> {
    await this.#holding.release(live)
    for (const queue of this.#queues.values()) this.#loading.loadIfDue(queue)
    this.#loading.wake()
  }

  /** The configuration is another: every queue finds its way anew, also those whose site was down. */
  reload(): void {
    for (const queue of this.#queues.values()) {
      if (queue.waitingHere > 0) {
        void this.#sites.find(queue)
        continue
      }
      this.#sites.forget(queue)
      this.#loading.loadIfDue(queue)
    }
    this.#loading.wake()
  }

  /** Takes no more work; what is on the wire goes on. Ready entries go back to the store. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#loading.pause()
    // A store that does not answer finds them when it is opened again.
    await this.#handing.back(this.#takeBack({})).catch(ignoreSpoolError)
  }

  /** Deliveries that count against the windows. */
  get inMemory(): number {
    return this.#occupancy.taken
  }

  /** Scheduled queues in memory; those that only wait are not. */
  get queues(): number {
    return this.#queues.size
  }

  /** Deliveries on the wire. */
  get onWire(): number {
    let count = 0
    for (const queue of this.#queues.values()) count += queue.onWire.size
    return count
  }

  /** What the queue knows of one scheduled queue, for `explain` and the operator's lists. */
  describe(key: string): QueueState {
    const queue = this.#queues.get(key) ?? new ScheduledQueue(key)
    const { name } = this.#options.config.poolOf(queue.stream)
    return { ...stateOf(queue, this.#occupancy.full(queue), this.#sites.of(queue)), pool: name }
  }

  /** Where the deliveries of `message` are that `key` has in memory; those being recorded are nowhere. */
  places(key: string, message: MessageId): readonly Place[] {
    const queue = this.#queues.get(key)
    return queue === undefined ? [] : placesOf(queue, message)
  }

  get overview(): QueueOverview {
    const { config, spool } = this.#options
    const { window, windowTotal, retry } = config
    const gate = this.#stopped ? 'stopping' : spool.healthy ? 'open' : 'unhealthy'
    return { gate, window, windowTotal, retry }
  }

  #takeBack(filter: DeliveryFilter): readonly Returning[] {
    return [...this.#queues.values()].flatMap((queue) =>
      queue.removeReady((entry) => matches(filter, entry.claimed)).map((entry) => this.#returned(entry)),
    )
  }

  #resume(): void {
    this.#loading.resume()
    for (const queue of this.#queues.values()) this.#loading.loadIfDue(queue)
    this.#loading.wake()
  }

  /** An entry is no longer in memory. */
  #left(entry: Entry): void {
    this.#occupancy.left(entry)
    entry.carried.users -= 1
    if (entry.carried.users === 0) this.#letGo(entry.carried)
  }

  /** Runs what is due. Called each second, and by tests. */
  tick(): void {
    this.#handing.again()
    this.#lateness.tick()
    this.#loading.tick()
    if (this.#options.spool.healthy && !this.#wasHealthy) this.#sites.wake()
    this.#wasHealthy = this.#options.spool.healthy
    this.#tidy()
  }

  #queueOf(key: string): ScheduledQueue {
    const known = this.#queues.get(key)
    if (known !== undefined) return known
    const queue = new ScheduledQueue(key)
    queue.nextDue = this.#loading.plannedFor(key) ?? Infinity
    this.#queues.set(key, queue)
    return queue
  }

  /** All of them before any is offered, so that those of one message and site go in one transaction. */
  #admit(entries: readonly Entry[]): void {
    const queues = new Set<ScheduledQueue>()
    for (const entry of entries) {
      this.#occupancy.entered(entry)
      entry.carried.users += 1
    }
    for (const entry of this.#holding.let(entries)) {
      entry.queue.push(entry)
      queues.add(entry.queue)
    }
    for (const queue of queues) {
      if (this.#sites.knows(queue)) queue.site?.offer(queue)
      else void this.#sites.find(queue)
    }
  }

  /** No host to send to: every delivery in memory hears it, and what is in the store will when it is claimed. */
  #unroutable(queue: ScheduledQueue, why: NoRoute): void {
    const attempt = unrouted(why, queue.domain, this.#options.now())
    this.#endReady(queue, attempt)
  }

  /**
   * What waited in the store waits there again, so that a thousand dead sites do not fill the memory. Fresh mail stays:
   * most sites are back within seconds.
   */
  #blocked(queue: ScheduledQueue, { attempt }: Unreachable): void {
    if (this.#loading.isTryingAgain(queue))
      this.#endReady(queue, { ...attempt, at: this.#options.now(), duration: 0 })
    else this.#loading.heard(queue, false)
  }

  /** Ends every ready entry of `queue` as `attempt` says, without trying each. */
  #endReady(queue: ScheduledQueue, attempt: Tried): void {
    queue.site?.leave(queue)
    const ready = queue.ready.flatMap((band) => band.remove(() => true))
    this.#endAll(ready, attempt)
    this.#loading.heard(queue, false)
  }

  /**
   * Those of one message at a time, so that its sender is told once; and for all of them one throw of the dice, so that
   * they come back together: one look at the store and one connection instead of many.
   */
  #endAll(entries: readonly Entry[], attempt: Tried): void {
    const random = this.#options.random()
    for (const group of Map.groupBy(entries, ({ carried }) => carried).values()) {
      this.#ended(
        group,
        group.map(() => attempt),
        random,
      )
    }
  }

  /** Claimed behind a site that cannot be reached. */
  #putOff(entries: readonly Entry[], why: Unreachable): void {
    for (const entry of entries) {
      this.#occupancy.entered(entry)
      entry.carried.users += 1
    }
    this.#endAll(entries, { ...why.attempt, at: this.#options.now(), duration: 0 })
  }

  #siteFailed(site: Site, why: Unreachable): void {
    const now = this.#options.now()
    for (const queue of site.queues)
      if (site.down(now, queue.stream) !== undefined) this.#endReady(queue, why.attempt)
  }

  /** What is ready waits in the store: nothing was tried, and memory is for what can be sent. */
  #siteRests(site: Site, queues: Iterable<ScheduledQueue>): void {
    const now = this.#options.now()
    const returning: Returning[] = []
    for (const queue of queues) {
      if (site.restsUntil(now, queue.stream) === undefined) continue
      for (const entry of queue.removeReady(() => true)) returning.push(this.#returned(entry))
      this.#loading.heard(queue, true)
    }
    void this.#handing.back(returning).catch(ignoreSpoolError)
  }

  #returned(entry: Entry): Returning {
    this.#left(entry)
    const { key, due } = entry.claimed.delivery
    return { key, queue: entry.queue.key, due }
  }

  #jobOf(entries: readonly Entry[]): Job {
    for (const entry of entries) entry.queue.onWire.add(entry)
    const { carried, claimed, queue } = entries[0] ?? failEmpty()
    return {
      claimed: entries.map((entry) => entry.claimed),
      from: reversePathOf(claimed, this.#options),
      vouchedBy: queue.vouchedBy,
      content: (peer) => this.#contentOf(carried, claimed, peer),
      done: (tried) => {
        for (const entry of entries) this.#loading.heard(entry.queue, true)
        this.#ended(entries, tried, this.#options.random())
      },
    }
  }

  #contentOf(carried: Carried, claimed: Claimed, peer: Peer): ReturnType<Job['content']> {
    const { spool, prepare, personaliser, unsubscribe } = this.#options
    const read = (): Promise<Content> => spool.read(carried.message.id)
    return carried.contentFor(claimed, peer, { read, prepare, personaliser, unsubscribe })
  }

  #ended(entries: readonly Entry[], tried: readonly Tried[], random: number): void {
    const now = this.#options.now()
    const endings = entries.map((entry, i) => {
      entry.queue.onWire.delete(entry)
      return judge(entry, tried[i] ?? failEmpty(), this.#options.config, { now, random })
    })
    this.#settle(entries, endings)
    for (const queue of new Set(entries.map((entry) => entry.queue))) this.#loading.loadIfDue(queue)
  }

  /** They leave the memory, and what became of each is written down. */
  #settle(entries: readonly Entry[], endings: readonly Ending[]): void {
    for (const { claimed } of endings) this.#queueOf(claimed.delivery.queue).ending += 1
    this.#options.settling.settle(endings, ({ claimed, settlement }) => {
      this.#queueOf(claimed.delivery.queue).ending -= 1
      if (settlement.state === 'waiting') this.planned(claimed.delivery.queue, settlement.due)
    })
    for (const entry of entries) this.#left(entry)
  }

  #letGo(carried: Carried): void {
    this.#carried -= carried.octets
    carried.forget()
  }

  /** Forgets queues and sites with nothing to do; of a queue that waits, all but its time. */
  #tidy(): void {
    for (const [key, queue] of this.#queues) {
      if (!queue.isEmpty) continue
      this.#loading.withdrawn(queue)
      if (!this.#loading.mayForget(queue)) continue
      this.#queues.delete(key)
      queue.site?.queues.delete(queue)
    }
    this.#sites.tick()
  }
}

/** It was logged where it happened, and what it was about is kept. */
function ignoreSpoolError(error: unknown): void {
  if (!(error instanceof SpoolError)) throw error
}

function failEmpty(): never {
  throw new Error('a transaction without recipients')
}
