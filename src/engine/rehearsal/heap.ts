/** What comes next, of things that come at their time; those of one moment in the order in which they were put in. */

import type { Instant } from '#engine/spool'

type Timed = { readonly at: Instant; readonly n: number }

export class Heap<T extends Timed> {
  readonly #all: T[] = []

  get first(): T | undefined {
    return this.#all[0]
  }

  get size(): number {
    return this.#all.length
  }

  push(one: T): void {
    const all = this.#all
    let at = all.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = all[parent]
      if (above === undefined || isSooner(above, one)) break
      all[at] = above
      at = parent
    }
    all[at] = one
  }

  pop(): T | undefined {
    const [first] = this.#all
    const last = this.#all.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first
  }

  clear(): void {
    this.#all.length = 0
  }

  #sink(one: T): void {
    const all = this.#all
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      let below = all[child]
      const right = all[child + 1]
      if (below === undefined) break
      if (right !== undefined && isSooner(right, below)) {
        below = right
        child += 1
      }
      if (isSooner(one, below)) break
      all[at] = below
      at = child
    }
    all[at] = one
  }
}

function isSooner(a: Timed, b: Timed): boolean {
  return a.at < b.at || (a.at === b.at && a.n < b.n)
}
