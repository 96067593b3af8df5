import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { QueueDepth } from '#engine/spool'
import type { QueuesQuery } from '#product/operation'

import { queuesView } from './queue-rows.ts'

const NOW = 1_795_341_600_000

function depth(queue: string, waiting: number): QueueDepth {
  return { queue, waiting, active: 0, held: 0, nextDue: NOW, oldest: NOW }
}

const DEPTHS = [depth('t/b.example', 7), depth('t/a.example', 1), depth('t/c.example', 9)]

async function view(
  query: QueuesQuery,
): Promise<readonly [names: string, queues: number, deliveries: number]> {
  const parts = { spool: { room: { ok: true } }, now: () => NOW }
  const { rows, queues, deliveries } = await queuesView(parts, DEPTHS, query)
  return [rows.map(({ queue }) => queue.slice(2, 3)).join(''), queues, deliveries]
}

test('the largest queues come first, and what is counted is all of them', async () => {
  assert.deepEqual(await view({ limit: 2 }), ['cb', 3, 17])
})

test('by name one page follows the other, and each queue is on one of them', async () => {
  assert.deepEqual(await view({ order: 'name', limit: 2 }), ['ab', 3, 17])
  assert.deepEqual(await view({ order: 'name', after: 't/b.example', limit: 2 }), ['c', 1, 9])
  assert.deepEqual(await view({ order: 'name', after: 't/c.example', limit: 2 }), ['', 0, 0])
})

test('a search and a page go together', async () => {
  assert.deepEqual(await view({ match: 'EXAMPLE', order: 'name', after: 't/a.example', limit: 1 }), [
    'b',
    2,
    16,
  ])
})
