/** Several windows of one thing at once: one more may begin when each of them lets it. */

import type { Instant } from '#engine/spool'

import { Window } from './window.ts'
import type { Tally } from './window.ts'

const SECOND = 1_000
const DAY = 86_400_000

/** Windows by the end of their key: `messages_per_hour`. */
const SPANS = [
  ['second', SECOND],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', DAY],
] as const

export type Span = (typeof SPANS)[number][0]

/** How many within each; 0 and absent for no limit. */
export type Rates = { readonly [K in Span]?: number }

export class Gate {
  /** The shortest first; most gates have none. */
  #windows: { readonly span: Span; readonly window: Window }[] = []

  get isFree(): boolean {
    return this.#windows.length === 0
  }

  /** What is counted stays counted, where the window stays. */
  limit(rates: Rates): void {
    const open = this.#windows[0]?.window.open ?? 0
    this.#windows = SPANS.flatMap(([span, within]) => {
      const most = rates[span] ?? 0
      if (most === 0) return []
      const known = this.#windows.find((one) => one.span === span)
      if (known !== undefined) {
        known.window.most = most
        return [known]
      }
      const window = new Window(most, within)
      for (let n = 0; n < open; n += 1) window.begin()
      return [{ span, window }]
    })
  }

  /** Milliseconds until one more may begin; `Infinity` when one that is open must end first. */
  wait(now: Instant): number {
    let longest = 0
    for (const { window } of this.#windows) {
      const wait = window.wait(now)
      if (wait > longest) longest = wait
    }
    return longest
  }

  /** The window that keeps the next one longest. */
  binding(now: Instant): { readonly span: Span; readonly most: number; readonly wait: number } | undefined {
    let found: { readonly span: Span; readonly most: number; readonly wait: number } | undefined
    for (const { span, window } of this.#windows) {
      const wait = window.wait(now)
      if (wait > (found?.wait ?? 0)) found = { span, most: window.most, wait }
    }
    return found
  }

  begin(): void {
    for (const { window } of this.#windows) window.begin()
  }

  end(now: Instant): void {
    for (const { window } of this.#windows) if (window.open > 0) window.end(now)
  }

  /** Whether nothing is counted any more. */
  isForgotten(now: Instant): boolean {
    return this.#windows.every(({ window }) => window.used(now) === 0)
  }

  /** Of the windows that outlive a restart worth the name. */
  tallies(now: Instant): { readonly [K in Span]?: Tally } {
    const long = this.#windows.filter(({ window }) => window.within >= LONG)
    const found = long.map(({ span, window }) => [span, window.tally(now)] as const)
    return Object.fromEntries(found.filter(([, tally]) => tally.length > 0))
  }

  restore(tallies: { readonly [K in Span]?: Tally }, passed: number, now: Instant): void {
    for (const { span, window } of this.#windows) window.restore(tallies[span] ?? [], passed, now)
  }
}

/** Shorter windows have passed before a new process sends its first message, or are counted anew at little cost. */
const LONG = 3_600_000
