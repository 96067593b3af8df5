/** What comes in nearly the order of time, given in that order. A heap of those that others may still come before. */

export class InTime<T extends { readonly at: number }> {
  readonly #most: number
  readonly #heap: T[] = []

  /** More than `most` are not kept: the earliest then goes, though an earlier one might come. */
  constructor(most: number) {
    this.#most = most
  }

  add(one: T): void {
    const heap = this.#heap
    let at = heap.push(one) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent.at <= one.at) break
      heap[at] = parent
      at = above
    }
    heap[at] = one
  }

  /** Those up to `time`, and those for whom there is no room. */
  *until(time: number): Generator<T> {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.at > time && this.#heap.length <= this.#most) return
      this.#removeFirst()
      yield first
    }
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (let below = 1; below < heap.length; below = at * 2 + 1) {
      const [left, right] = [heap[below], heap[below + 1]]
      const isRight = right !== undefined && left !== undefined && right.at < left.at
      const least = isRight ? right : left
      if (least === undefined || least.at >= last.at) break
      heap[at] = least
      at = isRight ? below + 1 : below
    }
    heap[at] = last
  }
}
