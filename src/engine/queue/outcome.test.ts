import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Tried } from '#engine/egress'
import type { Attempt, Claimed, Delivery, Message } from '#engine/spool'

import { claimedOf } from '../../../test/claimed.ts'
import { Carried } from './carried.ts'
import { judge } from './outcome.ts'
import type { Notice } from './outcome.ts'
import { ScheduledQueue } from './scheduled-queue.ts'
import type { Entry } from './scheduled-queue.ts'

const policy = { retry: [300_000], jitter: 0, delayWarning: 3_600_000 }

const DELIVERED: Tried = {
  at: 1_000_000,
  duration: 1,
  outcome: 'delivered',
  source: 'default',
  site: 'mx',
  host: 'mx.example.com',
  address: '192.0.2.9',
  tls: '',
  stage: 'end of data',
  code: 250,
  enhanced: '2.0.0',
  text: 'ok',
  dsnPassedOn: false,
  deadlinePassedOn: false,
}

type Success = {
  readonly by?: Message['deliverBy']
  readonly notify?: Delivery['notify']
  readonly from?: Message['from']
  /** Extensions of the host that took it. */
  readonly peer?: readonly ('DSN' | 'DELIVERBY')[]
}

function told({ by, notify, from, peer = [] }: Success): Notice | undefined {
  const claimed = claimedOf(
    { ...(by === undefined ? {} : { deliverBy: by }), ...(from === undefined ? {} : { from }) },
    notify === undefined ? {} : { notify },
  )
  const tried: Tried = {
    ...DELIVERED,
    dsnPassedOn: peer.includes('DSN'),
    deadlinePassedOn: peer.includes('DELIVERBY'),
  }
  return judge(entryOf(claimed), tried, policy, { now: 1_000_000, random: 0 }).notice
}

function entryOf(claimed: Claimed): Entry {
  const queue = new ScheduledQueue(claimed.delivery.queue)
  return { claimed, carried: new Carried(claimed.message, false), queue }
}

const N = { at: 1_060_000, mode: 'notify', trace: false } as const
const NT = { ...N, trace: true } as const
const R = { ...N, mode: 'return' } as const
const RT = { ...R, trace: true } as const

const successes: [what: string, success: Success, notice: Notice | undefined][] = [
  ['nothing was asked for', {}, undefined],
  ['NOTIFY=SUCCESS, and the host sends no notifications', { notify: ['success'] }, 'relayed'],
  ['NOTIFY=SUCCESS, and the host does', { notify: ['success'], peer: ['DSN'] }, undefined],
  ['mode N, and the host does not know of it', { by: N, peer: ['DSN'] }, 'deadline-dropped'],
  ['mode N, and the host knows of it', { by: N, peer: ['DELIVERBY'] }, undefined],
  ['mode N with NOTIFY=FAILURE', { by: N, notify: ['failure'] }, 'deadline-dropped'],
  ['mode N with NOTIFY=SUCCESS', { by: N, notify: ['success'] }, 'relayed'],
  [
    'mode N with NOTIFY=SUCCESS, and the host sends notifications',
    { by: N, notify: ['success'], peer: ['DSN'] },
    'deadline-dropped',
  ],
  ['mode N with NOTIFY=NEVER', { by: N, notify: 'never' }, undefined],
  ['mode N from the null reverse-path', { by: N, from: null }, undefined],
  ['mode N with a trace, and the host does not know of it', { by: NT }, 'deadline-dropped'],
  ['mode N with a trace, and the host knows of it', { by: NT, peer: ['DELIVERBY'] }, 'deadline-passed-on'],
  ['mode R, and the host knows of it', { by: R, peer: ['DELIVERBY'] }, undefined],
  ['mode R with a trace', { by: RT, peer: ['DELIVERBY', 'DSN'] }, 'deadline-passed-on'],
  ['a trace with NOTIFY=NEVER', { by: RT, notify: 'never', peer: ['DELIVERBY'] }, undefined],
]
for (const [what, success, notice] of successes) {
  test(`of a success the sender hears ${notice ?? 'nothing'}: ${what}. RFC 3461 §5.2.2, RFC 2852 §4.1.4`, () => {
    assert.equal(told(success), notice)
  })
}

function kept(said: Partial<Tried>, domain = 'example.com'): Attempt | undefined {
  const claimed = claimedOf({}, { to: { local: 'a', domain } })
  const tried: Tried = { ...DELIVERED, ...said }
  return judge(entryOf(claimed), tried, policy, { now: 1_000_000, random: 0 }).settlement.attempt
}

test('what was not taken is kept with why, what was taken is not', () => {
  const refused = {
    outcome: 'bounced',
    stage: 'RCPT',
    code: 550,
    enhanced: '5.1.1',
    text: 'User unknown',
  } as const
  assert.deepEqual(kept(refused)?.bounce, {
    class: 'user-unknown',
    type: 'hard',
    rule: 'user-unknown/words',
  })
  assert.equal(kept({})?.bounce, undefined)
})

test('why depends on the stage, and on whose recipient it is', () => {
  const unknown = {
    outcome: 'bounced',
    code: 550,
    enhanced: '5.0.0',
    text: 'Unknown user a@docomo.ne.jp',
  } as const
  const classes = (['RCPT', 'end of data'] as const).map(
    (stage) => kept({ ...unknown, stage }, 'docomo.ne.jp')?.bounce?.class,
  )
  assert.deepEqual(classes, ['user-unknown', 'filtered'])
})

test('a transient reply is never hard', () => {
  const later = {
    outcome: 'deferred',
    stage: 'RCPT',
    code: 450,
    enhanced: '4.1.1',
    text: 'User unknown',
  } as const
  assert.equal(kept(later)?.bounce?.type, 'soft')
})
