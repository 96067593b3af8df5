/** Turns: no stream and no organization can starve another. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Pauses } from '#engine/egress'

import { Rota } from './rota.ts'
import { queueKey, ScheduledQueue } from './scheduled-queue.ts'

const NONE: Pauses = { hasPaused: false, isPaused: () => false }
const WEIGHTS = new Map([
  ['transactional', 9],
  ['marketing', 1],
])

function rota(): Rota {
  return new Rota({ weightOf: (stream) => WEIGHTS.get(stream) ?? 1, serves: () => true })
}

function queue(organization: string, stream: string, domain = 'example.com'): ScheduledQueue {
  return new ScheduledQueue(queueKey(organization, stream, domain))
}

/** As many turns, each queue always having more to send. */
function turns(of: Rota, count: number, pauses = NONE): ScheduledQueue[] {
  return Array.from({ length: count }, () => {
    const turn = of.next('one', pauses)
    assert(turn)
    of.add(turn.queue, turn.band)
    return turn.queue
  })
}

function counts(all: readonly ScheduledQueue[]): ReadonlyMap<string, number> {
  return new Map(
    Array.from(
      Map.groupBy(all, ({ key }) => key),
      ([key, { length }]) => [key, length],
    ),
  )
}

test('streams share by their weight, whatever organizations they are of', () => {
  const of = rota()
  const [password, news] = [queue('acme', 'transactional'), queue('other', 'marketing')]
  of.add(news, 1)
  of.add(password, 1)
  const counted = counts(turns(of, 1_000))
  assert.deepEqual([counted.get(password.key), counted.get(news.key)], [900, 100])
})

test('a stream alone has all', () => {
  const of = rota()
  const news = queue('acme', 'marketing')
  of.add(news, 1)
  assert.equal(turns(of, 10).length, 10)
})

test('organizations take turns within a stream, however many queues one has', () => {
  const of = rota()
  const big = Array.from({ length: 9 }, (_, n) => queue('big', 'marketing', `d${n}.example`))
  const small = queue('small', 'marketing')
  for (const one of big) of.add(one, 1)
  of.add(small, 1)
  const counted = counts(turns(of, 180))
  assert.equal(counted.get(small.key), 90)
  for (const one of big) assert.equal(counted.get(one.key), 10)
})

test('the urgent band of an organization goes first, and before no other organization', () => {
  const of = rota()
  const [mine, urgent, theirs] = [
    queue('acme', 'marketing'),
    queue('acme', 'marketing', 'x.example'),
    queue('other', 'marketing'),
  ]
  of.add(mine, 1)
  of.add(urgent, 0)
  of.add(theirs, 2)
  assert.deepEqual(turns(of, 4), [urgent, theirs, urgent, theirs])
})

test('who had nothing to send has saved nothing up', () => {
  const of = rota()
  const [password, news] = [queue('acme', 'transactional'), queue('acme', 'marketing')]
  of.add(news, 1)
  turns(of, 100)
  of.add(password, 1)
  const counted = counts(turns(of, 20))
  assert.equal(counted.get(news.key), 2)
  of.remove(password, 1)
  turns(of, 1_000)
  of.add(password, 1)
  assert.ok((counts(turns(of, 20)).get(news.key) ?? 0) >= 1)
})

test('what is paused is passed over, and there is no work when all is', () => {
  const of = rota()
  const [mine, theirs] = [queue('acme', 'marketing'), queue('other', 'marketing')]
  of.add(mine, 1)
  of.add(theirs, 1)
  const acme: Pauses = { hasPaused: true, isPaused: (organization) => organization === 'acme' }
  assert.deepEqual(turns(of, 3, acme), [theirs, theirs, theirs])
  assert.ok(of.hasWork('one', acme))
  of.remove(theirs, 1)
  assert.ok(!of.hasWork('one', acme))
  assert.ok(of.hasWork('one', NONE))
  assert.equal(of.next('one', acme), undefined)
})

test('an empty rota has no turn', () => {
  const of = rota()
  assert.equal(of.next('one', NONE), undefined)
  const one = queue('acme', 'marketing')
  of.add(one, 1)
  of.add(one, 1)
  of.remove(one, 0)
  assert.equal(of.next('one', NONE)?.queue, one)
  assert.equal(of.next('one', NONE), undefined)
})
