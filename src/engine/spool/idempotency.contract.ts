/** The part of the contract about idempotency keys. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import { WHOLE_LIMIT } from './content.ts'
import { entry, HELLO, newId, NOON } from './fixture.ts'
import type { IdempotencyKey } from './idempotency.ts'
import type { Message } from './message.ts'
import type { It } from './operation.contract.ts'
import type { NewMessage } from './spool.ts'

type Id = Message['id']

function keyed(id: Id, changes: Partial<IdempotencyKey> = {}, message: Partial<Message> = {}): NewMessage {
  return {
    ...entry(id, [{}], message),
    once: { key: 'order 1', digest: 'the first', answer: '[]', ...changes },
  }
}

export function idempotencyContract(it: It): void {
  it('knows the message of a key, what its answer said, and nothing of the key elsewhere', async ({
    spool,
  }) => {
    const id = newId()
    await spool.accept(keyed(id, { answer: '["said"]' }), HELLO)
    const kept = { message: id, digest: 'the first', answer: '["said"]' }
    assert.deepEqual(await spool.keys.kept('acme', 'order 1'), kept)
    assert.equal(await spool.keys.kept('acme', 'order 2'), undefined)
    assert.equal(await spool.keys.kept('globex', 'order 1'), undefined)
  })

  it('keeps one message of a key, even of those that come at once, and all that have none', async ({
    spool,
  }) => {
    const ids = Array.from({ length: 9 }, () => newId())
    const others = Array.from({ length: 9 }, () => newId())
    const results = await Promise.allSettled([
      ...ids.map((id) => spool.accept(keyed(id), HELLO)),
      ...others.map((id) => spool.accept(entry(id), HELLO)),
    ])
    const refused = results.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as Error).message] : [],
    )
    assert.equal(refused.length, 8, refused.join())
    const kept = await spool.keys.kept('acme', 'order 1')
    const shown = await Promise.all([...ids, ...others].map(async (id) => (await spool.show(id))?.message.id))
    assert.deepEqual(
      shown.filter((id) => id !== undefined),
      [kept?.message, ...others],
    )
  })

  it('refuses a second message of a key, and has no trace of it', async ({ spool }) => {
    const [first, second] = [newId(), newId()]
    await spool.accept(keyed(first), HELLO)
    await assert.rejects(spool.accept(keyed(second, { digest: 'another' }), HELLO), { code: 'refused' })
    await assert.rejects(spool.read(second), { code: 'missing' })
    assert.equal(await spool.show(second), undefined)
    assert.deepEqual((await spool.totals()).active, 1)
    await spool.accept(keyed(second, {}, { organization: 'globex' }), HELLO)
  })

  it('keeps the key of a message that came as a stream', async ({ spool }) => {
    const id = newId()
    const writing = spool.write(id)
    await writing.write(Buffer.alloc(WHOLE_LIMIT + 1))
    await writing.accept(keyed(id, {}, { size: WHOLE_LIMIT + 1 }))
    assert.equal((await spool.keys.kept('acme', 'order 1'))?.message, id)
  })

  it('lets go of keys by the age of their messages, some at a time', async ({ spool }) => {
    const ids = [0, 1, 2].map(() => newId())
    for (const [n, id] of ids.entries())
      await spool.accept(keyed(id, { key: String(n) }, { acceptedAt: NOON + n }), HELLO)
    assert.equal(await spool.keys.tidy(NOON + 2, 1), 1)
    assert.equal(await spool.keys.kept('acme', '0'), undefined)
    assert.equal(await spool.keys.tidy(NOON + 2, 9), 1)
    assert.equal((await spool.keys.kept('acme', '2'))?.message, ids[2])
    assert.equal(await spool.keys.tidy(NOON + 2, 9), 0)
    await spool.accept(keyed(newId(), { key: '0' }), HELLO)
  })

  it('knows keys after a restart', async (opened) => {
    if (!opened.reopen) return
    const id = newId()
    await opened.spool.accept(keyed(id), HELLO)
    const again = await opened.reopen()
    assert.equal((await again.keys.kept('acme', 'order 1'))?.message, id)
    await assert.rejects(again.accept(keyed(newId()), HELLO), { code: 'refused' })
  })
}
