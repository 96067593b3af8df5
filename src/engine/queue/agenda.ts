/** What is to be done when: a binary heap in which each thing stands once, and no timer of its own. */

import type { Instant } from '#engine/spool'

type Item<T> = { at: Instant; readonly what: T; place: number }

export class Agenda<T> {
  readonly #heap: Item<T>[] = []
  readonly #items = new Map<T, Item<T>>()

  /** Plans `what` for `at`, unless it stands here for an earlier time. */
  add(at: Instant, what: T): void {
    const known = this.#items.get(what)
    if (known !== undefined && known.at <= at) return
    const item = known ?? { at, what, place: this.#heap.length }
    item.at = at
    if (known === undefined) {
      this.#items.set(what, item)
      this.#heap.push(item)
    }
    this.#rise(item)
  }

  /** Takes the earliest thing planned for `now` or before. */
  due(now: Instant): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) {
      this.#put(last, 0)
      this.#sink(last)
    }
    this.#items.delete(first.what)
    return first.what
  }

  /** For when `what` is planned. */
  at(what: T): Instant | undefined {
    return this.#items.get(what)?.at
  }

  get size(): number {
    return this.#heap.length
  }

  #rise(item: Item<T>): void {
    while (item.place > 0) {
      const parent = this.#heap[(item.place - 1) >> 1]
      if (parent === undefined || parent.at <= item.at) return
      this.#swap(item, parent)
    }
  }

  #sink(item: Item<T>): void {
    for (;;) {
      const left = this.#heap[2 * item.place + 1]
      const right = this.#heap[2 * item.place + 2]
      const child = left !== undefined && right !== undefined && right.at < left.at ? right : left
      if (child === undefined || child.at >= item.at) return
      this.#swap(item, child)
    }
  }

  #swap(a: Item<T>, b: Item<T>): void {
    const { place } = a
    this.#put(a, b.place)
    this.#put(b, place)
  }

  #put(item: Item<T>, place: number): void {
    this.#heap[place] = item
    item.place = place
  }
}
