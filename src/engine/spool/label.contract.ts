/** The part of the contract about what a sender says of its mail. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import { delivered, entry, HELLO, newId, NOON, QUEUE } from './fixture.ts'
import type { Event, EventQuery } from './event.ts'
import type { Message } from './message.ts'
import type { It } from './operation.contract.ts'
import type { Spool } from './spool.ts'

const LATE = { host: 'mx.example.com', status: '5.1.1', text: 'no such user' } as const

async function log(spool: Spool, query: Partial<EventQuery>): Promise<readonly Event[]> {
  return (await spool.events({ organization: 'acme', limit: 1000, ...query })).events
}

function labelsOf({ message }: { readonly message: Message }): object {
  const { tags, metadata, tracking } = message
  return { tags, metadata, tracking }
}

function labelled({ tags, metadata }: Event): object {
  return { ...(tags && { tags }), ...(metadata && { metadata }) }
}

export function labelContract(it: It): void {
  it('keeps what the sender says of a message, and gives it with each delivery', async ({ spool }) => {
    const [said, silent] = [newId(), newId()]
    const tags = ['welcome', '春', '"quoted", with a comma']
    const metadata = { order: '1234', 名前: 'line\nbreak', ['__proto__']: 'a name' }
    const labels = { tags, metadata, tracking: { opens: true, clicks: false } }
    await spool.accept(entry(said, [{ state: 'waiting' }], labels), HELLO)
    await spool.accept(entry(silent, [{ state: 'waiting' }], { tags: [], metadata: {} }), HELLO)
    const none = { tags: undefined, metadata: undefined, tracking: undefined }
    const shown = await spool.show(said)
    assert.ok(shown)
    assert.deepEqual(labelsOf(shown), labels)
    const listed = await spool.list({}, { limit: 9 })
    assert.deepEqual(listed.map(labelsOf), [none, labels])
    const claimed = await spool.claim(QUEUE, NOON, 9)
    assert.deepEqual(claimed.map(labelsOf), [labels, none])
  })

  it('tells the tags and the metadata of a message with whatever becomes of it', async ({ spool }) => {
    const metadata = { order: '1234' }
    for (const labels of [{ metadata }, { tags: ['welcome'], metadata }, { tags: ['welcome'] }]) {
      const id = newId()
      await spool.accept(entry(id, [{}, { state: 'waiting' }], labels), HELLO)
      await spool.settle(delivered(id))
      await spool.change({ message: id, n: 1 }, 'cancel', NOON, 'not wanted')
      await spool.report({ message: id, n: 0 }, { kind: 'complaint', at: NOON, ...LATE })
      const told = await log(spool, { message: id })
      assert.deepEqual(
        told.map((event) => [event.kind, labelled(event)]),
        ['accepted', 'accepted', 'delivered', 'cancelled', 'complained'].map((kind) => [kind, labels]),
      )
    }
  })
}
