/** Whether a client is too slow. Looked at by the one timer of the door; there is no timer for a connection. */

export type PaceLimits = {
  /** Milliseconds. */
  readonly idle: number
  readonly session: number
  /** Octets a second of content, over `minimumRateWindow` milliseconds. */
  readonly minimumRate: number
  readonly minimumRateWindow: number
}

/** Milliseconds for a TLS handshake, PROXY header included. */
export const HANDSHAKE = 30_000

/** Milliseconds that what was said last may take to reach a client that we no longer listen to. */
export const LINGER = 2_000

/** What the client is expected to do now. `nothing`: it is our turn, and that is never held against it. */
export type Expected = 'nothing' | 'handshake' | 'read' | 'command' | 'content' | 'leave'

export type Lateness = 'idle' | 'session' | 'rate' | 'handshake' | 'unread' | 'linger'

export class Pace {
  readonly #limits: PaceLimits
  readonly #began: number
  #progress: number
  #window: number
  #octets = 0

  /** Times are milliseconds of `Door.elapsed`. */
  constructor(limits: PaceLimits, now: number) {
    this.#limits = limits
    this.#began = now
    this.#progress = now
    this.#window = now
  }

  /** A whole command came, or our answer went out. Single octets of a command are no progress. */
  progressed(now: number): void {
    this.#progress = now
  }

  /** Content came. */
  came(octets: number): void {
    this.#octets += octets
  }

  /** From now on content is expected, without what happened before held against it. */
  measure(now: number): void {
    this.#window = now
    this.#octets = 0
  }

  /** What the client is late with, or `undefined`. */
  late(expected: Expected, now: number): Lateness | undefined {
    if (expected === 'nothing') return undefined
    // RFC 5321 §4.5.3.2 has each command and each block in its time; of all of them together only this makes an end.
    if (expected !== 'leave' && this.isOver(now)) return 'session'
    if (expected === 'content') return this.#slowness(now)
    const { lateness, patience } = this.#patience(expected)
    return now - this.#progress >= patience ? lateness : undefined
  }

  /** Whether the session has lasted as long as it may. */
  isOver(now: number): boolean {
    return now - this.#began >= this.#limits.session
  }

  #patience(expected: Exclude<Expected, 'nothing' | 'content'>): { lateness: Lateness; patience: number } {
    if (expected === 'handshake') return { lateness: 'handshake', patience: HANDSHAKE }
    if (expected === 'leave') return { lateness: 'linger', patience: LINGER }
    return { lateness: expected === 'read' ? 'unread' : 'idle', patience: this.#limits.idle }
  }

  #slowness(now: number): Lateness | undefined {
    const { minimumRate, minimumRateWindow, idle } = this.#limits
    // Without a minimum rate, silence alone is too slow.
    const [window, least] =
      minimumRate === 0 ? [idle, 1] : [minimumRateWindow, (minimumRate * minimumRateWindow) / 1000]
    if (now - this.#window < window) return undefined
    const isTooSlow = this.#octets < least
    this.measure(now)
    if (!isTooSlow) return undefined
    return minimumRate === 0 ? 'idle' : 'rate'
  }
}
