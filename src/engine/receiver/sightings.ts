/** How often something was seen within spans of time, as a receiver counts: it remembers no more than its limits need. */

import type { Instant } from '#engine/spool'

export type Span = {
  /** As rules write it: `messages_per_second`. */
  readonly limit: string
  readonly most: number
  /** Milliseconds. */
  readonly within: number
}

type Kept = { readonly span: Span; readonly times: Instant[]; next: number }

export class Sightings {
  readonly #kept: readonly Kept[]

  constructor(spans: readonly Span[]) {
    this.#kept = spans.map((span) => ({ span, times: [], next: 0 }))
  }

  /** Notes one more at `now`; gives a span that holds more than it may. */
  see(now: Instant): Span | undefined {
    let over: Span | undefined
    for (const one of this.#kept) {
      const { most, within } = one.span
      // The place of the one that came `most` before this one.
      const before = one.times[one.next]
      one.times[one.next] = now
      one.next = (one.next + 1) % most
      if (before !== undefined && before > now - within) over ??= one.span
    }
    return over
  }
}
