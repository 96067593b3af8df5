/** What every spool must give of its log to who asks for a part of it. */

import assert from 'node:assert/strict'

import { cursorBehind } from './event.ts'
import type { Event, EventQuery } from './event.ts'
import { entry, HELLO, newId, NOON } from './fixture.ts'
import type { It } from './operation.contract.ts'
import type { Spool } from './spool.ts'

async function log(spool: Spool): Promise<readonly Event[]> {
  return (await spool.events({ organization: 'acme', limit: 1000 })).events
}

export function logContract(it: It): void {
  it('gives what happened to one message, one recipient, one stream, until a time', async ({ spool }) => {
    const [one, two] = [newId(), newId()]
    await spool.accept(entry(one, [{}, {}]), HELLO)
    await spool.accept(entry(two), HELLO)
    await spool.append({
      kind: 'opened',
      at: NOON + 9,
      organization: 'acme',
      stream: 'news',
      to: 'a@b.example',
    })
    const found = async (query: Partial<EventQuery>): Promise<number> =>
      (await spool.events({ organization: 'acme', limit: 100, ...query })).events.length
    const all = await log(spool)
    const [first] = all
    assert.equal(await found({ message: one }), 2)
    assert.equal(await found({ to: 'a@b.example' }), 1)
    assert.equal(await found({ to: '@b.example' }), 1)
    assert.equal(await found({ to: '@example' }), 0)
    assert.equal(await found({ stream: 'news' }), 1)
    assert.equal(await found({ until: Math.min(...all.map(({ at }) => at)) }), 0)
    assert.equal(await found({ until: Math.max(...all.map(({ at }) => at)) + 1 }), 4)
    assert.equal(first?.message, one)
  })

  it('goes on behind any event that it gave', async ({ spool }) => {
    for (let i = 0; i < 3; i += 1) await spool.accept(entry(newId(), [{}, {}]), HELLO)
    const all = await log(spool)
    for (const [i, event] of all.entries()) {
      const { events } = await spool.events({
        organization: 'acme',
        after: cursorBehind('', event),
        limit: 100,
      })
      assert.deepEqual(events, all.slice(i + 1))
    }
  })
}
