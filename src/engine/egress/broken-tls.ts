/**
 * Hosts whose TLS does not work, remembered for a time so that opportunistic mail need not find out each time. Only
 * such mail asks: a host that must have TLS is tried, and waited for, however broken it was.
 */

import type { Instant } from '#engine/spool'

export type BrokenHost = {
  readonly host: string
  /** Of the first failure since TLS last worked there. */
  readonly since: Instant
  /** It is spoken to in clear until then. */
  readonly until: Instant
  readonly why: string
}

/** Long enough to spare a host's every message, short enough to notice a repair the same day. */
export const BROKEN_FOR = 6 * 3_600_000

/** Hosts remembered; the oldest is forgotten first. */
const CAPACITY = 10_000

export class BrokenTls {
  readonly #hosts = new Map<string, BrokenHost>()

  constructor(remembered: readonly BrokenHost[] = []) {
    for (const one of remembered.slice(-CAPACITY)) this.#hosts.set(one.host, one)
  }

  has(host: string, now: Instant): boolean {
    const broken = this.#hosts.get(host)
    return broken !== undefined && now < broken.until
  }

  add(host: string, now: Instant, why: string): void {
    const since = this.#hosts.get(host)?.since ?? now
    this.#hosts.delete(host)
    this.#hosts.set(host, { host, since, until: now + BROKEN_FOR, why })
    if (this.#hosts.size <= CAPACITY) return
    const [oldest] = this.#hosts.keys()
    if (oldest !== undefined) this.#hosts.delete(oldest)
  }

  /** TLS came about there. */
  mended(host: string): void {
    if (this.#hosts.size > 0) this.#hosts.delete(host)
  }

  /** Those that are spoken to in clear, the longest remembered first. */
  list(now: Instant): readonly BrokenHost[] {
    return [...this.#hosts.values()].filter(({ until }) => now < until)
  }
}
