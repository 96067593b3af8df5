/** The part of the contract about many deliveries at once: the past, campaigns, and what is late. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import { attempt, deferred, delivered, entry, HELLO, newId, NOON, QUEUE, stateOf } from './fixture.ts'
import type { Message } from './message.ts'
import type { It } from './operation.contract.ts'
import type { Spool } from './spool.ts'

export function manyContract(it: It): void {
  it('gives the records of the past from the oldest on, a page at a time', async ({ spool }) => {
    const [old, young] = [newId(), newId()]
    assert.deepEqual(await spool.past(undefined, 9), [])
    await spool.accept(entry(young, [{ state: 'waiting' }]), HELLO)
    await spool.accept(entry(old, [{}, {}, {}]), HELLO)
    const bounce = { class: 'user-unknown', type: 'hard', rule: 'a rule' } as const
    const last = attempt({ outcome: 'bounced', code: 550, enhanced: '5.1.1', text: 'Unknown', bounce })
    await spool.settle(deferred(old, NOON, 1))
    await spool.claim(QUEUE, NOON, 1)
    const reason = '550 5.1.1 Unknown'
    await spool.settle({ ...delivered(old, 1), state: 'bounced', attempt: last, reason })
    await spool.settle(delivered(old, 0))
    await spool.settle(delivered(old, 2))
    const report = { kind: 'complaint', at: NOON + 9, host: '', status: '', text: 'abuse' } as const
    await spool.report({ message: old, n: 2 }, report)
    const [first, ...more] = await spool.past(undefined, 2)
    const of = { organization: 'acme', stream: 'transactional', door: 'submission' }
    const ended = { endedAt: NOON + 1000, reports: [] }
    const whose = (n: number) => ({
      key: { message: old, n },
      to: { local: `user${n}`, domain: 'example.com' },
    })
    const fine = { state: 'delivered', lastReply: '250 2.0.0 Ok' } as const
    assert.deepEqual(first, { ...of, ...whose(0), ...ended, ...fine })
    const bounced = { ...of, ...whose(1), ...ended, state: 'bounced', lastReply: reason, last } as const
    assert.deepEqual(more, [bounced])
    const [third, fourth, ...none] = await spool.past({ message: old, n: 1 }, 9)
    assert.deepEqual(third, { ...of, ...whose(2), ...ended, ...fine, last: attempt(), reports: [report] })
    assert.deepEqual([fourth?.key, fourth?.state], [{ message: young, n: 0 }, 'waiting'])
    assert.deepEqual(none, [])
  })

  it('lists what belongs to a campaign, and what was said of last in some words', async ({ spool }) => {
    const [spring, none] = [newId(), newId()]
    await spool.accept(entry(spring, [{}, {}], { campaign: 'spring: 50 % off' }), HELLO)
    await spool.accept(entry(none), HELLO)
    const reason = 'held by 春: 550 100%_'
    await spool.settle({ ...delivered(spring, 1), state: 'held', reason })
    const found = async (filter: Parameters<Spool['list']>[0]): Promise<readonly string[]> =>
      (await spool.list(filter, { limit: 9 })).map(({ delivery: { key } }) => `${key.message}.${key.n}`)
    assert.deepEqual(await found({ campaign: 'spring: 50 % off' }), [`${spring}.1`, `${spring}.0`])
    assert.deepEqual(await found({ campaign: 'spring' }), [])
    assert.deepEqual(await found({ said: 'held by 春: 550 100%' }), [`${spring}.1`])
    assert.deepEqual(await found({ said: 'held by 夏: 550 100%' }), [])
    assert.deepEqual(await found({ said: 'held by 春: 550 1000' }), [])
    const [one] = await spool.list({ campaign: 'spring: 50 % off' }, { limit: 1 })
    assert.equal(one?.message.campaign, 'spring: 50 % off')
  })

  it('gives what is late to be told of, once, and forgets the time of what has ended', async ({ spool }) => {
    assert.equal(await spool.nextDeadline(), undefined)
    const [tell, send, none, held] = [newId(), newId(), newId(), newId()]
    await spool.accept(
      entry(tell, [{ state: 'waiting', due: NOON + 99 }, {}, {}], by(NOON + 2, 'notify')),
      HELLO,
    )
    await spool.accept(entry(send, [{ state: 'waiting' }], by(NOON + 1, 'return')), HELLO)
    await spool.accept(entry(none, [{ state: 'waiting' }]), HELLO)
    await spool.accept(entry(newId(), [{}], { ...by(NOON, 'notify'), from: null }), HELLO)
    await spool.accept(entry(held, [{ state: 'held' }], by(NOON + 1, 'return')), HELLO)
    await spool.settle(delivered(tell, 2))
    await spool.change({ message: tell, n: 1 }, 'hold', NOON, 'looks odd')
    assert.equal(await spool.nextDeadline(), NOON + 1)
    assert.deepEqual(await spool.overdue(NOON, 9), [])
    const late = async (): Promise<readonly string[]> =>
      (await spool.overdue(NOON + 2, 9)).map(
        ({ delivery: { key, state } }) => `${key.message}.${key.n} ${state}`,
      )
    assert.deepEqual(await late(), [`${send}.0 waiting`, `${tell}.0 waiting`, `${tell}.1 held`])
    assert.deepEqual(await late(), [`${send}.0 active`, `${tell}.0 active`, `${tell}.1 held`])
    const told = { due: NOON + 99, at: NOON + 2, delayNotified: true } as const
    await spool.settle({ key: { message: tell, n: 0 }, state: 'waiting', reason: '', ...told })
    await spool.settle({ key: { message: tell, n: 1 }, state: 'held', reason: 'looks odd', ...told })
    assert.deepEqual(await late(), [`${send}.0 active`])
    await spool.settle({
      key: { message: send, n: 0 },
      state: 'expired',
      due: NOON,
      at: NOON + 2,
      reason: 'late',
    })
    assert.deepEqual(await late(), [])
    assert.equal(await spool.nextDeadline(), undefined)
    const view = await spool.show(tell)
    assert.deepEqual(
      view?.deliveries.map(({ delivery }) => [delivery.state, delivery.delayNotified, delivery.lastReply]),
      [
        ['waiting', true, ''],
        ['held', true, 'looks odd'],
        ['delivered', false, '250 2.0.0 Ok'],
      ],
    )
    assert.equal(await stateOf(spool, held), 'held')
  })

  it('says of a delivery that is held nothing but that', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.change({ message: id }, 'hold', NOON, 'looks odd')
    const other = { due: NOON, at: NOON, state: 'held', reason: 'something else' } as const
    await spool.settle({ key: { message: id, n: 0 }, ...other })
    assert.equal((await spool.show(id))?.deliveries[0]?.delivery.lastReply, 'looks odd')
  })
}

function by(at: number, mode: 'notify' | 'return'): Partial<Message> {
  return { deliverBy: { at, mode, trace: false } }
}
