/** Which site each scheduled queue leads to, asked anew when the answer is old; sites without use are let go. */

import type { Egress, Unreachable } from '#engine/egress'
import type { NoRoute, Route, Routing, RoutingNow } from '#engine/routing'
import type { Group, Shaping } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import type { Destination, ScheduledQueue } from './scheduled-queue.ts'
import { Site } from './site.ts'
import type { SiteOwner } from './site.ts'

export type SitesOptions = {
  readonly routing: Routing & RoutingNow
  readonly egress: Pick<Egress, 'path'>
  readonly shaping: Pick<Shaping, 'groupOf'>
  readonly owner: SiteOwner
  /** There is no host to send to. */
  unroutable(queue: ScheduledQueue, why: NoRoute): void
  /** The way leads to a site that is down. */
  blocked(queue: ScheduledQueue, why: Unreachable): void
  now(): Instant
}

/** A route is asked for anew after this; DNS answers live at least as long. */
const ROUTE_AGE = 30_000

/**
 * So many sites are remembered only because they are down, at some 4 KB each. With more dead sites than that, the
 * oldest failures are forgotten: the next probe of such a site costs one connection.
 */
const DOWN_KEPT = 2_000

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
    const site = this.#siteOf(found.route, queue)
    queue.site = site
    site.queues.add(queue)
    const why = site.down(this.#options.now(), queue.stream)
    if (why !== undefined) this.#options.blocked(queue, why)
    site.offer(queue)
    this.#options.owner.siteRests(site, [queue])
  }

  /** Where `queue` leads, as far as that is known without asking. */
  of({ site, domain, stream }: Pick<ScheduledQueue, 'site' | 'domain' | 'stream'>): Destination | undefined {
    if (site !== undefined) return site
    const found = this.#options.routing.routeNow(domain, stream)
    if (found?.ok !== true) return undefined
    return this.#sites.get(keyOf(found.route, this.#options.shaping.groupOf(domain, found.route)))
  }

  /** Nothing of `queue` is ready, and what was known of its way no longer holds. */
  forget(queue: ScheduledQueue): void {
    queue.site?.queues.delete(queue)
    queue.site = undefined
  }

  wake(): void {
    for (const site of this.#sites.values()) site.wake()
  }

  /** A second has passed. */
  tick(): void {
    for (const site of this.#sites.values()) site.nudge()
    this.tidy()
  }

  /**
   * Lets go of the sites that no queue leads to, once their connections are closed. That a site is down is not
   * forgotten, up to a number: the next message for it would be met with a new connection each time.
   */
  tidy(): void {
    const now = this.#options.now()
    let spare = this.#sites.size - DOWN_KEPT
    for (const [key, site] of this.#sites) {
      const isKept = site.down(now) !== undefined || site.restsUntil(now) !== undefined
      if (site.queues.size > 0 || (spare <= 0 && isKept)) continue
      if (site.paths.some((path) => path.describe().connections > 0)) continue
      this.#sites.delete(key)
      spare -= 1
      for (const path of site.paths) void path.close()
    }
  }

  /** With a path from each source of the queue's pool. */
  #siteOf(route: Route, { domain, stream }: ScheduledQueue): Site {
    const { egress, owner, shaping } = this.#options
    const group = shaping.groupOf(domain, route)
    const site = this.#sites.getOrInsertComputed(keyOf(route, group), () => new Site(route.site, owner))
    for (const path of site.paths) path.use(route)
    for (const source of owner.poolOf(stream).sources.keys())
      if (!site.paths.some((path) => path.source === source))
        site.paths.push(egress.path(source, route, site, group))
    return site
  }
}

/**
 * Two static routes may lead to one host with different duties; they must not share connections. Nor do domains that
 * have limits of their own.
 */
function keyOf({ site, tls, auth, allowPrivate, dane, exempt }: Route, group: Group): string {
  const duties = [tls, auth?.user, allowPrivate, dane, exempt].map((one) => String(one ?? ''))
  return [site, ...duties, group.provider ?? '', group.domain ?? ''].join('|')
}
