import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Slots } from './slots.ts'

/** Claims as often as it is told that a place may be free, up to `wants`. */
class Taker {
  held = 0
  readonly #slots: Slots
  wants: number
  constructor(slots: Slots, wanted: number) {
    this.#slots = slots
    this.wants = wanted
  }
  placeFree(): void {
    while (this.held < this.wants && this.#slots.claim(this)) this.held += 1
  }
  giveBack(): void {
    this.held -= 1
    this.#slots.release()
  }
}

test('paths that hold on to their connections leave a quarter of all for paths that have none', () => {
  const slots = new Slots(
    () => 100,
    () => {},
    0.75,
  )
  const pits = Array.from({ length: 60 }, () => new Taker(slots, 10))
  for (const pit of pits.slice(0, 10)) pit.placeFree()
  // 75, and the first ones of two more.
  assert.equal(slots.taken, 77)
  for (const pit of pits.slice(10)) pit.placeFree()
  assert.equal(slots.taken, 100)
  for (const pit of pits.slice(10, 33)) assert.equal(pit.held, 1)
  assert.equal(pits.at(-1)?.held, 0)
})

test('a place that comes free goes to who has none, and to others only below their share', () => {
  const slots = new Slots(
    () => 4,
    () => {},
    0.75,
  )
  const [greedy, other, first] = [new Taker(slots, 4), new Taker(slots, 2), new Taker(slots, 1)]
  greedy.placeFree()
  other.placeFree()
  first.placeFree()
  assert.deepEqual([greedy.held, other.held, first.held], [3, 1, 0])
  assert(slots.shouldYield(greedy.held))
  assert(!slots.shouldYield(other.held))
  greedy.giveBack()
  assert.deepEqual([greedy.held, other.held, first.held], [2, 1, 1])
  greedy.giveBack()
  assert.deepEqual([greedy.held, other.held, first.held], [1, 1, 1])
  first.giveBack()
  assert.equal(slots.taken, 3)
})

test('a place that the first in the line has no use for goes to the next, and to who waits for a further one', () => {
  const slots = new Slots(
    () => 2,
    () => {},
  )
  const [served, holder, further] = [new Taker(slots, 1), new Taker(slots, 1), new Taker(slots, 2)]
  holder.placeFree()
  further.placeFree()
  assert.equal(slots.claim(served), false)
  // Its message came by another way meanwhile.
  served.wants = 0
  assert.deepEqual([holder.held, further.held], [1, 1])
  holder.giveBack()
  assert.deepEqual([served.held, further.held], [0, 2])
})
