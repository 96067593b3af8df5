/**
 * The ready side of the queue: all scheduled queues whose mail goes to one site, and the paths that take from them.
 * Whose turn it is, is in rota.ts.
 */

import type { Job, Path, Pauses, Unreachable, Work } from '#engine/egress'
import type { Live } from '#engine/shaping'
import type { Instant } from '#engine/spool'

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
  /** Told after entries were taken: there may be room for more. */
  drained(queue: ScheduledQueue): void
  siteFailed(site: Site, why: Unreachable): void
  /** Every path has been suspended: nothing of what waits will be taken for a while. */
  siteRests(site: Site): void
  /** A path has been suspended, and is no longer. */
  siteResumes(site: Site): void
  /** Another source is to take part, on a reaction's word. */
  addPath(site: Site, source: string): void
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
  #turn = 0

  constructor(name: string, owner: SiteOwner) {
    this.name = name
    this.#owner = owner
    this.#rota = new Rota((stream) => owner.weightOf(stream))
  }

  offer(queue: ScheduledQueue): void {
    for (const [band, entries] of queue.ready.entries()) if (entries.length > 0) this.#rota.add(queue, band)
    this.wake()
  }

  leave(queue: ScheduledQueue, band?: number): void {
    for (const i of queue.ready.keys()) if (band === undefined || band === i) this.#rota.remove(queue, i)
  }

  hasWork(pauses: Pauses): boolean {
    return this.#rota.hasWork(pauses)
  }

  *domains(): Iterable<string> {
    for (const queue of this.queues) if (queue.waitingHere > 0) yield queue.domain
  }

  wake(): void {
    // Each source in its turn is asked first; a path that has enough to do leaves the rest to the next.
    this.#turn += 1
    for (let i = 0; i < this.paths.length; i += 1) this.paths[(this.#turn + i) % this.paths.length]?.wake()
  }

  next(recipients: number, pauses: Pauses): Job | undefined {
    if (!this.#owner.mayStart()) return undefined
    const most = Math.min(recipients, this.#owner.recipientsPerTransaction())
    for (let turn = this.#rota.next(pauses); turn !== undefined; turn = this.#rota.next(pauses)) {
      const { queue, band } = turn
      const entries = this.#take(queue, band, most)
      if ((queue.ready[band]?.length ?? 0) > 0) this.#rota.add(queue, band)
      if (entries.length === 0) continue
      const job = this.#owner.jobOf(entries)
      this.#owner.drained(queue)
      return job
    }
    return undefined
  }

  failed(why: Unreachable): void {
    this.#unreachable.set(why.attempt.source, why)
    this.#owner.siteFailed(this, why)
  }

  /** Only when every source failed to reach it. */
  down(now: Instant): Unreachable | undefined {
    let first: Unreachable | undefined
    for (const path of this.paths) {
      const why = this.#unreachable.get(path.source)
      if (why === undefined || why.until <= now) return undefined
      if (first === undefined || why.until < first.until) first = why
    }
    return first
  }

  suspended(source: string, reaction: Live | undefined): void {
    if (reaction === undefined) {
      if (this.#suspended.delete(source)) this.#owner.siteResumes(this)
      return
    }
    this.#suspended.set(source, reaction)
    this.#owner.siteRests(this)
  }

  reroute(source: string): void {
    this.#owner.addPath(this, source)
  }

  /** Until when nothing will be taken, because every path is suspended. */
  restsUntil(now: Instant): Instant | undefined {
    if (this.#suspended.size === 0 || this.paths.length === 0) return undefined
    let first = Infinity
    for (const { source } of this.paths) {
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
    while (entries.length < most) {
      if (ready.peek()?.carried !== first.carried) break
      const another = ready.shift()
      if (another !== undefined) entries.push(another)
    }
    return entries
  }
}
