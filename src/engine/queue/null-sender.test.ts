/** Mail from the null reverse-path must never cause mail, whatever becomes of it. RFC 5321 §4.5.5 */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { next, recipient, rig, send, settled, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const ASKING = { ...recipient('jane@example.com'), notify: ['success', 'failure', 'delay'] as const }
const HOUR = 3_600_000

type Fate = (at: Rig) => void

const FATES: readonly (readonly [name: string, fate: Fate, state: string])[] = [
  ['it is delivered', (at) => next(at, 'example.com')?.done([tried(at, 'delivered')]), 'delivered'],
  ['it bounces', (at) => next(at, 'example.com')?.done([tried(at, 'bounced')]), 'bounced'],
  [
    'it is late',
    (at) => {
      const job = next(at, 'example.com')
      at.clock += 2 * HOUR
      job?.done([tried(at, 'deferred')])
    },
    'waiting',
  ],
  [
    'it expires',
    (at) => {
      const job = next(at, 'example.com')
      at.clock += 25 * HOUR
      job?.done([tried(at, 'deferred')])
    },
    'expired',
  ],
]

for (const from of [null, { local: 'sender', domain: 'example.org' }]) {
  for (const [name, fate, state] of FATES) {
    test(`when ${name}, ${from === null ? 'mail from <> tells nobody' : 'a sender who asked hears of it'}`, async () => {
      const at = await rig()
      await send(at, [ASKING], { from })
      fate(at)
      await settled(at)
      const made = at.log.lines.filter(({ event }) => event.startsWith('notice.'))
      // Without the second half the first could not fail.
      assert.equal(made.length, from === null ? 0 : 1)
      const all = await states(at)
      assert.deepEqual([all[0], all.length], [state, from === null ? 1 : 2])
      await at.queue.stop()
    })
  }
}

test('a notification that fails itself ends there', async () => {
  const at = await rig()
  await send(at, [ASKING])
  next(at, 'example.com')?.done([tried(at, 'bounced')])
  await settled(at)
  next(at, 'example.org')?.done([tried(at, 'bounced')])
  await settled(at)
  assert.deepEqual(await states(at), ['bounced', 'bounced'])
  assert.equal(at.log.lines.filter(({ event }) => event.startsWith('notice.')).length, 1)
  await at.queue.stop()
})
