import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Meter } from './meter.ts'
import type { Crossing, Taken } from './meter.ts'
import { windowOf } from './quota.ts'
import type { Limits, Quota } from './quota.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 22, 12)
const NEWS = { organization: 'acme', stream: 'news' }

function rig(...quotas: readonly Quota[]): { readonly meter: Meter; readonly crossings: Crossing[] } {
  const crossings: Crossing[] = []
  const meter = new Meter((crossing) => crossings.push(crossing))
  meter.use(quotas, NOON, true)
  return { meter, crossings }
}

function acme(limits: Limits, stream?: string): Quota {
  return { organization: 'acme', ...(stream !== undefined && { stream }), limits }
}

/** Says at once that it was kept. */
function kept(taken: Taken): boolean {
  if (taken.ok) taken.over?.(true)
  return taken.ok
}

/** The quota that stands in the way. */
function inTheWay(taken: Taken): unknown {
  return taken.ok ? undefined : taken.exhausted
}

test('windows are those of the calendar in UTC', () => {
  const at = Date.UTC(2024, 1, 29, 23, 59, 59, 999)
  assert.deepEqual(
    (['hour', 'day', 'month'] as const).map((span) => windowOf(span, at)),
    [
      { begin: Date.UTC(2024, 1, 29, 23), end: Date.UTC(2024, 2, 1) },
      { begin: Date.UTC(2024, 1, 29), end: Date.UTC(2024, 2, 1) },
      { begin: Date.UTC(2024, 1, 1), end: Date.UTC(2024, 2, 1) },
    ],
  )
})

test('a message is taken whole or not at all, and the next window takes it', () => {
  const { meter } = rig(acme({ hour: 10 }))
  assert.ok(kept(meter.take(NEWS, { recipients: 8 }, NOON)))
  assert.deepEqual(inTheWay(meter.take(NEWS, { recipients: 3 }, NOON + 1)), {
    quota: 'hour',
    limit: 10,
    used: 8,
    wanted: 3,
    until: NOON + HOUR,
  })
  assert.ok(kept(meter.take(NEWS, { recipients: 2 }, NOON + 2)))
  assert.ok(!meter.take(NEWS, { recipients: 1 }, NOON + HOUR - 1).ok)
  assert.ok(kept(meter.take(NEWS, { recipients: 10 }, NOON + HOUR)))
})

test('what is under way counts, and counts no more when it was not kept', () => {
  const { meter } = rig(acme({ hour: 10 }))
  const first = meter.take(NEWS, { recipients: 10 }, NOON)
  assert.ok(!meter.take(NEWS, { recipients: 1 }, NOON).ok)
  if (first.ok) first.over?.(false)
  assert.ok(meter.take(NEWS, { recipients: 10 }, NOON).ok)
})

test('what was under way when a window ended says nothing of the next one', () => {
  const { meter } = rig(acme({ hour: 10 }))
  const late = meter.take(NEWS, { recipients: 10 }, NOON)
  assert.ok(kept(meter.take(NEWS, { recipients: 4 }, NOON + HOUR)))
  if (late.ok) late.over?.(false)
  assert.equal(meter.left(NEWS, NOON + HOUR)[0]?.left, 6)
})

test('a stream has its own limits beside those of the organization, others have theirs', () => {
  const { meter } = rig(acme({ day: 10 }), acme({ day: 4 }, 'news'))
  assert.ok(kept(meter.take(NEWS, { recipients: 4 }, NOON)))
  assert.deepEqual(inTheWay(meter.take(NEWS, { recipients: 1 }, NOON)), {
    quota: 'day',
    stream: 'news',
    limit: 4,
    used: 4,
    wanted: 1,
    until: Date.UTC(2026, 10, 23),
  })
  const other = { organization: 'acme', stream: 'transactional' }
  assert.ok(kept(meter.take(other, { recipients: 6 }, NOON)))
  assert.ok(!meter.take(other, { recipients: 1 }, NOON).ok)
  assert.ok(meter.take({ organization: 'globex', stream: 'news' }, { recipients: 1_000 }, NOON).ok)
})

