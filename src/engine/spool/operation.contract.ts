/** The part of the contract that the queue and operators meet. Run by spool.contract.ts. */

import assert from 'node:assert/strict'

import { CHANGE_LIMIT } from './change.ts'
import { delivered, entry, HELLO, newId, NOON, QUEUE, stateOf } from './fixture.ts'
import { messageIds } from './message-ids.ts'
import type { Claimed, NewDelivery } from './message.ts'
import type { Spool } from './spool.ts'

export type Opened = {
  readonly spool: Spool
  /** Closes it and opens what it kept again; absent where nothing is kept. */
  reopen?(): Promise<Spool>
  end(): Promise<void>
}

/** Runs a test on a spool of its own. */
export type It = (title: string, run: (opened: Opened) => Promise<void>) => void

/** How deliveries are taken to be sent. */
export function claimContract(it: It): void {
  it('gives what is due, by band and then by time', async ({ spool }) => {
    const waiting = { state: 'waiting' } as const
    const ids = [
      { band: 1, due: NOON - 9 },
      { band: 0, due: NOON },
      { band: 0, due: NOON - 5 },
      { band: -1, due: NOON + 1 },
      { band: 7, due: NOON - 100 },
    ].map((delivery) => ({ id: newId(), delivery }))
    for (const { id, delivery } of ids) await spool.accept(entry(id, [{ ...waiting, ...delivery }]), HELLO)
    const claimed = await spool.claim(QUEUE, NOON, 3)
    assert.deepEqual(
      claimed.map(({ message }) => message.id),
      [ids[2]?.id, ids[1]?.id, ids[0]?.id],
    )
    assert.deepEqual(
      (await spool.claim(QUEUE, NOON, 10)).map(({ delivery }) => delivery.band),
      [7],
    )
  })

  it('knows when the earliest of those that wait is due, in whatever band', async ({ spool }) => {
    assert.equal(await spool.nextDue(QUEUE), undefined)
    for (const [band, due] of [
      [1, NOON + 9],
      [0, NOON + 20],
      [2, NOON + 5],
    ] as const) {
      await spool.accept(entry(newId(), [{ state: 'waiting', band, due }]), HELLO)
    }
    assert.equal(await spool.nextDue(QUEUE), NOON + 5)
    await spool.claim(QUEUE, NOON + 5, 10)
    assert.equal(await spool.nextDue(QUEUE), NOON + 9)
    assert.equal(await spool.nextDue('transactional/other.example'), undefined)
  })

  it('tells a page at a time in which queues something waits, and when the earliest of it is due', async ({
    spool,
  }) => {
    assert.deepEqual(await spool.waiting('', 10), [])
    const queues = ['a.example', 'b.example', 'c.example', 'd.example'].map((name) => `transactional/${name}`)
    for (const [i, queue] of queues.entries()) {
      const state = i === 2 ? 'held' : 'waiting'
      const dues = [NOON + 10 + i, NOON + i].map((due, band) => ({ state, queue, band, due }) as const)
      await spool.accept(entry(newId(), dues), HELLO)
    }
    const [a = '', b = '', , d = ''] = queues
    assert.deepEqual(await spool.waiting('', 2), [
      [a, NOON],
      [b, NOON + 1],
    ])
    assert.deepEqual(await spool.waiting(b, 2), [[d, NOON + 3]])
    assert.deepEqual(await spool.waiting(d, 2), [])
  })

  it('gives no delivery twice, and none of another queue', async ({ spool }) => {
    const waiting = { state: 'waiting' } as const
    await spool.accept(entry(newId(), [waiting, { ...waiting, queue: 'transactional/other.example' }]), HELLO)
    const both = await Promise.all([spool.claim(QUEUE, NOON, 10), spool.claim(QUEUE, NOON, 10)])
    assert.equal(both.flat().length, 1)
    assert.equal((await spool.claim(QUEUE, NOON, 10)).length, 0)
  })
}

