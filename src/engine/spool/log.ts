/** The log of events as it is read: pages of the store in, events and the place after them out. */

import type { Place, StoredPage } from './event.ts'
import { eventsOf, formatCursor, parseCursor } from './event.ts'
import type { Event, EventQuery, Events } from './event.ts'
import type { SpoolService } from './service.ts'
import { SpoolError } from './spool.ts'

/** Events that one question looks at, where few are of the kinds that are asked for. */
const LOOKED_AT = 5_000

/** @throws {SpoolError} `refused` */
export async function readLog(service: Pick<SpoolService, 'pages'>, query: EventQuery): Promise<Events> {
  const after = parseCursor(query.after ?? '')
  if (after === undefined) throw new SpoolError('refused', 'this is no place in a log of events')
  const { organization, limit } = query
  const where = organization === undefined ? {} : { organization }
  // Of a place that was reached, all that comes after is wanted, whenever it was written.
  const since = query.since === undefined || after.length > 0 ? {} : { since: query.since }
  const pages = await service.pages({ ...where, ...since, after, limit: isNarrow(query) ? LOOKED_AT : limit })
  return read(pages, query, new Places(after))
}

class Places {
  readonly #places: Map<number, Place>

  constructor(places: readonly Place[]) {
    this.#places = new Map(places.map((place) => [place.node, place]))
  }

  /** How many events of this page are before the place. */
  before([node, page]: StoredPage): number {
    const place = this.#places.get(node)
    return place?.page === page ? place.index : 0
  }

  reach([node, page]: StoredPage, index: number): void {
    this.#places.set(node, { node, page, index })
  }

  get all(): readonly Place[] {
    return [...this.#places.values()].toSorted((a, b) => a.node - b.node)
  }
}

function isNarrow({ until, kinds, stream, message, to }: EventQuery): boolean {
  return [until, kinds, stream, message, to].some((one) => one !== undefined)
}

function isWanted(event: Event, { until, kinds, stream, message, to }: EventQuery): boolean {
  if (until !== undefined && event.at >= until) return false
  if (kinds !== undefined && !kinds.includes(event.kind)) return false
  if (stream !== undefined && event.stream !== stream) return false
  if (message !== undefined && event.message !== message) return false
  return to === undefined || (to.startsWith('@') ? event.to?.endsWith(to) === true : event.to === to)
}

function read(pages: readonly StoredPage[], query: EventQuery, places: Places): Events {
  const { limit } = query
  const events: Event[] = []
  let looked = 0
  for (const page of pages) {
    const all = eventsOf(page)
    for (let i = places.before(page); i < all.length; i += 1) {
      const event = all[i]
      if (events.length >= limit || looked >= LOOKED_AT)
        return { events, next: formatCursor(places.all), more: true }
      looked += 1
      places.reach(page, i + 1)
      if (event && isWanted(event, query)) events.push(event)
    }
  }
  return { events, next: formatCursor(places.all), more: false }
}
