/** What every spool must tell of what it did, and how it must count it. */

import assert from 'node:assert/strict'

import { bucketOf, COUNT_LIMITS, DAY, HOUR } from './count.ts'
import type { CountQuery, CountRow } from './count.ts'
import type { Event, EventQuery } from './event.ts'
import { attempt, deferred, delivered, entry, HELLO, newId, NOON } from './fixture.ts'
import type { It } from './operation.contract.ts'
import type { Settlement } from './message.ts'
import type { Spool } from './spool.ts'

const LATE = { host: 'mx.example.com', status: '5.1.1', text: 'no such user' } as const
const BOUNCE = { class: 'user-unknown', type: 'hard', rule: 'a rule' } as const

async function log(spool: Spool, query: Partial<EventQuery> = {}): Promise<readonly Event[]> {
  const { events } = await spool.events({ organization: 'acme', limit: 1000, ...query })
  return events
}

function nameless(events: readonly Event[]): readonly object[] {
  return events.map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'id')))
}

async function kinds(spool: Spool, query: Partial<EventQuery> = {}): Promise<string[]> {
  return (await log(spool, query)).map(({ kind }) => kind)
}

function bounced(...of: Parameters<typeof delivered>): Settlement {
  const tried = attempt({ outcome: 'bounced', code: 550, bounce: BOUNCE, provider: 'google' })
  return { ...delivered(...of), state: 'bounced', attempt: tried }
}

function counts(spool: Spool, query: Partial<CountQuery> = {}): Promise<readonly CountRow[]> {
  return spool.counts({ organization: 'acme', from: NOON, to: NOON + DAY, by: [], ...query })
}

