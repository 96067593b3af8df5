/** What held messages back from when till when, noted while it happens: bounded, whatever does. */

import type { Instant } from '#engine/spool'

import { isReaction, nameOf } from './binding.ts'
import type { Binding } from './binding.ts'
import { fewer } from './phases.ts'
import type { Phase } from './phases.ts'

type Open = { from: Instant; to: Instant; readonly by: Binding; readonly name: string; sent: number }

/** Phases kept while it runs; beyond it the shortest is taken for part of the one before it. */
const MOST = 400

export class Timeline {
  readonly #start: Instant
  readonly #phases: Open[] = []
  #current: Open | undefined

  constructor(start: Instant) {
    this.#start = start
  }

  /** From `now` on it is `by` that holds them back. */
  note(by: Binding, now: Instant): void {
    const name = nameOf(by)
    const { by: before } = this.#current ?? {}
    // Steps of what is the same rule may differ in their words: the first ones stand.
    if (before !== undefined && this.#current?.name === name) return
    this.end(now)
    this.#current = { from: now, to: now, by, name, sent: 0 }
    this.#phases.push(this.#current)
    if (this.#phases.length > MOST) this.#shorten()
  }

  /** One message has been taken. */
  took(): void {
    if (this.#current !== undefined) this.#current.sent += 1
  }

  end(now: Instant): void {
    if (this.#current !== undefined) this.#current.to = now
  }

  /** No more than `most`, as far as reactions let them be merged. */
  phases(most: number): readonly Phase[] {
    return fewer(this.#phases, most).map(({ from, to, ...more }) => ({
      ...more,
      from: from - this.#start,
      to: to - this.#start,
    }))
  }

  #shorten(): void {
    const last = this.#phases.length - 1
    let least = -1
    for (let i = 1; i < last; i += 1) if (isShorter(this.#phases[i], this.#phases[least])) least = i
    const [gone] = this.#phases.splice(least, 1)
    const before = this.#phases[least - 1]
    if (gone === undefined || before === undefined) return
    before.to = gone.to
    before.sent += gone.sent
    const after = this.#phases[least]
    if (after === undefined || after === this.#current || after.name !== before.name) return
    before.to = after.to
    before.sent += after.sent
    this.#phases.splice(least, 1)
  }
}

/** What a reply has set off is what people look for: it goes last. */
function isShorter(one: Open | undefined, other: Open | undefined): boolean {
  if (one === undefined) return false
  if (other === undefined) return true
  const [own, others] = [isReaction(one.by), isReaction(other.by)]
  return own === others ? one.to - one.from < other.to - other.from : others
}
