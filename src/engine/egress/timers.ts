/** Time as egress uses it, so that a test can hold it in its hand. Not the wall clock: that is `now`. */

export type Timers = {
  /** Milliseconds from some moment; never steps. */
  monotonic(): number
  /** Calls `ring` once after `ms`; the result prevents it. Does not keep the process alive. */
  after(ms: number, ring: () => void): () => void
}

export const systemTimers: Timers = {
  monotonic: () => performance.now(),
  after(ms, ring) {
    const timer = setTimeout(ring, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * One deadline that moves often and is seldom met. Moving it later costs a subtraction: the timer that is armed
 * rings early, sees the new deadline and sleeps again.
 */
export class Deadline {
  readonly #timers: Timers
  readonly #missed: () => void
  #at = Infinity
  #armedAt = Infinity
  #cancel: (() => void) | undefined

  constructor(timers: Timers, missed: () => void) {
    this.#timers = timers
    this.#missed = missed
  }

  set(ms: number): void {
    this.#at = this.#timers.monotonic() + ms
    if (this.#at < this.#armedAt) this.#arm(ms)
  }

  clear(): void {
    this.#at = Infinity
  }

  /** Lets go of the timer, too. */
  end(): void {
    this.#at = Infinity
    this.#armedAt = Infinity
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(ms: number): void {
    this.#cancel?.()
    this.#armedAt = this.#timers.monotonic() + ms
    this.#cancel = this.#timers.after(ms, () => this.#ring())
  }

  #ring(): void {
    this.#armedAt = Infinity
    this.#cancel = undefined
    if (this.#at === Infinity) return
    const left = this.#at - this.#timers.monotonic()
    if (left > 0) this.#arm(left)
    else {
      this.#at = Infinity
      this.#missed()
    }
  }
}
