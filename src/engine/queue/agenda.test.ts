import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Agenda } from './agenda.ts'
import { Fifo } from './fifo.ts'

test('an agenda gives everything that is due, earliest first, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000)), fc.nat(1_000), (times, now) => {
      const agenda = new Agenda<number>()
      for (const time of times) agenda.add(time, time)
      const given: number[] = []
      for (let one = agenda.due(now); one !== undefined; one = agenda.due(now)) given.push(one)
      const due = times.filter((time) => time <= now).toSorted((a, b) => a - b)
      assert.deepEqual(given, due)
      const left = times.filter((time) => time > now)
      assert.equal(agenda.next(), left.length === 0 ? undefined : Math.min(...left))
    }),
  )
})

test('a first-in first-out list does as an array does', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), value: fc.nat() }),
    fc.record({ do: fc.constant('shift' as const) }),
    fc.record({ do: fc.constant('remove odd' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const fifo = new Fifo<number>()
      let model: number[] = []
      for (const one of steps) {
        if (one.do === 'push') {
          fifo.push(one.value)
          model.push(one.value)
        } else if (one.do === 'shift') assert.equal(fifo.shift(), model.shift())
        else {
          assert.deepEqual(
            fifo.remove((n) => n % 2 === 1),
            model.filter((n) => n % 2 === 1),
          )
          model = model.filter((n) => n % 2 === 0)
        }
        assert.equal(fifo.length, model.length)
        assert.equal(fifo.peek(), model[0])
        assert.deepEqual([...fifo], model)
      }
    }),
  )
})
