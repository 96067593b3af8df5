/** Several windows of one thing at once: one more may begin when each of them lets it. */

import type { Instant } from '#engine/spool'

import { Window } from './window.ts'
import type { Keeping, Tally } from './window.ts'

const SECOND = 1_000
const DAY = 86_400_000

/** Two of a hundred at most are lost by a crash, and a busy window is written 50 times. */
const CLOSELY: Keeping = { parts: 50, isLenient: false }

/** Every path has such a window, and few ever come near it: those are not written at all. */
const LOOSELY: Keeping = { parts: 4, isLenient: true }

/** Windows by the end of their key: `messages_per_hour`. A second has passed before a new process sends anything. */
const SPANS = [
  ['second', SECOND, undefined],
  ['minute', 60_000, LOOSELY],
  ['hour', 3_600_000, CLOSELY],
  ['day', DAY, CLOSELY],
] as const

export type Span = (typeof SPANS)[number][0]

/** How many within each; 0 and absent for no limit. */
export type Rates = { readonly [K in Span]?: number }

export type Tallies = { readonly [K in Span]?: Tally }

export class Gate {
  /** The shortest first; most gates have none. */
  #windows: { readonly span: Span; readonly window: Window }[] = []

  get isFree(): boolean {
    return this.#windows.length === 0
  }

  readonly #want: (() => void) | undefined

  /** `want` is called when the long windows are to be written down: none begins that is not covered. */
  constructor(want?: () => void) {
    this.#want = want
  }

  /** What is counted stays counted, where the window stays. */
  limit(rates: Rates): void {
    const open = this.#windows[0]?.window.open ?? 0
    this.#windows = SPANS.flatMap(([span, within, keeping]) => {
      const most = rates[span] ?? 0
      if (most === 0) return []
      const known = this.#windows.find((one) => one.span === span)
      if (known !== undefined) {
        known.window.most = most
        return [known]
      }
      const window = new Window(most, within, this.#want && keeping)
      for (let n = 0; n < open; n += 1) window.begin()
      return [{ span, window }]
    })
    this.#wantIfNeeded()
  }

  /** Milliseconds until one more may begin; `Infinity` when one that is open must end first. */
  wait(now: Instant): number {
    let longest = 0
    for (const { window } of this.#windows) {
      const wait = window.wait(now)
      if (wait > longest) longest = wait
      if (window.isAwaited) this.#want?.()
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
    this.#wantIfNeeded()
  }

  #wantIfNeeded(): void {
    if (this.#want !== undefined && this.#windows.some(({ window }) => window.isRunningOut)) this.#want()
  }

  end(now: Instant): void {
    for (const { window } of this.#windows) if (window.open > 0) window.end(now)
  }

  /** Whether nothing is counted any more. */
  isForgotten(now: Instant): boolean {
    return this.#windows.every(({ window }) => window.used(now) === 0)
  }

  /** What must be written down. */
  tallies(now: Instant, isLast: boolean): Tallies {
    const found = this.#windows.map(({ span, window }) => [span, window.tally(now, isLast)] as const)
    return Object.fromEntries(found.filter(([, tally]) => tally !== undefined))
  }

  /** What counts by now, for another gate. */
  seen(now: Instant): Tallies {
    const all = this.#windows.map(
      ({ span, window }) => [span, { ends: window.seen(now), reserved: 0 }] as const,
    )
    return Object.fromEntries(all)
  }

  /** What `tallies` gave last has been written down. Whether more may begin than before. */
  kept(): boolean {
    let isMore = false
    for (const { window } of this.#windows) if (window.kept()) isMore = true
    return isMore
  }

  /** `crashedBy`: the process that wrote them did not come to an end, and was gone by then. */
  restore(tallies: Tallies, { passed, now, crashedBy }: Past): void {
    for (const { span, window } of this.#windows) {
      const tally = tallies[span]
      if (tally !== undefined) window.restore(tally, passed, now)
      if (crashedBy !== undefined) window.presume(crashedBy, now, tally)
    }
  }
}

/** Of what another process wrote down, `passed` milliseconds ago. */
export type Past = {
  readonly passed: number
  readonly now: Instant
  readonly crashedBy?: Instant | undefined
}

type Binding = NonNullable<ReturnType<Gate['binding']>>
export type Tighter = Binding & { readonly isShared: boolean }

/** Of the path's own and the provider's, the one that keeps the next longer. */
export function tighter(own: Binding | undefined, shared: Binding | undefined): Tighter | undefined {
  if (shared !== undefined && shared.wait > (own?.wait ?? 0)) return { ...shared, isShared: true }
  return own && { ...own, isShared: false }
}

/** A wait for what nobody knows the end of is told as none. */
export function finite(wait: number): number {
  return wait === Infinity ? 0 : wait
}
