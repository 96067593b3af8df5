/**
 * The ready side of the queue: all scheduled queues whose mail goes to one site, and the paths that take from them.
 * Whose turn it is, is in rota.ts.
 */

import type { Job, Path, Pauses, Unreachable, Work } from '#engine/egress'
import type { Live } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { Shares } from './pool.ts'
import type { Pool } from './pool.ts'
import { Rota } from './rota.ts'
import type { Destination, Entry, ScheduledQueue } from './scheduled-queue.ts'

export type SiteOwner = {
  /** Whether anything may be sent now. */
  mayStart(): boolean
  /** Makes a transaction of the first entries of `queue`; they are on the wire from then on. */
  jobOf(entries: readonly Entry[]): Job
  /** How many recipients one transaction may have now, whatever the path allows. */
  recipientsPerTransaction(): number
  /** How much of a path a stream has beside others. */
  weightOf(stream: string): number
  /** Which sources take the mail of a stream. */
  poolOf(stream: string): Pool
  /** In [0, 1). */
  random(): number
  /** Told after entries were taken: there may be room for more. */
  drained(queue: ScheduledQueue): void
  siteFailed(site: Site, why: Unreachable): void
  /** Paths are suspended: nothing of those of `queues` that have no other will be taken for a while. */
  siteRests(site: Site, queues: Iterable<ScheduledQueue>): void
  /** A path has been suspended, and is no longer. */
  siteResumes(site: Site): void
}

export class Site implements Work, Destination {
  readonly name: string
  readonly paths: Path[] = []
  readonly queues = new Set<ScheduledQueue>()
  /** Queues with ready entries. */
  readonly #rota: Rota
  readonly #owner: SiteOwner
  readonly #unreachable = new Map<string, Unreachable>()
  readonly #suspended = new Map<string, Live>()
  /** By pool: another configuration has others. */
  #shares = new WeakMap<Pool, Shares>()

  constructor(name: string, owner: SiteOwner) {
    this.name = name
    this.#owner = owner
    this.#rota = new Rota({
      weightOf: (stream) => owner.weightOf(stream),
      serves: (source, stream) => this.#serves(source, stream),
    })
  }

  #serves(source: string, stream: string): boolean {
    const { sources } = this.#owner.poolOf(stream)
    if (!sources.has(source)) return false
    return this.paths.length === 1 || !this.paths.some((path) => path.keepsShare && sources.has(path.source))
  }

  offer(queue: ScheduledQueue): void {
    for (const [band, entries] of queue.ready.entries()) if (entries.length > 0) this.#rota.add(queue, band)
    this.#wakeFor(this.#owner.poolOf(queue.stream))
  }

  leave(queue: ScheduledQueue, band?: number): void {
    for (const i of queue.ready.keys()) if (band === undefined || band === i) this.#rota.remove(queue, i)
  }

  hasWork(source: string, pauses: Pauses): boolean {
    return this.#rota.hasWork(source, pauses)
  }

  *domains(): Iterable<string> {
    for (const queue of this.queues) if (queue.waitingHere > 0) yield queue.domain
  }

  wake(): void {
    for (const path of this.paths) path.wake()
  }

  /** Whoever was passed over for another that has been too long about its connection may have the work. */
  nudge(): void {
    if (this.paths.length > 1 && !this.#rota.isEmpty) this.wake()
  }

  /**
   * The source whose turn it is, is asked first; what it cannot take, others do. Where it makes connections for all that
   * waits, the others are not asked yet, or whoever has one already would always be the one.
   */
  #wakeFor(pool: Pool): void {
    const [only] = this.paths
    if (this.paths.length === 1) return only?.wake()
    for (const source of this.#sharesOf(pool).order()) {
      const path = this.paths.find((one) => one.source === source)
      path?.wake()
      if (path !== undefined && path.opening > 0 && this.#waitingUpTo(path.opening + 1) <= path.opening)
        return
    }
  }

  /** How many entries wait, counted no further than `most`. */
  #waitingUpTo(most: number): number {
    let count = 0
    for (const queue of this.queues) {
      count += queue.waitingHere
      if (count >= most) return most
    }
    return count
  }

  #sharesOf(pool: Pool): Shares {
    return this.#shares.getOrInsertComputed(pool, () => {
      const shares = new Shares(pool, () => this.#owner.random())
      for (const [source, reaction] of this.#suspended) shares.lend(source, takerOf(reaction))
      return shares
    })
  }

  next(source: string, recipients: number, pauses: Pauses): Job | undefined {
    if (!this.#owner.mayStart()) return undefined
    const most = Math.min(recipients, this.#owner.recipientsPerTransaction())
    for (;;) {
      const turn = this.#rota.next(source, pauses)
      if (turn === undefined) return undefined
      const { queue, band } = turn
      const entries = this.#take(queue, band, most)
      if ((queue.ready[band]?.length ?? 0) > 0) this.#rota.add(queue, band)
      if (entries.length === 0) continue
      const job = this.#owner.jobOf(entries)
      if (this.paths.length > 1) this.#sharesOf(this.#owner.poolOf(queue.stream)).took(source)
      this.#owner.drained(queue)
      return job
    }
  }

  failed(why: Unreachable): void {
    this.#unreachable.set(why.attempt.source, why)
    this.#owner.siteFailed(this, why)
    this.nudge()
  }

  /** The ways that mail of this stream may take; absent: all of them. */
  pathsOf(stream?: string): readonly Path[] {
    if (stream === undefined) return this.paths
    const { sources } = this.#owner.poolOf(stream)
    return this.paths.every(({ source }) => sources.has(source))
      ? this.paths
      : this.paths.filter(({ source }) => sources.has(source))
  }

  /** Only when every source of the stream, or of all, failed to reach it. */
  down(now: Instant, stream?: string): Unreachable | undefined {
    let first: Unreachable | undefined
    for (const path of this.pathsOf(stream)) {
      const why = this.#unreachable.get(path.source)
      if (why === undefined || why.until <= now) return undefined
      if (first === undefined || why.until < first.until) first = why
    }
    return first
  }

  suspended(source: string, reaction: Live | undefined): void {
    // Whose share goes where is asked anew.
    this.#shares = new WeakMap()
    if (reaction === undefined) {
      if (this.#suspended.delete(source)) this.#owner.siteResumes(this)
      return
    }
    this.#suspended.set(source, reaction)
    this.#owner.siteRests(this, this.queues)
    this.nudge()
  }

  /** Until when nothing of the stream, or of any, will be taken, because every path is suspended. */
  restsUntil(now: Instant, stream?: string): Instant | undefined {
    if (this.#suspended.size === 0) return undefined
    const paths = this.pathsOf(stream)
    if (paths.length === 0) return undefined
    let first = Infinity
    for (const { source } of paths) {
      const until = this.#suspended.get(source)?.until ?? 0
      if (until <= now) return undefined
      if (until < first) first = until
    }
    return first
  }

  /** One transaction's worth: the first entry, and those behind it of the same message. */
  #take(queue: ScheduledQueue, band: number, most: number): Entry[] {
    const ready = queue.ready[band]
    const first = ready?.shift()
    if (ready === undefined || first === undefined) return []
    const entries = [first]
    // What one recipient is sent, no other may get.
    if (first.carried.isPersonal) return entries
    while (entries.length < most) {
      if (ready.peek()?.carried !== first.carried) break
      const another = ready.shift()
      if (another !== undefined) entries.push(another)
    }
    return entries
  }
}

/** Who takes over while `reaction` lasts, where it says so. */
function takerOf({ act }: Live): string | undefined {
  return act.do === 'reroute' ? act.to : undefined
}
