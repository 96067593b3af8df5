/** Which site each scheduled queue leads to, asked anew when the answer is old; sites without use are let go. */

import type { Egress } from '#engine/egress'
import type { NoRoute, Route, Routing, RoutingNow } from '#engine/routing'
import type { Instant } from '#engine/spool'

import type { ScheduledQueue } from './scheduled-queue.ts'
import { Site } from './site.ts'
import type { SiteOwner } from './site.ts'

export type SitesOptions = {
  readonly routing: Routing & RoutingNow
  readonly egress: Pick<Egress, 'path'>
  readonly sources: readonly string[]
  readonly owner: SiteOwner
  /** There is no host to send to. */
  unroutable(queue: ScheduledQueue, why: NoRoute): void
  now(): Instant
}

/** A route is asked for anew after this; DNS answers live at least as long. */
const ROUTE_AGE = 30_000

export class Sites {
  readonly #options: SitesOptions
  readonly #sites = new Map<string, Site>()

  constructor(options: SitesOptions) {
    this.#options = options
  }

  /** Whether `queue.site` can still be believed. */
  knows(queue: ScheduledQueue): boolean {
    return queue.site !== undefined && this.#options.now() - queue.routedAt <= ROUTE_AGE
  }

  /** Finds the site of a queue and puts the queue on its rota. Never rejects. */
  async find(queue: ScheduledQueue): Promise<void> {
    if (queue.routing) return
    queue.routing = true
    const { routing } = this.#options
    const found =
      routing.routeNow(queue.domain, queue.stream) ?? (await routing.route(queue.domain, queue.stream))
    queue.routing = false
    if (!found.ok) {
      this.#options.unroutable(queue, found)
      return
    }
    queue.routedAt = this.#options.now()
    queue.vouchedBy = found.route.vouchedBy
    queue.site?.leave(queue)
    queue.site?.queues.delete(queue)
    queue.site = this.#siteOf(found.route)
    queue.site.queues.add(queue)
    queue.site.offer(queue)
  }

  /** Nothing of `queue` is ready, and what was known of its way no longer holds. */
  forget(queue: ScheduledQueue): void {
    queue.site?.queues.delete(queue)
    queue.site = undefined
  }

  wake(): void {
    for (const site of this.#sites.values()) site.wake()
  }

  /**
   * Lets go of the sites that no queue leads to, once their connections are closed. That a site is down is not
   * forgotten: the next message for it would be met with a new connection each time.
   */
  tidy(): void {
    const now = this.#options.now()
    for (const [key, site] of this.#sites) {
      if (site.queues.size > 0 || site.down(now) !== undefined) continue
      if (site.paths.some((path) => path.describe().connections > 0)) continue
      this.#sites.delete(key)
      for (const path of site.paths) void path.close()
    }
  }

  #siteOf(route: Route): Site {
    // Two static routes may lead to one host with different duties; they must not share connections.
    const { dane, exempt } = route
    const duties = [route.tls, route.auth?.user, route.allowPrivate, dane, exempt].map((one) =>
      String(one ?? ''),
    )
    const key = [route.site, ...duties].join('|')
    const known = this.#sites.get(key)
    if (known !== undefined) {
      for (const path of known.paths) path.use(route)
      return known
    }
    const site = new Site(route.site, this.#options.owner)
    for (const source of this.#options.sources)
      site.paths.push(this.#options.egress.path(source, route, site))
    this.#sites.set(key, site)
    return site
  }
}
