/**
 * One who follows: which sessions, and what of them has not been taken yet. A reader that is slow loses lines, which
 * are counted, and never memory.
 */

import type { Speaker, TraceSubject, TraceTopic } from './tracer.ts'

export type TraceFilter = {
  readonly way?: 'in' | 'out'
  /** Whether the other side's address is meant. */
  readonly peer?: (address: string) => boolean
  /** Only transactions from or to this domain. */
  readonly domain?: string
  /** Only transactions of this message. */
  readonly message?: string
}

export type TraceRecord = {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** The same for all lines of one session. */
  readonly session: number
  readonly way: 'in' | 'out'
  readonly peer: string
  readonly by: string
  readonly who: Speaker
  readonly line: string
  /** So many lines before this one were lost, because they were not taken in time. */
  readonly lost?: number
}

/** Lines that wait to be taken, and characters of one that are kept. */
export const BUFFERED = 2_000
export const LINE = 1_000

/**
 * Lines that are kept until it is known whether they are meant: of the beginning of a session, of one transaction, and of
 * all sessions together.
 */
const KEPT = 200
export const KEPT_IN_ALL = 5_000

export type Followed = {
  readonly id: number
  readonly subject: TraceSubject
}

type Kept = {
  /** What is known of the transaction there is. */
  isMeant: boolean
  hasDomain: boolean
  hasMessage: boolean
  hasTurned: boolean
  /** What was said before the first transaction, and in the one there is. */
  readonly opening: TraceRecord[]
  readonly transaction: TraceRecord[]
}

export class Watch {
  readonly #filter: TraceFilter
  readonly #sessions = new Map<number, Kept>()
  #buffer: TraceRecord[] = []
  #lost = 0
  #kept = 0
  #isOver = false
  #waiting: (() => void) | undefined

  constructor(filter: TraceFilter) {
    this.#filter = filter
  }

  said(session: Followed, time: number, who: Speaker, line: string): void {
    const kept = this.#keptOf(session)
    if (kept === undefined) return
    const record = { time, session: session.id, ...session.subject, who, line: line.slice(0, LINE) }
    if (kept.isMeant) this.#push(record)
    else this.#keep(kept.hasTurned ? kept.transaction : kept.opening, record)
  }

  turn(session: Followed, topic: TraceTopic): void {
    const kept = this.#keptOf(session)
    if (kept === undefined) return
    this.#forget(kept.transaction)
    kept.hasTurned = true
    kept.hasDomain = false
    kept.hasMessage = false
    kept.isMeant = this.#isOpen
    this.learn(session, topic)
  }

  learn(session: Followed, { domains = [], messages = [] }: TraceTopic): void {
    const kept = this.#keptOf(session)
    if (kept === undefined || kept.isMeant) return
    const { domain, message } = this.#filter
    kept.hasDomain ||= domain === undefined || domains.includes(domain)
    kept.hasMessage ||= message === undefined || messages.includes(message)
    kept.isMeant = kept.hasDomain && kept.hasMessage
    if (!kept.isMeant) return
    for (const record of [...kept.opening, ...kept.transaction]) this.#push(record)
    this.#forget(kept.opening)
    this.#forget(kept.transaction)
  }

  ended({ id }: Followed): void {
    const kept = this.#sessions.get(id)
    if (kept === undefined) return
    this.#forget(kept.opening)
    this.#forget(kept.transaction)
    this.#sessions.delete(id)
  }

  /** Resolves with what there is, as soon as there is something; with nothing only when it is over. */
  async take(): Promise<readonly TraceRecord[]> {
    if (this.#buffer.length === 0 && !this.#isOver) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting = resolve
      await promise
    }
    const taken = this.#buffer
    this.#buffer = []
    return taken
  }

  stop(): void {
    this.#isOver = true
    this.#sessions.clear()
    this.#waiting?.()
  }

  /** Nothing but the session itself decides. */
  get #isOpen(): boolean {
    return this.#filter.domain === undefined && this.#filter.message === undefined
  }

  #keptOf({ id, subject }: Followed): Kept | undefined {
    if (this.#isOver) return undefined
    const known = this.#sessions.get(id)
    if (known !== undefined) return known
    const { way, peer } = this.#filter
    if ((way !== undefined && way !== subject.way) || peer?.(subject.peer) === false) return undefined
    const kept: Kept = {
      isMeant: this.#isOpen,
      hasDomain: false,
      hasMessage: false,
      hasTurned: false,
      opening: [],
      transaction: [],
    }
    this.#sessions.set(id, kept)
    return kept
  }

  #push(record: TraceRecord): void {
    if (this.#buffer.length >= BUFFERED) {
      this.#lost += 1
      return
    }
    this.#buffer.push(this.#lost === 0 ? record : { ...record, lost: this.#lost })
    this.#lost = 0
    this.#waiting?.()
    this.#waiting = undefined
  }

  #keep(lines: TraceRecord[], record: TraceRecord): void {
    const isFull = lines.length >= KEPT || this.#kept >= KEPT_IN_ALL
    // The newest says more than the oldest. Who has nothing to give up gets nothing.
    if (isFull && lines.shift() === undefined) return
    if (!isFull) this.#kept += 1
    lines.push(record)
  }

  #forget(lines: TraceRecord[]): void {
    this.#kept -= lines.length
    lines.length = 0
  }
}
