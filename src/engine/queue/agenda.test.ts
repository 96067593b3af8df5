import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Agenda } from './agenda.ts'
import { Fifo } from './fifo.ts'

test('an agenda gives everything that is due, earliest first, and nothing else', () => {
  const plan = fc.record({ what: fc.nat(30), at: fc.nat(1_000) })
  fc.assert(
    fc.property(fc.array(plan), fc.nat(1_000), (plans, now) => {
      const agenda = new Agenda<number>()
      const model = new Map<number, number>()
      for (const { what, at } of plans) {
        agenda.add(at, what)
        model.set(what, Math.min(at, model.get(what) ?? Infinity))
      }
      assert.equal(agenda.size, model.size)
      const given: number[] = []
      for (let one = agenda.due(now); one !== undefined; one = agenda.due(now)) given.push(one)
      const due = [...model].filter(([, at]) => at <= now)
      assert.deepEqual(new Set(given), new Set(due.map(([what]) => what)))
      const times = given.map((what) => model.get(what) ?? Infinity)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      assert.equal(agenda.size, model.size - due.length)
    }),
  )
})

test('what is planned again and again stands in the agenda once', () => {
  const agenda = new Agenda<string>()
  for (let at = 1_000; at > 0; at -= 1) agenda.add(at, 'queue')
  assert.equal(agenda.size, 1)
  assert.equal(agenda.due(1), 'queue')
  assert.equal(agenda.due(1_000), undefined)
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