export function eventContract(it: It): void {
  it('tells what it accepted and what became of it, in order', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{}, {}], { tags: ['welcome'] }), HELLO)
    await spool.settle(delivered(id, 0))
    await spool.settle(deferred(id, NOON + 5000, 1))
    const [first, second, third, fourth, ...rest] = await log(spool)
    assert.deepEqual(rest, [])
    const about = { organization: 'acme', stream: 'transactional', message: id, tags: ['welcome'] }
    const accepted = { kind: 'accepted', at: NOON, from: 'sender@acme.example' }
    assert.deepEqual(first, { ...about, ...accepted, id: first?.id, n: 0, to: 'user0@example.com' })
    assert.deepEqual(second, { ...about, ...accepted, id: second?.id, n: 1, to: 'user1@example.com' })
    const told = { ...about, at: NOON + 1000, attempts: 1 }
    const { attempt: tried } = delivered(id)
    assert.deepEqual(third, {
      ...told,
      kind: 'delivered',
      id: third?.id,
      n: 0,
      to: 'user0@example.com',
      attempt: tried,
    })
    assert.deepEqual([fourth?.kind, fourth?.n, fourth?.attempt?.code], ['deferred', 1, 451])
    assert.equal(new Set([first, second, third, fourth].map((one) => one?.id)).size, 4)
  })

  it('tells nothing of a settlement that changed nothing', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(id))
    await spool.settle(delivered(id))
    await spool.settle(deferred(id, NOON + 5000))
    assert.deepEqual(await kinds(spool), ['accepted', 'delivered'])
    assert.deepEqual((await counts(spool))[0]?.counts, { accepted: 1, delivered: 1 })
  })

  it('tells what an operator changed, and what happened all the same', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{ state: 'waiting' }, { state: 'active' }]), HELLO)
    const one = { message: id, n: 0 }
    await spool.change(one, 'hold', NOON + 1, 'wait for the lawyer')
    await spool.change(one, 'release', NOON + 2, '')
    await spool.change(one, 'retry', NOON - 1, '')
    await spool.change({ message: id }, 'cancel', NOON + 3, 'wrong list')
    await spool.settle(delivered(id, 1))
    const told = (await log(spool)).slice(2).map(({ kind, n, reason }) => [kind, n, reason])
    assert.deepEqual(told, [
      ['held', 0, 'wait for the lawyer'],
      ['released', 0, undefined],
      ['cancelled', 1, 'wrong list'],
      ['cancelled', 0, 'wrong list'],
      ['delivered', 1, undefined],
    ])
    const happened = { accepted: 2, held: 1, released: 1, cancelled: 2, delivered: 1 }
    assert.deepEqual((await counts(spool))[0]?.counts, happened)
  })

  it('says why there was no attempt, and what it gave up after the last', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id, [{}, {}]), HELLO)
    const { attempt: _, ...untried } = delivered(id)
    await spool.settle({ ...untried, state: 'held', reason: 'damaged' })
    const reason = 'given up after the last try: 451 4.3.0 Later'
    await spool.settle({ ...deferred(id, NOON, 1), state: 'expired', reason })
    const told = (await log(spool)).slice(2).map(({ kind, reason: why }) => [kind, why])
    assert.deepEqual(told, [
      ['held', 'damaged'],
      ['expired', reason],
    ])
  })

  it('tells and counts what came back later by the path it went, once', async ({ spool }) => {
    const id = newId()
    await spool.accept(entry(id), HELLO)
    await spool.settle(delivered(id, 0, { attempt: attempt({ provider: 'google' }) }))
    const report = { ...LATE, kind: 'bounce', at: NOON + 2000, bounce: BOUNCE } as const
    const complaint = { ...LATE, kind: 'complaint', at: NOON + 3000 } as const
    await spool.report({ message: id, n: 0 }, report)
    await spool.report({ message: id, n: 0 }, report)
    await spool.report({ message: id, n: 0 }, complaint)
    await spool.report({ message: id, n: 0 }, { ...LATE, kind: 'delay', at: NOON + 4000 })
    const told = (await log(spool)).slice(2).map(({ kind, late, report: of, to }) => [kind, late, of, to])
    assert.deepEqual(told, [
      ['bounced', true, report, 'user0@example.com'],
      ['complained', undefined, complaint, 'user0@example.com'],
    ])
    const rows = await counts(spool, { by: ['source', 'provider'] })
    assert.deepEqual(
      rows.map(({ key, counts: of }) => [key, of]),
      [
        [{ source: '', provider: '' }, { accepted: 1 }],
        [
          { source: 'default', provider: 'google' },
          { delivered: 1, returned: 1, complained: 1 },
        ],
      ],
    )
  })

  it('tells what was accepted of its own making apart from what came in', async ({ spool }) => {
    await spool.accept(entry(newId(), [{}, {}]), HELLO)
    const ours = entry(newId())
    await spool.accept({ ...ours, message: { ...ours.message, door: 'platform' } }, HELLO)
    const rows = await counts(spool, { by: ['class'], source: '', provider: '' })
    assert.deepEqual(
      rows.map(({ key, counts: of }) => [key.class, of.accepted]),
      [
        ['', 2],
        ['platform', 1],
      ],
    )
  })

  it('keeps what other rooms append, for whom it concerns', async ({ spool }) => {
    const opened = {
      kind: 'opened',
      at: NOON,
      organization: 'acme',
      stream: 'news',
      to: 'a@example.org',
    } as const
    const reaction = {
      kind: 'reaction-started',
      at: NOON,
      organization: '',
      data: { site: 'mx', for: 60 },
    } as const
    await Promise.all([spool.append(opened), spool.append(reaction)])
    assert.deepEqual(nameless(await log(spool)), [opened])
    assert.deepEqual(nameless(await log(spool, { organization: '' })), [reaction])
    const every = await spool.events({ limit: 10 })
    assert.deepEqual(every.events.map(({ kind }) => kind).toSorted(), ['opened', 'reaction-started'])
    assert.deepEqual((await counts(spool, { by: ['stream'] }))[0], {
      key: { stream: 'news' },
      counts: { opened: 1 },
      delays: [],
    })
  })

  it('gives the log in pages, each after the one before, with nothing twice', async ({ spool }) => {
    for (let i = 0; i < 5; i += 1) await spool.accept(entry(newId(), [{}, {}, {}]), HELLO)
    await spool.accept(entry(newId(), [{}], { organization: 'other' }), HELLO)
    const all = await log(spool)
    assert.equal(all.length, 15)
    const found: Event[] = []
    for (let after = ''; ;) {
      const page = await spool.events({ organization: 'acme', after, limit: 4 })
      assert.ok(page.events.length <= 4)
      found.push(...page.events)
      after = page.next
      if (!page.more) break
    }
    assert.deepEqual(found, all)
    const { next } = await spool.events({ organization: 'acme', limit: 100 })
    assert.deepEqual(await spool.events({ organization: 'acme', after: next, limit: 4 }), {
      events: [],
      next,
      more: false,
    })
    await spool.accept(entry(newId()), HELLO)
    assert.deepEqual(await kinds(spool, { after: next }), ['accepted'])
  })

  it('gives only the kinds that are asked for, and goes on behind the others', async ({ spool }) => {
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await spool.accept(entry(id), HELLO)
    for (const id of ids) await spool.settle(delivered(id))
    const first = await spool.events({ organization: 'acme', kinds: ['delivered'], limit: 2 })
    assert.deepEqual([first.events.map(({ message }) => message), first.more], [ids.slice(0, 2), true])
    const last = await spool.events({
      organization: 'acme',
      kinds: ['delivered'],
      limit: 2,
      after: first.next,
    })
    assert.deepEqual([last.events.map(({ message }) => message), last.more], [ids.slice(2), false])
  })

  it('begins where it is told to, and refuses what is no place in a log', async ({ spool }) => {
    await spool.accept(entry(newId()), HELLO)
    assert.deepEqual(await kinds(spool, { since: Date.now() + 60_000 }), [])
    assert.deepEqual(await kinds(spool, { since: NOON }), ['accepted'])
    for (const after of ['x', '1.2', '1.2.3.4', '0.1.1~0.1.2', '1.2.-3'])
      await assert.rejects(spool.events({ after, limit: 1 }), { code: 'refused' })
  })

  it('divides the log of a message to many into pages', async ({ spool }) => {
    const many = Array.from({ length: 1203 }, () => ({ state: 'waiting' as const }))
    const id = newId()
    await spool.accept(entry(id, many), HELLO)
    const first = await spool.events({ organization: 'acme', limit: 1000 })
    const rest = await spool.events({ organization: 'acme', limit: 1000, after: first.next })
    assert.deepEqual(
      [...first.events, ...rest.events].map(({ n }) => n),
      many.map((_, n) => n),
    )
    assert.deepEqual([first.more, rest.more], [true, false])
  })

  it('goes on in the same log after a restart', async (opened) => {
    const { spool } = opened
    if (!opened.reopen) return
    const id = newId()
    await spool.accept(entry(id), HELLO)
    const { next } = await spool.events({ organization: 'acme', limit: 9 })
    const again = await opened.reopen()
    await again.settle(delivered(id))
    // It waits again: a settlement of before the restart is none of this process.
    assert.deepEqual(await kinds(again, { after: next }), [])
    const [claimed] = await again.claim(entry(id).deliveries[0]?.queue ?? '', NOON, 1)
    assert.ok(claimed)
    await again.settle(delivered(id))
    assert.deepEqual(await kinds(again, { after: next }), ['delivered'])
    assert.deepEqual((await counts(again))[0]?.counts, { accepted: 1, delivered: 1 })
  })

  it('removes what is older, but never the place in the log', async ({ spool }) => {
    await spool.accept(entry(newId()), HELLO)
    await spool.accept(entry(newId()), HELLO)
    const { next } = await spool.events({ organization: 'acme', limit: 9 })
    while (await spool.age({ events: Date.now() + 60_000, hours: 0, days: 0 }));
    assert.ok((await log(spool)).length <= 1)
    await spool.accept(entry(newId()), HELLO)
    assert.deepEqual(await kinds(spool, { after: next }), ['accepted'])
  })
}

