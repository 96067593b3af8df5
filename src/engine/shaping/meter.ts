/** How many there were in the last minute, about: two counters and no memory of the single ones. */

import type { Instant } from '#engine/spool'

const MINUTE = 60_000

export class Meter {
  #since: Instant = 0
  #count = 0
  #before = 0

  add(now: Instant): void {
    if (now - this.#since >= MINUTE) this.#turn(now)
    this.#count += 1
  }

  /** What is missing of the minute is taken from the one before, as if it had been even. */
  perMinute(now: Instant): number {
    if (now - this.#since >= MINUTE) this.#turn(now)
    const share = Math.min(1, Math.max(0, (now - this.#since) / MINUTE))
    return this.#count + this.#before * (1 - share)
  }

  #turn(now: Instant): void {
    this.#before = now - this.#since < 2 * MINUTE ? this.#count : 0
    this.#count = 0
    this.#since = now
  }
}
