/** Campaigns that are held: from when, what of, until when, and what is remembered of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Attempt, Claimed } from '#engine/spool'

import { holdReason, Holds } from './holds.ts'
import type { Live } from './live.ts'
import type { Hold } from './reactor.ts'

const HOUR = 3_600_000

type Rig = {
  readonly holds: Holds
  /** `hold`, `release r1`, `started r1` … in the order in which they happened. */
  readonly happened: string[]
  now: number
  /** Whether the store answers. */
  answers: boolean
  /** Lets time pass, and what it brings happen. */
  pass(ms: number): Promise<void>
}

function rig({ keeps = false } = {}): Rig {
  const happened: string[] = []
  const timers = new Set<{ readonly at: number; readonly ring: () => void }>()
  const at = { now: 0, answers: true }
  let id = 0
  const holds = new Holds({
    clock: {
      now: () => at.now,
      after(ms, ring) {
        const timer = { at: at.now + ms, ring }
        timers.add(timer)
        return () => timers.delete(timer)
      },
    },
    newId: () => `r${(id += 1)}`,
    ...(keeps && { want: () => void happened.push('want') }),
    holder: {
      hold: () => void happened.push('hold'),
      async release(live) {
        happened.push(`release ${live.id}`)
        if (!at.answers) throw new Error('the store does not answer')
      },
    },
    happened: (what, live) => void happened.push(`${what} ${live.id}`),
  })
  const pass = async (ms: number): Promise<void> => {
    at.now += ms
    for (const timer of timers) if (timer.at <= at.now && timers.delete(timer)) timer.ring()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return Object.assign(at, { holds, happened, pass })
}

function hold(campaign?: string, rule = 'default: spam'): Hold {
  const attempt: Attempt = {
    at: 0,
    duration: 1,
    outcome: 'bounced',
    source: 'ip-1',
    site: 'mx',
    host: 'mx',
    address: '',
    tls: '',
    stage: 'end of data',
    code: 550,
    enhanced: '5.7.1',
    text: 'Spam',
  }
  return {
    rule,
    place: {},
    act: { do: 'hold-campaign', for: HOUR },
    source: 'ip-1',
    site: 'mx',
    cause: { attempt, delivery: '0ab3xk9m2pq.0' },
    campaign: { organization: 'acme', stream: 'news', ...(campaign && { campaign }) },
  }
}

/** Only what is looked at. */
function claimed(campaign?: string, lastReply?: string, stream = 'news'): Claimed {
  const message = { organization: 'acme', stream, ...(campaign && { campaign }) }
  return { message, delivery: { ...(lastReply && { lastReply }) } } as unknown as Claimed
}

test('holds the campaign of its stream and no other, and what belongs to none only when that is meant', () => {
  const { holds } = rig()
  holds.begin(hold('spring'))
  const held = (...args: Parameters<typeof claimed>): string | undefined => holds.heldBy(claimed(...args))?.id
  assert.equal(held('spring'), 'r1')
  assert.deepEqual([held('summer'), held(), held('spring', '', 'orders')], [undefined, undefined, undefined])
  holds.begin(hold())
  assert.deepEqual([held(), held('summer')], ['r2', undefined])
})

test('says which rule and which reply, and lets go what an operator released from it', () => {
  const { holds } = rig()
  holds.begin(hold('spring'))
  const [live] = holds.live
  const reason = holdReason(live ?? assert.fail())
  assert.equal(reason, 'held by shaping reaction r1: default: spam: 550 5.7.1 Spam')
  assert.equal(holds.heldBy(claimed('spring', reason)), undefined)
  assert.equal(holds.heldBy(claimed('spring', '451 4.3.0 Later'))?.id, 'r1')
})

test('said again it lasts from then on; at its end it lets go, once', async () => {
  const at = rig()
  at.holds.begin(hold('spring'))
  await at.pass(HOUR / 2)
  at.holds.begin(hold('spring'))
  await at.pass(HOUR - 1)
  assert.deepEqual(
    [...at.holds.live].map(({ again }) => again),
    [1],
  )
  await at.pass(1)
  assert.deepEqual([...at.holds.live], [])
  assert.deepEqual(at.happened, ['started r1', 'hold', 'renewed r1', 'ended r1', 'release r1'])
})

test('an operator ends it before, or lets it last', async () => {
  const at = rig()
  at.holds.begin(hold('spring'))
  assert.equal(at.holds.extend('r1', HOUR)?.until, 2 * HOUR)
  await at.pass(HOUR)
  assert.equal([...at.holds.live].length, 1)
  assert.equal(at.holds.cancel('r1')?.id, 'r1')
  assert.deepEqual(at.happened.slice(2), ['release r1'])
  assert.deepEqual([at.holds.cancel('r1'), at.holds.extend('r1', 1)], [undefined, undefined])
})

test('holds nothing before it is written down', () => {
  const at = rig({ keeps: true })
  at.holds.begin(hold('spring'))
  assert.equal(at.holds.heldBy(claimed('spring')), undefined)
  at.holds.keep(at.now)
  at.holds.begin(hold('summer'))
  at.holds.kept()
  assert.equal(at.holds.heldBy(claimed('spring'))?.id, 'r1')
  // It began after what was written.
  assert.equal(at.holds.heldBy(claimed('summer')), undefined)
  assert.deepEqual(at.happened, ['started r1', 'started r2', 'hold'])
})

test('is not forgotten before the store has let go of what it held, over any number of restarts', async () => {
  const at = rig({ keeps: true })
  at.answers = false
  at.holds.begin(hold('spring'))
  at.holds.keep(at.now)
  at.holds.kept()
  at.holds.cancel('r1')
  await at.pass(0)
  const kept = at.holds.keep(at.now)
  assert.deepEqual(
    kept.map(({ id, until }) => [id, until]),
    [['r1', 0]],
  )

  const next = rig({ keeps: true })
  next.holds.restore(kept)
  await next.pass(1)
  assert.deepEqual(next.happened, ['ended r1', 'release r1', 'want'])
  assert.deepEqual(next.holds.keep(next.now), [])

  at.answers = true
  await at.pass(5_000)
  assert.deepEqual(at.holds.keep(at.now), [])
})

test('what another process began holds on, until its end', async () => {
  const before = rig()
  before.holds.begin(hold('spring'))
  const kept = before.holds.keep(0)
  const at = rig({ keeps: true })
  at.holds.restore(JSON.parse(JSON.stringify(kept)) as readonly Live[])
  assert.equal(at.holds.heldBy(claimed('spring'))?.id, 'r1')
  await at.pass(HOUR)
  assert.deepEqual(at.happened, ['ended r1', 'release r1', 'want'])
})

test('of more campaigns than may be held at a time the oldest is let go', async () => {
  const at = rig()
  for (let n = 0; n < 101; n += 1) at.holds.begin(hold(`c${n}`))
  await at.pass(0)
  assert.equal([...at.holds.live].length, 100)
  assert.deepEqual(
    at.happened.filter((one) => /ended|release/.test(one)),
    ['ended r1', 'release r1'],
  )
  at.holds.close()
})
