/** What is to be done when: a binary heap of (time, thing) with one timer's worth of knowledge, and no timer of its own. */

import type { Instant } from '#engine/spool'

type Item<T> = { readonly at: Instant; readonly what: T }

export class Agenda<T> {
  readonly #heap: Item<T>[] = []

  /** The same thing may stand here several times; whoever takes it asks whether it is still meant. */
  add(at: Instant, what: T): void {
    this.#heap.push({ at, what })
    this.#rise(this.#heap.length - 1)
  }

  /** When `due` has something to give; `undefined` when nothing is planned. */
  next(): Instant | undefined {
    return this.#heap[0]?.at
  }

  /** Takes the earliest thing planned for `now` or before. */
  due(now: Instant): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink(0)
    }
    return first.what
  }

  #rise(start: number): void {
    let i = start
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#swapIfEarlier(i, parent)) return
      i = parent
    }
  }

  #sink(start: number): void {
    let i = start
    for (;;) {
      const left = 2 * i + 1
      const right = left + 1
      const child = this.#at(right) < this.#at(left) ? right : left
      if (child >= this.#heap.length || !this.#swapIfEarlier(child, i)) return
      i = child
    }
  }

  #at(i: number): number {
    return this.#heap[i]?.at ?? Infinity
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const a = this.#heap[child]
    const b = this.#heap[parent]
    if (a === undefined || b === undefined || a.at >= b.at) return false
    this.#heap[child] = b
    this.#heap[parent] = a
    return true
  }
}
