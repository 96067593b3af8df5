/** The part of the contract about what is one recipient's own: kept with the delivery, and gone with it. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import { deferred, delivered, entry, HELLO, newId, NOON, QUEUE } from './fixture.ts'
import { CLAIMED_DATA, DATA_LIMIT } from './message.ts'
import type { It } from './operation.contract.ts'
import type { Claimed } from './message.ts'
import type { Spool } from './spool.ts'

const WAITING = { state: 'waiting' } as const

export function dataContract(it: It): void {
  it('gives the data of a delivery to whoever is going to send it', async ({ spool }) => {
    const id = newId()
    const data = '{"name":"山田 \\"太郎\\" {NULL}\\\\"}'
    const late = { deliverBy: { at: NOON + 9, mode: 'notify', trace: false } } as const
    await spool.accept(
      entry(id, [{ ...WAITING, data }, WAITING, { ...WAITING, data: '{}', due: NOON + 5 }], {
        content: 'template',
        ...late,
      }),
      HELLO,
    )
    assert.deepEqual(dataOf(await spool.claim(QUEUE, NOON, 9)), [data, undefined])
    const [one] = await spool.claim(QUEUE, NOON + 5, 9)
    assert.deepEqual([one?.delivery.data, one?.message.content], ['{}', 'template'])
    assert.deepEqual(dataOf(await spool.overdue(NOON + 9, 9)), [data, undefined, '{}'])
  })

  it('lists it only where one delivery is named', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{ data: '{"a":1}' }, { data: '{}' }]), HELLO)
    assert.deepEqual(dataOf(await spool.list({ message: id }, { limit: 9 })), [undefined, undefined])
    assert.deepEqual(dataOf(await spool.list({ message: id, n: 0 }, { limit: 9 })), ['{"a":1}'])
    const shown = await spool.show(id)
    assert.deepEqual(
      shown?.deliveries.map(({ delivery }) => delivery.data),
      [undefined, undefined],
    )
  })

  it('keeps it for the next attempt, and lets go of it when the delivery ends', async ({ spool }) => {
    const id = newId()
    const data = '{"a":1}'
    await spool.accept(entry(id, [{ data }, { data }, { data }, { data }]), HELLO)
    await spool.settle(deferred(id, NOON + 1, 0))
    await spool.settle(delivered(id, 1))
    await spool.change({ message: id, n: 2 }, 'cancel', NOON, 'asked for')
    await spool.change({ message: id, n: 3 }, 'hold', NOON, 'looks odd')
    assert.deepEqual(await kept(spool, id, 4), [data, undefined, undefined, data])
    await spool.change({ message: id, n: 3 }, 'cancel', NOON, 'asked for')
    assert.deepEqual(await kept(spool, id, 4), [data, undefined, undefined, undefined])
    assert.deepEqual(dataOf(await spool.claim(QUEUE, NOON + 1, 9)), [data])
  })

  it('claims no more data at a time than memory should hold, and loses none', async ({ spool }) => {
    const data = JSON.stringify({ a: 'x'.repeat(DATA_LIMIT - 8) })
    assert.equal(data.length, DATA_LIMIT)
    const fits = CLAIMED_DATA / DATA_LIMIT
    const deliveries = Array.from({ length: fits + 2 }, () => ({ ...WAITING, data }))
    await spool.accept(entry(newId(), deliveries), HELLO)
    const claimed: Claimed[] = []
    for (const expected of [fits, 2, 0]) {
      assert.equal(await spool.nextDue(QUEUE), expected === 0 ? undefined : NOON)
      const some = await spool.claim(QUEUE, NOON, 999)
      assert.equal(some.length, expected)
      claimed.push(...some)
    }
    assert.deepEqual(
      claimed.map(({ delivery }) => delivery.key.n),
      deliveries.map((_, n) => n),
    )
  })

  it('takes ten thousand recipients in one commit, and says the same of all of them', async ({ spool }) => {
    const id = newId()
    const all = Array.from({ length: 10_000 }, (_, n) => ({ ...WAITING, data: `{"n":${n}}` }))
    await spool.accept(entry(id, all), HELLO)
    const some = await spool.claim(QUEUE, NOON, 10_000)
    assert.equal(some.length, 10_000)
    assert.deepEqual(
      dataOf(some),
      all.map(({ data }) => data),
    )
    const [first] = some
    assert.ok(some.every(({ message }) => message === first?.message))
    await spool.unclaim(some.map(({ delivery }) => delivery.key))
  })
}

function dataOf(claimed: readonly Claimed[]): readonly (string | undefined)[] {
  return claimed.map(({ delivery }) => delivery.data)
}

async function kept(
  spool: Spool,
  message: Claimed['message']['id'],
  count: number,
): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = []
  for (let n = 0; n < count; n += 1) found.push(...dataOf(await spool.list({ message, n }, { limit: 1 })))
  return found
}
