/**
 * One scheduled queue: the deliveries of one stream of one organization to one domain.
 *
 * A bounded window of them is in memory, sorted by band; the rest waits in the store, and the queue knows only
 * when the earliest of the rest is due. A queue with nothing in memory is not kept itself: what is left of it is its
 * name and that time. This is why a million waiting deliveries cost no memory, and 100,000 queues little.
 */

import type { Path, Unreachable } from '#engine/egress'
import type { Route } from '#engine/routing'
import type { Claimed, Instant } from '#engine/spool'

import type { Carried } from './carried.ts'
import { Fifo } from './fifo.ts'

/** 0 is sent first: urgent, ordinary, bulk. */
export const BANDS = 3

/** One delivery in memory. */
export type Entry = {
  readonly claimed: Claimed
  readonly carried: Carried
  readonly queue: ScheduledQueue
}

/** What a queue knows of the site its mail goes to. */
export type Destination = {
  readonly name: string
  readonly paths: readonly Path[]
  /** Those that mail of this stream may take; absent: all of them. */
  pathsOf(stream?: string): readonly Path[]
  /** Those that lead here, with entries or without. */
  readonly queues: Set<ScheduledQueue>
  /** Why nothing of the stream, or of any, can be sent there at `now`, and until when. */
  down(now: Instant, stream?: string): Unreachable | undefined
  /** To be called after `queue` got entries, or got here with some. */
  offer(queue: ScheduledQueue): void
  /** Until when nothing of the stream, or of any, will be taken, because every path is suspended. */
  restsUntil(now: Instant, stream?: string): Instant | undefined
  /** Lets go of a queue in one band, or in all. */
  leave(queue: ScheduledQueue, band?: number): void
}

export class ScheduledQueue {
  readonly key: string
  /** Empty in queues that a release before wrote. */
  readonly organization: string
  readonly stream: string
  readonly domain: string
  readonly ready: readonly Fifo<Entry>[] = Array.from({ length: BANDS }, () => new Fifo<Entry>())
  /** Places kept for messages that are being committed, and for what is being claimed. */
  reserved = 0
  readonly onWire = new Set<Entry>()
  /** Earliest due time among those in the store; `Infinity` when none is known to wait there. */
  nextDue: Instant = Infinity
  /** Dues that became known while a load was under way, which its answer may not include. */
  noted: Instant = Infinity
  /** Deliveries whose outcome is being written down: they may come back. */
  ending = 0
  loading = false
  routing = false
  /** Whether its site took something up since the queue is in memory and since the site last failed. */
  isProven = false
  site: Destination | undefined
  routedAt: Instant = -Infinity
  /** Who vouches that the hosts of the site are this domain's: other domains of the site may have another. */
  vouchedBy: Route['vouchedBy'] | undefined

  constructor(key: string) {
    this.key = key
    const parts = key.split('/')
    this.domain = parts.at(-1) ?? ''
    this.stream = parts.at(-2) ?? ''
    this.organization = parts.at(-3) ?? ''
  }

  get waitingHere(): number {
    return this.ready.reduce((sum, band) => sum + band.length, 0)
  }

  /** How much of its window is taken. */
  get inMemory(): number {
    return this.waitingHere + this.reserved + this.onWire.size
  }

  /** Whether nothing of it is in memory, nor on its way there. */
  get isEmpty(): boolean {
    return this.inMemory === 0 && this.ending === 0 && !this.loading && !this.routing
  }

  push(entry: Entry): void {
    this.ready[bandIndex(entry.claimed.delivery.band)]?.push(entry)
  }

  /** Takes those out that wait for a path and are meant; its site hears of bands that are empty then. */
  removeReady(isMeant: (entry: Entry) => boolean): readonly Entry[] {
    return this.ready.flatMap((band, i) => {
      const taken = band.remove(isMeant)
      if (taken.length > 0 && band.length === 0) this.site?.leave(this, i)
      return taken
    })
  }

  note(due: Instant): void {
    this.nextDue = Math.min(this.nextDue, due)
    this.noted = Math.min(this.noted, due)
  }
}

export function bandIndex(band: number): number {
  return Math.max(0, Math.min(BANDS - 1, band))
}

/** RFC 6710 §5: higher priorities before lower ones; the nineteen levels fall into three bands. */
export function bandOf(priority: number): number {
  if (priority >= 4) return 0
  return priority < 0 ? 2 : 1
}

export function queueKey(organization: string, stream: string, domain: string): string {
  return `${organization}/${stream}/${domain}`
}