export function countContract(it: It): void {
  it('counts by hour, stream, source, provider and class what is asked for', async ({ spool }) => {
    const [first, second, third] = [newId(), newId(), newId()]
    await spool.accept(entry(first), HELLO)
    await spool.accept(entry(second, [{}], { stream: 'news', acceptedAt: NOON + HOUR }), HELLO)
    await spool.accept(entry(third, [{}], { organization: 'other' }), HELLO)
    await spool.settle(delivered(first))
    await spool.settle(bounced(second, 0, { at: NOON + HOUR + 1 }))
    await spool.settle(delivered(third))
    assert.deepEqual(
      (await counts(spool, { by: ['hour', 'stream'] })).map(({ key, counts: of }) => [key, of]),
      [
        [
          { hour: NOON, stream: 'transactional' },
          { accepted: 1, delivered: 1 },
        ],
        [
          { hour: NOON + HOUR, stream: 'news' },
          { accepted: 1, bounced: 1 },
        ],
      ],
    )
    assert.deepEqual(
      (await counts(spool, { by: ['class'], stream: 'news' })).map(({ key, counts: of }) => [key, of]),
      [
        [{ class: '' }, { accepted: 1 }],
        [{ class: 'user-unknown' }, { bounced: 1 }],
      ],
    )
    const { organization: _, ...every } = {
      organization: 'acme',
      from: NOON,
      to: NOON + HOUR,
      by: ['organization'],
    } as const
    assert.deepEqual(
      (await spool.counts(every)).map(({ key, counts: of }) => [key.organization, of]),
      [
        ['acme', { accepted: 1, delivered: 1 }],
        ['other', { accepted: 1, delivered: 1 }],
      ],
    )
    assert.deepEqual((await counts(spool, { provider: 'google' }))[0]?.counts, { bounced: 1 })
    assert.deepEqual((await counts(spool, { source: 'default', provider: 'mx.example.com' }))[0]?.counts, {
      delivered: 1,
    })
  })

  it('counts days as the zone has them', async ({ spool }) => {
    await spool.accept(entry(newId(), [{}], { acceptedAt: NOON - 10 * HOUR }), HELLO)
    await spool.accept(entry(newId()), HELLO)
    const range = { from: NOON - DAY, to: NOON + DAY, by: ['day'] } as const
    assert.deepEqual(
      (await counts(spool, range)).map(({ key }) => key.day),
      [NOON - DAY, NOON],
    )
    assert.deepEqual(
      (await counts(spool, { ...range, zone: 9 * 60 })).map(({ key }) => key.day),
      [NOON - 9 * HOUR - DAY, NOON - 9 * HOUR],
    )
  })

  it('counts by the domain of the recipient and of the sender, and by tag, for each day', async ({
    spool,
  }) => {
    const id = newId()
    const to = [{}, {}, { to: { local: 'x', domain: 'example.org' } }]
    await spool.accept(entry(id, to, { tags: ['a', 'b'], acceptedAt: NOON + HOUR }), HELLO)
    await spool.settle(delivered(id, 0, { at: NOON + DAY }))
    await spool.settle(bounced(id, 2))
    const daily = { from: NOON, to: NOON + 2 * DAY } as const
    const rows = async (query: Partial<CountQuery>) =>
      (await counts(spool, { ...daily, ...query })).map(({ key, counts: of, delays }) => [key, of, delays])
    assert.deepEqual(await rows({ by: ['domain'] }), [
      [{ domain: 'example.com' }, { accepted: 2, delivered: 1 }, []],
      [{ domain: 'example.org' }, { accepted: 1, bounced: 1 }, []],
    ])
    assert.deepEqual(await rows({ by: ['day'], domain: 'example.com' }), [
      [{ day: NOON }, { accepted: 2 }, []],
      [{ day: NOON + DAY }, { delivered: 1 }, []],
    ])
    assert.deepEqual(await rows({ by: ['sender'] }), [
      [{ sender: 'acme.example' }, { accepted: 3, delivered: 1, bounced: 1 }, []],
    ])
    assert.deepEqual(await rows({ by: ['tag', 'class'], tag: 'b' }), [
      [{ tag: 'b', class: '' }, { accepted: 3, delivered: 1 }, [[bucketOf(DAY - HOUR), 1]]],
      [{ tag: 'b', class: 'user-unknown' }, { bounced: 1 }, []],
    ])
  })

  it('keeps how long those that were delivered took', async ({ spool }) => {
    const id = newId()
    const times = [4, 5, 1000, 60_000]
    await spool.accept(
      entry(
        id,
        times.map(() => ({})),
      ),
      HELLO,
    )
    await Promise.all(times.map((time, n) => spool.settle(delivered(id, n, { at: NOON + time }))))
    assert.deepEqual(
      (await counts(spool))[0]?.delays,
      times.map((time) => [bucketOf(time), 1] as const),
    )
  })

  it('refuses what is not counted together', async ({ spool }) => {
    const asked: readonly Partial<CountQuery>[] = [
      { by: ['domain', 'tag'] },
      { by: ['hour'], domain: 'example.com' },
      { by: ['domain', 'source'] },
      { by: ['tag'], provider: 'google' },
    ]
    for (const query of asked) await assert.rejects(counts(spool, query), { code: 'refused' })
  })

  it('tells so many names apart, and then counts the others together', async ({ spool }) => {
    // Of its own, since what it fills up is full for the whole day.
    const of = { organization: 'many' }
    const names = COUNT_LIMITS.tag + 3
    const tags = (n: number) => Array.from({ length: Math.min(100, names - n) }, (_, i) => `tag${n + i}`)
    const accepts = []
    for (let n = 0; n < names; n += 100)
      accepts.push(spool.accept(entry(newId(), [{}], { ...of, tags: tags(n) }), HELLO))
    await Promise.all(accepts)
    const rows = await counts(spool, { ...of, by: ['tag'] })
    assert.equal(rows.length, COUNT_LIMITS.tag + 1)
    assert.deepEqual(rows.find(({ key }) => key.tag === '*')?.counts, { accepted: 3 })
  })

  it('sums old hours to their day, and removes old days', async ({ spool }) => {
    const at = (hours: number) =>
      spool.accept(entry(newId(), [{}], { acceptedAt: NOON + hours * HOUR }), HELLO)
    for (const hours of [0, 1, 2, 25, 26, 50]) await at(hours)
    // Whole days only: what is older than some hour of one waits for the end of it.
    while (await spool.age({ events: 0, hours: NOON + 26 * HOUR, days: NOON }));
    const range = { from: NOON, to: NOON + 3 * DAY, by: ['hour'] } as const
    assert.deepEqual(
      (await counts(spool, range)).map(({ key, counts: of }) => [(key.hour ?? 0) - NOON, of]),
      [
        [0, { accepted: 3 }],
        [25 * HOUR, { accepted: 1 }],
        [26 * HOUR, { accepted: 1 }],
        [50 * HOUR, { accepted: 1 }],
      ],
    )
    while (await spool.age({ events: 0, hours: NOON + 26 * HOUR, days: NOON + 2 * DAY }));
    assert.deepEqual(
      (await counts(spool, range)).map(({ key }) => (key.hour ?? 0) - NOON),
      [50 * HOUR],
    )
    await at(0)
    assert.deepEqual((await counts(spool, { by: ['hour'] }))[0]?.counts, { accepted: 1 })
  })
}