/** How they are given back and counted. */
export function queueContract(it: It): void {
  it('gives a delivery with everything that was said of it', async ({ spool }) => {
    const id = newId()
    const whole = entry(
      id,
      [
        {
          state: 'waiting',
          to: { local: '"odd @ name"', domain: '[IPv6:2001:db8::1]' },
          notify: ['failure', 'delay'],
          orcpt: 'rfc822;someone@example.com',
        },
      ],
      {
        from: null,
        credential: 'app',
        ret: 'headers',
        envid: 'QQ+314159',
        deliverBy: { at: NOON + 3600_000, mode: 'notify', trace: true },
        subject: '予約の確認',
        smtputf8: true,
        requireTls: true,
        priority: 4,
      },
    )
    await spool.accept(whole, HELLO)
    const [claimed] = await spool.claim(QUEUE, NOON, 1)
    const [asked] = whole.deliveries
    assert.ok(asked)
    const expected: Claimed = {
      message: whole.message,
      delivery: { ...asked, key: { message: id, n: 0 }, state: 'active', attempts: 0, delayNotified: false },
    }
    assert.deepEqual(claimed, expected)
  })

  it('gives back what was claimed and not tried', async ({ spool }) => {
    await spool.accept(entry(newId(), [{ state: 'waiting' }]), HELLO)
    const claimed = await spool.claim(QUEUE, NOON, 1)
    await spool.unclaim(claimed.map(({ delivery }) => delivery.key))
    const [again] = await spool.claim(QUEUE, NOON, 1)
    assert.equal(again?.delivery.attempts, 0)
  })

  it('does not give back what was settled in between', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(id))
    await spool.unclaim([{ message: id, n: 0 }])
    assert.equal(await stateOf(spool, id), 'delivered')
  })
}

/** What operators see. */
export function listContract(it: It): void {
  it('counts every queue with unfinished deliveries', async ({ spool }) => {
    const ids = messageIds(1, () => NOON)
    const [first, second] = [ids(), ids()]
    const other = 'bulk/other.example'
    await spool.accept(
      entry(first, [{ state: 'waiting', due: NOON + 7 }, { state: 'waiting' }, { queue: other }]),
      HELLO,
    )
    await spool.accept(entry(second, [{ state: 'held' }, {}]), HELLO)
    await spool.settle(delivered(second, 1))
    const depths = (await spool.depths()).toSorted((a, b) => (a.queue < b.queue ? -1 : 1))
    assert.deepEqual(depths, [
      { queue: other, waiting: 0, active: 1, held: 0, oldest: NOON },
      { queue: QUEUE, waiting: 2, active: 0, held: 1, nextDue: NOON, oldest: NOON },
    ])
    assert.deepEqual(await spool.depths([other, 'bulk/nothing.example', other]), [depths[0]])
    assert.deepEqual(await spool.depths([QUEUE]), [depths[1]])
    assert.deepEqual(await spool.depths([]), [])
    assert.deepEqual(await spool.totals(), { waiting: 2, active: 1, held: 1 })
  })

  it('lists newest first, page by page', async ({ spool }) => {
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await spool.accept(entry(id, [{}, {}]), HELLO)
    const first = await spool.list({}, { limit: 3 })
    const rest = await spool.list({}, { limit: 9, before: lastOf(first) })
    assert.deepEqual(
      [...first, ...rest].map(({ delivery }) => [delivery.key.message, delivery.key.n]),
      ids.toReversed().flatMap((id) => [
        [id, 1],
        [id, 0],
      ]),
    )
  })
}