test('of several windows that are used up, the one that stays so for longest is told', () => {
  const { meter } = rig(acme({ hour: 5, day: 5, month: 5 }))
  assert.ok(kept(meter.take(NEWS, { recipients: 5 }, NOON)))
  const told = meter.take(NEWS, { recipients: 1 }, NOON)
  assert.equal(!told.ok && told.exhausted.quota, 'month')
})

test('recipients and octets of one message have limits that nothing uses up', () => {
  const { meter } = rig(acme({ recipients: 3, size: 1_000 }), acme({ size: 500 }, 'news'))
  assert.equal(meter.refusal(NEWS, { recipients: 3, size: 500 }, NOON), undefined)
  assert.deepEqual(meter.refusal(NEWS, { recipients: 4 }, NOON), { quota: 'recipients', limit: 3 })
  assert.deepEqual(meter.refusal(NEWS, { recipients: 1, size: 501 }, NOON), {
    quota: 'size',
    limit: 500,
    stream: 'news',
  })
  assert.deepEqual(meter.size(NEWS), { quota: 'size', limit: 500, stream: 'news' })
  assert.deepEqual(meter.size({ organization: 'acme', stream: 'other' }), { quota: 'size', limit: 1_000 })
  assert.equal(meter.size({ organization: 'globex', stream: 'news' }), undefined)
})

test('a limit of nothing takes nothing, and is no event', () => {
  const { meter, crossings } = rig(acme({ hour: 0 }))
  assert.ok(!meter.take(NEWS, { recipients: 1 }, NOON).ok)
  assert.deepEqual(crossings, [])
})

test('80 % and 100 % are told once a window, when it is kept, and again in the next', () => {
  const { meter, crossings } = rig(acme({ hour: 10 }))
  const told = (): readonly unknown[] =>
    crossings.splice(0).map(({ kind, used, limit, begins }) => [kind, used, limit, begins])
  assert.ok(kept(meter.take(NEWS, { recipients: 7 }, NOON)))
  const eighth = meter.take(NEWS, { recipients: 1 }, NOON)
  assert.deepEqual(told(), [])
  assert.ok(kept(eighth))
  assert.deepEqual(told(), [['quota-near', 8, 10, NOON]])
  assert.ok(kept(meter.take(NEWS, { recipients: 1 }, NOON)))
  assert.deepEqual(told(), [])
  assert.ok(kept(meter.take(NEWS, { recipients: 1 }, NOON)))
  assert.ok(!meter.take(NEWS, { recipients: 1 }, NOON).ok)
  assert.deepEqual(told(), [['quota-reached', 10, 10, NOON]])
  assert.ok(kept(meter.take(NEWS, { recipients: 10 }, NOON + HOUR)))
  assert.deepEqual(told(), [
    ['quota-near', 10, 10, NOON + HOUR],
    ['quota-reached', 10, 10, NOON + HOUR],
  ])
})

test('another limit holds at once for what was counted, and is near by itself', () => {
  const { meter, crossings } = rig(acme({ hour: 10 }))
  assert.ok(kept(meter.take(NEWS, { recipients: 10 }, NOON)))
  crossings.length = 0
  meter.use([acme({ hour: 20 })], NOON)
  assert.ok(kept(meter.take(NEWS, { recipients: 5 }, NOON)))
  assert.deepEqual(crossings, [])
  assert.ok(kept(meter.take(NEWS, { recipients: 1 }, NOON)))
  assert.deepEqual(
    crossings.map(({ kind, limit }) => [kind, limit]),
    [['quota-near', 20]],
  )
  meter.use([], NOON)
  assert.ok(meter.take(NEWS, { recipients: 1_000 }, NOON).ok)
})

