/** Hosts whose TLS does not work, remembered for a time so that opportunistic mail need not find out each time. */

import type { Instant } from '#engine/spool'

/** Long enough to spare a host's every message, short enough to notice a repair the same day. */
export const BROKEN_FOR = 6 * 3_600_000

/** Hosts remembered; the oldest is forgotten first. */
const CAPACITY = 10_000

export class BrokenTls {
  readonly #until = new Map<string, Instant>()

  has(host: string, now: Instant): boolean {
    const until = this.#until.get(host)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(host)
    return false
  }

  add(host: string, now: Instant): void {
    this.#until.delete(host)
    this.#until.set(host, now + BROKEN_FOR)
    if (this.#until.size <= CAPACITY) return
    const [oldest] = this.#until.keys()
    if (oldest !== undefined) this.#until.delete(oldest)
  }
}