/** What they may ask for. */
export function filterContract(it: It): void {
  it('lists what a filter means, and nothing else', async ({ spool }) => {
    const a = newId()
    const b = newId()
    await spool.accept(entry(a, [to('one', 'x.example'), { ...to('two', 'y.example'), queue: 'q/y' }]), HELLO)
    await spool.accept(
      entry(b, [{ ...to('one', 'sub.x.example'), state: 'held' }], {
        from: null,
        stream: 'bulk',
        organization: 'other',
      }),
      HELLO,
    )
    const found = async (filter: Parameters<Spool['list']>[0]): Promise<string[]> =>
      (await spool.list(filter, { limit: 9 })).map(
        ({ delivery }) => `${delivery.key.message === a ? 'a' : 'b'}${delivery.key.n}`,
      )
    assert.deepEqual(await found({ recipient: '@x.example' }), ['a0'])
    assert.deepEqual(await found({ recipient: '@X.Example' }), ['a0'])
    assert.deepEqual(await found({ recipient: 'two@y.example' }), ['a1'])
    assert.deepEqual(await found({ recipient: "' or true --" }), [])
    assert.deepEqual(await found({ recipient: '@%' }), [])
    assert.deepEqual(await found({ sender: '<>' }), ['b0'])
    assert.deepEqual(await found({ sender: '@acme.example', queue: 'q/y' }), ['a1'])
    assert.deepEqual(await found({ states: ['held'] }), ['b0'])
    assert.deepEqual(await found({ states: [] }), [])
    assert.deepEqual(await found({ message: a, n: 1 }), ['a1'])
    assert.deepEqual(await found({ message: newId() }), [])
    assert.deepEqual(await found({ stream: 'bulk' }), ['b0'])
    assert.deepEqual(await found({ organization: 'acme' }), ['a1', 'a0'])
    assert.deepEqual(await found({ before: { message: b, n: 0 } }), ['a1', 'a0'])
  })
}

/** What operators change. */
export function changeContract(it: It): void {
  it('holds and releases', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{ state: 'waiting' }]), HELLO)
    const held = await spool.change({ message: id }, 'hold', NOON, 'looks odd')
    assert.deepEqual(
      held.map(({ delivery }) => delivery.state),
      ['waiting'],
    )
    assert.equal((await spool.claim(QUEUE, NOON, 1)).length, 0)
    assert.equal((await spool.show(id))?.deliveries[0]?.delivery.lastReply, 'looks odd')
    assert.equal((await spool.change({ message: id }, 'hold', NOON, 'again')).length, 0)
    assert.equal((await spool.change({ message: id }, 'release', NOON, '')).length, 1)
    assert.equal((await spool.claim(QUEUE, NOON, 1)).length, 1)
  })

  it('cancels what is unfinished, and only that', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{}, { state: 'waiting' }, { state: 'held' }, {}]), HELLO)
    await spool.settle(delivered(id, 0))
    const cancelled = await spool.change({ message: id }, 'cancel', NOON + 5, 'recalled')
    assert.deepEqual(
      cancelled.map(({ delivery }) => delivery.state),
      ['active', 'held', 'waiting'],
    )
    await assert.rejects(spool.read(id), { code: 'missing' })
    const states = (await spool.show(id))?.deliveries.map(({ delivery }) => delivery.state)
    assert.deepEqual(states, ['delivered', 'cancelled', 'cancelled', 'cancelled'])
  })

  it('retries now what waits for later, once', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{ state: 'waiting', due: NOON + 9000 }, { state: 'waiting' }]), HELLO)
    const retried = await spool.change({ queue: QUEUE }, 'retry', NOON, '')
    assert.deepEqual(
      retried.map(({ delivery }) => [delivery.key.n, delivery.due]),
      [[0, NOON + 9000]],
    )
    assert.equal((await spool.change({ queue: QUEUE }, 'retry', NOON, '')).length, 0)
    assert.equal((await spool.claim(QUEUE, NOON, 9)).length, 2)
  })

  it('changes no more than its limit at once, and says where to go on', async ({ spool }) => {
    const id = newId()
    const many = Array.from({ length: CHANGE_LIMIT + 3 }, () => ({ state: 'waiting' }) as const)
    await spool.accept(entry(id, many), HELLO)
    const first = await spool.change({ queue: QUEUE }, 'cancel', NOON, 'all')
    assert.equal(first.length, CHANGE_LIMIT)
    const before = lastOf(first)
    assert.equal((await spool.change({ queue: QUEUE, before }, 'cancel', NOON, 'all')).length, 3)
    await assert.rejects(spool.read(id), { code: 'missing' })
  })
}