test('what was used before is read once where nobody else takes mail, and told when it is near', async () => {
  const { meter, crossings } = rig(acme({ hour: 10 }))
  assert.deepEqual(meter.wanting(false), ['acme'])
  await meter.recount('acme', NOON, async () => () => 9)
  assert.deepEqual(meter.wanting(false), [])
  assert.deepEqual(meter.wanting(true), ['acme'])
  assert.deepEqual(
    crossings.map(({ kind, used }) => [kind, used]),
    [['quota-near', 9]],
  )
  assert.ok(!meter.take(NEWS, { recipients: 2 }, NOON).ok)
  assert.ok(meter.take(NEWS, { recipients: 1 }, NOON).ok)
})

test('a quota that is set while mail comes in is read until nothing is under way that it did not see', async () => {
  const { meter } = rig()
  meter.use([acme({ hour: 10 })], NOON)
  await meter.recount('acme', NOON + 1, async () => () => 3)
  assert.deepEqual(meter.wanting(false), ['acme'])
  await meter.recount('acme', NOON + 60_000, async () => () => 4)
  assert.deepEqual(meter.wanting(false), [])
  assert.equal(meter.left(NEWS, NOON)[0]?.left, 6)
})

test('what other nodes took is added to what this one did, which is not counted twice', async () => {
  const { meter } = rig(acme({ hour: 100 }))
  assert.ok(kept(meter.take(NEWS, { recipients: 10 }, NOON)))
  const underWay = meter.take(NEWS, { recipients: 5 }, NOON)
  // 10 of ours, 20 of others.
  await meter.recount('acme', NOON, async () => () => 30)
  assert.equal(meter.left(NEWS, NOON)[0]?.left, 100 - 35)
  assert.ok(kept(underWay))
  await meter.recount('acme', NOON, async () => () => 35)
  assert.equal(meter.left(NEWS, NOON)[0]?.left, 100 - 35)
})

test('a count that was read over the end of a window says nothing of the next one', async () => {
  const { meter } = rig(acme({ hour: 10 }))
  await meter.recount('acme', NOON, async () => {
    assert.ok(kept(meter.take(NEWS, { recipients: 1 }, NOON + HOUR)))
    return () => 10
  })
  assert.equal(meter.left(NEWS, NOON + HOUR)[0]?.left, 9)
})

test('however messages come, are kept, lost and counted anew, no window has more than its limit', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('take' as const), recipients: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ do: fc.constant('end' as const), isKept: fc.boolean() }),
    fc.record({ do: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant('count' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { meter } = rig(acme({ hour: 10, day: 25 }))
      const underWay: { over: (isKept: boolean) => void; hour: number; recipients: number }[] = []
      const hours = new Map<number, number>()
      let now = NOON
      const inHour = (): number => hours.get(windowOf('hour', now).begin) ?? 0
      const inDay = (): number => [...hours.values()].reduce((sum, count) => sum + count, 0)
      for (const one of steps) {
        if (one.do === 'take') {
          const taken = meter.take(NEWS, one, now)
          if (taken.ok && taken.over)
            underWay.push({ over: taken.over, hour: windowOf('hour', now).begin, recipients: one.recipients })
        } else if (one.do === 'end') {
          const ended = underWay.shift()
          if (ended === undefined) continue
          // In the store before this process hears of it.
          if (one.isKept) hours.set(ended.hour, (hours.get(ended.hour) ?? 0) + ended.recipients)
          ended.over(one.isKept)
        } else if (one.do === 'pass') now = Math.min(now + one.minutes * 60_000, NOON + 11 * HOUR)
        else
          await meter.recount('acme', now, async () => {
            const [hour, day] = [inHour(), inDay()]
            return (span) => (span === 'hour' ? hour : day)
          })
        for (const count of hours.values()) assert.ok(count <= 10)
        assert.ok(inDay() <= 25)
      }
    }),
    { numRuns: 300 },
  )
})
