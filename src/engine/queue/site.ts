/**
 * The ready side of the queue: all scheduled queues whose mail goes to one site, and the paths that take from them.
 *
 * Fair between queues: each gives one transaction in turn, the urgent band of all of them before the ordinary.
 */

import type { Job, Path, Unreachable, Work } from '#engine/egress'
import type { Instant } from '#engine/spool'

import { BANDS } from './scheduled-queue.ts'
import type { Destination, Entry, ScheduledQueue } from './scheduled-queue.ts'

export type SiteOwner = {
  /** Whether anything may be sent now. */
  mayStart(): boolean
  /** Makes a transaction of the first entries of `queue`; they are on the wire from then on. */
  jobOf(entries: readonly Entry[]): Job
  /** How many recipients one transaction may have now. */
  recipientsPerTransaction(): number
  /** Told after entries were taken: there may be room for more. */
  drained(queue: ScheduledQueue): void
  siteFailed(site: Site, why: Unreachable): void
}

export class Site implements Work, Destination {
  readonly name: string
  readonly paths: Path[] = []
  readonly queues = new Set<ScheduledQueue>()
  /** Queues with ready entries, one rota a band, in the order of their turns. */
  readonly #rota = Array.from({ length: BANDS }, () => new Set<ScheduledQueue>())
  readonly #owner: SiteOwner
  readonly #unreachable = new Map<string, Unreachable>()
  #turn = 0

  constructor(name: string, owner: SiteOwner) {
    this.name = name
    this.#owner = owner
  }

  offer(queue: ScheduledQueue): void {
    for (const [band, entries] of queue.ready.entries()) if (entries.length > 0) this.#rota[band]?.add(queue)
    this.wake()
  }

  leave(queue: ScheduledQueue, band?: number): void {
    for (const [i, rota] of this.#rota.entries()) if (band === undefined || band === i) rota.delete(queue)
  }

  get hasWork(): boolean {
    return this.#rota.some((rota) => rota.size > 0)
  }

  *domains(): Iterable<string> {
    for (const queue of this.queues) if (queue.waitingHere > 0) yield queue.domain
  }

  wake(): void {
    // Each source in its turn is asked first; a path that has enough to do leaves the rest to the next.
    this.#turn += 1
    for (let i = 0; i < this.paths.length; i += 1) this.paths[(this.#turn + i) % this.paths.length]?.wake()
  }

  next(): Job | undefined {
    if (!this.#owner.mayStart()) return undefined
    for (let band = 0; band < BANDS; band += 1) {
      const job = this.#nextOf(band)
      if (job !== undefined) return job
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

  #nextOf(band: number): Job | undefined {
    const rota = this.#rota[band] ?? new Set()
    for (const queue of rota) {
      rota.delete(queue)
      const entries = this.#take(queue, band)
      if ((queue.ready[band]?.length ?? 0) > 0) rota.add(queue)
      if (entries.length === 0) continue
      const job = this.#owner.jobOf(entries)
      this.#owner.drained(queue)
      return job
    }
    return undefined
  }

  /** One transaction's worth: the first entry, and those behind it of the same message. */
  #take(queue: ScheduledQueue, band: number): Entry[] {
    const ready = queue.ready[band]
    const first = ready?.shift()
    if (ready === undefined || first === undefined) return []
    const entries = [first]
    const most = this.#owner.recipientsPerTransaction()
    while (entries.length < most) {
      if (ready.peek()?.carried !== first.carried) break
      const another = ready.shift()
      if (another !== undefined) entries.push(another)
    }
    return entries
  }
}