/** What becomes of the record, and of the spool itself. */
export function recordContract(it: It): void {
  it('forgets what ended before a time, and nothing unfinished', async ({ spool }) => {
    const [old, recent, open] = [newId(), newId(), newId()]
    for (const id of [old, recent, open]) await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(old, 0, { at: NOON + 1 }))
    await spool.settle(delivered(recent, 0, { at: NOON + 1000 }))
    assert.equal(await spool.forget(NOON + 1000, 10), 1)
    assert.equal(await spool.show(old), undefined)
    assert.deepEqual(
      (await spool.list({}, { limit: 9 })).map(({ message }) => message.id),
      [open, recent],
    )
  })

  it('keeps what came back about a delivery, the first of each kind, and whatever state it is in', async (opened) => {
    const { spool } = opened
    const id = newId()
    await spool.accept(entry(id, [{}, {}]), HELLO)
    await spool.settle(delivered(id, 1))
    const bounce = { class: 'user-unknown', type: 'hard', rule: 'a rule' } as const
    const report = { at: NOON + 9, host: 'mx.example.com', status: '5.1.1', text: 'no such user' }
    assert.equal(await spool.report({ message: id, n: 1 }, { ...report, kind: 'bounce', bounce }), 'kept')
    assert.equal(await spool.report({ message: id, n: 1 }, { ...report, kind: 'bounce', at: NOON }), 'known')
    const complaint = { ...report, kind: 'complaint', at: NOON + 1 } as const
    assert.equal(await spool.report({ message: id, n: 1 }, complaint), 'kept')
    assert.equal(await spool.report({ message: id, n: 2 }, complaint), 'missing')
    assert.equal(await spool.report({ message: newId(), n: 0 }, complaint), 'missing')
    const again = opened.reopen === undefined ? spool : await opened.reopen()
    const view = await again.show(id)
    assert.deepEqual(
      view?.deliveries.map(({ reports }) => reports),
      [[], [complaint, { ...report, kind: 'bounce', bounce }]],
    )
  })

  it('forgets what came back with the rest of the record', async ({ spool }) => {
    const id = newId()
    const report = { kind: 'bounce', at: NOON, host: '', status: '', text: '' } as const
    await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(id))
    await spool.report({ message: id, n: 0 }, report)
    assert.equal(await spool.forget(Infinity, 9), 1)
    await spool.accept(entry(id), HELLO)
    assert.deepEqual((await spool.show(id))?.deliveries[0]?.reports, [])
  })

  it('forgets a stream by a time of its own, however much of it stays', async ({ spool }) => {
    const streams = ['transactional', 'marketing', 'alerts']
    const ids = streams.map((stream) => ({ stream, id: newId() }))
    for (const { stream, id } of ids) await spool.accept(entry(id, [{}], { stream }), HELLO)
    for (const { id } of ids) await spool.settle(delivered(id, 0, { at: NOON }))
    const kept = async (): Promise<readonly string[]> =>
      (await spool.list({}, { limit: 9 })).map(({ message }) => message.stream).toSorted()
    const own = new Map([
      ['marketing', NOON - 1],
      ['alerts', NOON + 1],
    ])
    assert.equal(await spool.forget(NOON, 9, own), 1)
    assert.deepEqual(await kept(), ['marketing', 'transactional'])
    assert.equal(await spool.forget(NOON + 1, 9, own), 1)
    assert.deepEqual(await kept(), ['marketing'])
  })

  it('forgets at most as many as it is told', async ({ spool }) => {
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await spool.accept(entry(id), HELLO)
    for (const id of ids) await spool.settle(delivered(id))
    assert.deepEqual([await spool.forget(Infinity, 2), await spool.forget(Infinity, 2)], [2, 1])
  })

  it('shows nothing of a message that never was', async ({ spool }) => {
    assert.equal(await spool.show(newId()), undefined)
  })

  it('has room and is healthy', async ({ spool }) => {
    assert.deepEqual([spool.room, spool.healthy], [{ ok: true }, true])
  })

  it('settles everything before it closes', async ({ spool }) => {
    const id = newId()
    const accepted = spool.accept(entry(id), HELLO)
    const settled = spool.settle(delivered(id))
    await spool.close()
    await Promise.all([accepted, settled])
  })
}

function to(local: string, domain: string): Pick<NewDelivery, 'to'> {
  return { to: { local, domain } }
}

function lastOf(claimed: readonly Claimed[]): Claimed['delivery']['key'] {
  const last = claimed.at(-1)
  assert.ok(last)
  return last.delivery.key
}
