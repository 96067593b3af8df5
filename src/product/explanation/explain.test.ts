import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PathState } from '#engine/egress'

import type { DeliveryFacts } from './explain.ts'
import { explainDelivery, explainQueue } from './explain.ts'
import {
  BREAKER,
  delivery,
  facts,
  GREYLISTED,
  LIMIT,
  MESSAGE,
  MINUTE,
  NO_ANSWER,
  node,
  NOW,
  path,
  REACTION,
  WARMING,
  HOLD,
} from './facts.fixture.ts'
import type { NodeChanges } from './facts.fixture.ts'
import type { Reason } from './reason.ts'

const ENDS = { source: 'default', site: 'mx.example.com' } as const
const LATER = NOW + 5 * MINUTE
const FULL = { at: 'full', limit: 'path', connections: 2 } as const
const DOWN = { at: 'down', until: LATER, failures: 3, attempt: NO_ANSWER } as const
const IS_DOWN = { ...ENDS, at: 'down', until: LATER, failures: 3, last: NO_ANSWER } as const
const ALL_IN_USE = { ...ENDS, at: 'connections', limit: 'path', connections: 2 } as const

const OVER: readonly (readonly [what: string, given: DeliveryFacts, Reason])[] = [
  [
    'a delivered one has its last reply',
    facts({ state: 'delivered', attempts: 1, endedAt: NOW }, { attempts: [GREYLISTED] }),
    { at: 'delivered', when: NOW, tries: 1, why: '', last: GREYLISTED },
  ],
  [
    'a bounced one has the last of its replies',
    facts({ state: 'bounced', attempts: 2, lastReply: 'no' }, { attempts: [NO_ANSWER, GREYLISTED] }),
    { at: 'bounced', tries: 2, why: 'no', last: GREYLISTED },
  ],
  [
    'an expired one that was never tried has what the record says',
    facts({ state: 'expired', endedAt: NOW, lastReply: 'too late' }),
    { at: 'expired', when: NOW, tries: 0, why: 'too late' },
  ],
  [
    'a cancelled one has the reason that the operator gave, and not the reply before it',
    facts({ state: 'cancelled', endedAt: NOW, lastReply: 'sent by mistake' }, { attempts: [GREYLISTED] }),
    { at: 'cancelled', when: NOW, why: 'sent by mistake' },
  ],
]

for (const [what, given, reason] of OVER) {
  test(what, () => assert.deepEqual(explainDelivery(given), [reason]))
}

const RETRY = {
  at: 'retry',
  tries: 1,
  until: LATER,
  end: MESSAGE.expiresAt,
  why: '451 4.7.1 Come back later',
  last: GREYLISTED,
} as const

const deferred = { attempts: 1, due: LATER, lastReply: '451 4.7.1 Come back later' }

test('a held one says why, whatever its time and its path', () => {
  const given = facts({ state: 'held', due: LATER, lastReply: 'asked by the sender' }, { node: node() })
  assert.deepEqual(explainDelivery(given), [{ at: 'held', why: 'asked by the sender' }])
})

test('one that was never tried and waits for a time waits because its sender wants it. RFC 4865 §4', () => {
  assert.deepEqual(explainDelivery(facts({ due: LATER })), [{ at: 'scheduled', until: LATER }])
})

test('one that was put off says after which reply, until when, and about how many tries there are', () => {
  // Tries at +5, +15, +25, +35, +45, +55 and, the last, at +60 minutes; one was before.
  assert.deepEqual(explainDelivery(facts(deferred, { attempts: [GREYLISTED] })), [{ ...RETRY, about: 8 }])
})

test('one whose content is damaged says so, until an operator holds it for another reason', () => {
  const text = 'its checksum differs'
  const attempts = [{ ...GREYLISTED, stage: 'damaged content', text }]
  const [reason] = explainDelivery(facts({ state: 'held', lastReply: text }, { attempts }))
  assert.deepEqual(reason, { at: 'damaged', why: text })
  const [held] = explainDelivery(facts({ state: 'held', lastReply: 'wait for Jane' }, { attempts }))
  assert.deepEqual(held, { at: 'held', why: 'wait for Jane' })
})

test('a notification that was withheld is told of, until one was sent', () => {
  const withheld = { ...GREYLISTED, notice: { kind: 'withheld', limit: 5 } } as const
  const bounced = facts({ state: 'bounced', attempts: 1 }, { attempts: [withheld] })
  assert.deepEqual(explainDelivery(bounced).at(-1), { at: 'untold', limit: 5 })
  const lost = { ...GREYLISTED, notice: { kind: 'lost' } } as const
  assert.deepEqual(explainDelivery({ ...bounced, attempts: [lost, GREYLISTED] }).at(-1), { at: 'untold' })
  const sent = { ...GREYLISTED, notice: { kind: 'sent', message: MESSAGE.id } } as const
  assert.equal(explainDelivery({ ...bounced, attempts: [withheld, sent] }).length, 1)
})

test('a time by which it must be delivered is the end of its tries. RFC 2852 §4.1.2', () => {
  const deliverBy = { at: NOW + 10 * MINUTE, mode: 'return', trace: false } as const
  const message = { ...MESSAGE, deliverBy }
  const [reason] = explainDelivery(facts(deferred, { message, attempts: [GREYLISTED] }))
  assert.deepEqual(reason, { ...RETRY, end: deliverBy.at, about: 3 })
})

test('without a node nothing is sent, and nobody knows the schedule', () => {
  const { node: _, ...given } = facts(deferred, { attempts: [GREYLISTED] })
  assert.deepEqual(explainDelivery(given), [{ at: 'stopped' }, RETRY])
  const { node: _node, ...due } = facts()
  assert.deepEqual(explainDelivery(due), [{ at: 'stopped' }])
})

const UNFINISHED: readonly (readonly [
  what: string,
  state: 'waiting' | 'active',
  node: NodeChanges,
  reasons: readonly Reason[],
])[] = [
  [
    'on the wire nothing else counts',
    'active',
    { place: { n: 0, at: 'on-wire' }, overview: { gate: 'stopping' }, queue: { paths: [path(FULL)] } },
    [{ at: 'on-wire' }],
  ],
  ['active and nowhere in memory, its outcome is being recorded', 'active', {}, [{ at: 'recording' }]],
  [
    'an outcome that cannot be recorded waits for the store',
    'active',
    { overview: { gate: 'unhealthy' }, trouble: 'no space' },
    [{ at: 'paused', why: 'no space' }, { at: 'recording' }],
  ],
  [
    'in memory with a free path, its turn comes',
    'active',
    { place: { n: 0, at: 'ready', ahead: 0 } },
    [{ at: 'turn', ahead: 0 }],
  ],
  [
    'one free path is enough',
    'active',
    {
      place: { n: 0, at: 'ready', ahead: 4 },
      queue: { paths: [path(FULL), path({ at: 'open' }, 'second')] },
    },
    [{ at: 'turn', ahead: 4 }],
  ],
  [
    'in memory, and every path is taken: each says why',
    'active',
    { place: { n: 0, at: 'ready', ahead: 4 }, queue: { paths: [path(FULL), path(DOWN, 'second')] } },
    [ALL_IN_USE, { ...IS_DOWN, source: 'second' }, { at: 'turn', ahead: 4, isHeld: true }],
  ],
  [
    'memory is right where the record is older',
    'waiting',
    { place: { n: 0, at: 'ready', ahead: 1 } },
    [{ at: 'turn', ahead: 1 }],
  ],
  [
    'in memory and without a route yet',
    'active',
    { place: { n: 0, at: 'ready', ahead: 0 }, queue: { routing: true, paths: [path(FULL)] } },
    [
      { at: 'route', domain: 'example.com' },
      { at: 'turn', ahead: 0, isHeld: true },
    ],
  ],
  [
    'in memory while the node stops',
    'active',
    { place: { n: 0, at: 'ready', ahead: 0 }, overview: { gate: 'stopping' } },
    [{ at: 'draining' }, { at: 'turn', ahead: 0, isHeld: true }],
  ],
  [
    'behind others on a path that sends, the rate of the last minute says when',
    'active',
    {
      place: { n: 0, at: 'ready', ahead: 29 },
      queue: {
        paths: [
          { ...path(FULL), perMinute: 10 },
          { ...path(FULL, 'second'), perMinute: 5 },
        ],
      },
    },
    [
      ALL_IN_USE,
      { ...ALL_IN_USE, source: 'second' },
      { at: 'turn', ahead: 29, isHeld: true, perMinute: 15, eta: NOW + 2 * MINUTE },
    ],
  ],
  [
    'behind others on a path that may send again in an hour only, the last minute says nothing',
    'active',
    {
      place: { n: 0, at: 'ready', ahead: 29 },
      queue: { paths: [{ ...path({ at: 'paced', limit: LIMIT, until: NOW + 60 * MINUTE }), perMinute: 10 }] },
    },
    [
      { at: 'paced', source: 'default', site: 'mx.example.com', rule: LIMIT, until: NOW + 60 * MINUTE },
      { at: 'turn', ahead: 29, isHeld: true },
    ],
  ],
  ['due, and nothing keeps it: it is being loaded', 'waiting', {}, [{ at: 'loading' }]],
  [
    'due behind the window of its queue, and behind what the window waits for',
    'waiting',
    { backlog: 5_000, queue: { full: 'queue', paths: [path(FULL)] } },
    [{ at: 'window', limit: 'queue', size: 100, backlog: 5_000 }, ALL_IN_USE],
  ],
  [
    'due behind the windows of all queues',
    'waiting',
    { queue: { full: 'all' } },
    [{ at: 'window', limit: 'all', size: 1_000 }],
  ],
  [
    'due behind a site that is down, it is not loaded at all',
    'waiting',
    { backlog: 5_000, queue: { full: 'queue', paths: [path(DOWN)] } },
    [IS_DOWN],
  ],
  [
    'due while outcomes cannot be recorded',
    'waiting',
    { overview: { gate: 'unhealthy' } },
    [{ at: 'paused', why: '' }],
  ],
]

for (const [what, state, changes, reasons] of UNFINISHED) {
  test(what, () => assert.deepEqual(explainDelivery(facts({ state }, { node: node(changes) })), reasons))
}

test('a retry to a site that is down says so, because a retry now would not help', () => {
  const given = facts(deferred, { attempts: [GREYLISTED], node: node({ queue: { paths: [path(DOWN)] } }) })
  assert.deepEqual(explainDelivery(given), [{ ...RETRY, about: 8 }, IS_DOWN])
})

test('a retry is not kept by a path that is only busy now', () => {
  const given = facts(deferred, { attempts: [GREYLISTED], node: node({ queue: { paths: [path(FULL)] } }) })
  assert.deepEqual(explainDelivery(given), [{ ...RETRY, about: 8 }])
})

const HOLDS: readonly (readonly [hold: Parameters<typeof path>[0], readonly Reason[]])[] = [
  [{ at: 'open' }, []],
  [{ at: 'connecting' }, [{ ...ENDS, at: 'connecting' }]],
  [{ at: 'closing' }, [{ ...ENDS, at: 'closing' }]],
  [FULL, [ALL_IN_USE]],
  [
    { at: 'full', limit: 'all', connections: 3 },
    [{ ...ENDS, at: 'connections', limit: 'all', connections: 3 }],
  ],
  [
    { at: 'refused-more', connections: 2, until: LATER, attempt: NO_ANSWER },
    [{ ...ENDS, at: 'refused-more', connections: 2, until: LATER, last: NO_ANSWER }],
  ],
  [{ at: 'paced', limit: LIMIT, until: LATER }, [{ ...ENDS, at: 'paced', rule: LIMIT, until: LATER }]],
  [
    { at: 'opening-paced', limit: LIMIT, until: LATER },
    [{ ...ENDS, at: 'opening-paced', rule: LIMIT, until: LATER }],
  ],
  [
    { at: 'full', limit: 'provider', connections: 1, rule: LIMIT },
    [{ ...ENDS, at: 'connections', limit: 'provider', connections: 1, rule: LIMIT }],
  ],
  [
    { at: 'suspended', reaction: REACTION },
    [{ ...ENDS, at: 'suspended', reaction: REACTION, last: GREYLISTED }],
  ],
  [{ at: 'single', reaction: REACTION }, [{ ...ENDS, at: 'single', reaction: REACTION, last: GREYLISTED }]],
  [
    { at: 'warming', warmUp: WARMING, whenFull: 'wait', until: LATER },
    [{ ...ENDS, at: 'warming', warmUp: WARMING, whenFull: 'wait', until: LATER }],
  ],
  [
    { at: 'slowed', perMinute: 3, until: LATER, reaction: REACTION },
    [{ ...ENDS, at: 'slowed', perMinute: 3, until: LATER, reaction: REACTION, last: GREYLISTED }],
  ],
  [DOWN, [IS_DOWN]],
]

const depth = { queue: delivery().queue, waiting: 7, active: 2, held: 1, oldest: NOW, nextDue: NOW - 1 }

for (const [hold, reasons] of HOLDS) {
  test(`a queue whose path is ${hold.at} ${reasons.length === 0 ? 'has no reason' : 'says so'}`, () => {
    const known = node({ queue: { paths: [path(hold)] } })
    assert.deepEqual(explainQueue({ depth, now: NOW, node: known }), reasons)
  })
}

function reasonsOf(paths: readonly PathState[], queue = depth.queue): readonly Reason[] {
  return explainQueue({ depth, now: NOW, node: node({ queue: { queue, paths } }) })
}

test('a stream that every path passes over is paused, and one that some path takes is not', () => {
  const paused = { ...path({ at: 'open' }), paused: [BREAKER] }
  const reason = { ...ENDS, at: 'stream-paused', reaction: BREAKER, last: GREYLISTED }
  assert.deepEqual(reasonsOf([paused]), [reason])
  assert.deepEqual(reasonsOf([paused, path({ at: 'open' }, 'other')]), [])
  assert.deepEqual(reasonsOf([paused], 'default/marketing/example.com'), [])
  assert.deepEqual(reasonsOf([paused], 'acme/transactional/example.com'), [])
})

test('a queue is behind its window only while something in the store is due', () => {
  const known = node({ queue: { full: 'queue' } })
  const full = { at: 'window', limit: 'queue', size: 100, backlog: 7 }
  assert.deepEqual(explainQueue({ depth, now: NOW, node: known }), [full])
  assert.deepEqual(explainQueue({ depth: { ...depth, nextDue: LATER }, now: NOW, node: known }), [])
  const { nextDue: _, ...none } = depth
  assert.deepEqual(explainQueue({ depth: none, now: NOW, node: known }), [])
})

test('a queue says first what keeps the whole node, and nothing when only held deliveries are in it', () => {
  const known = node({ overview: { gate: 'unhealthy' }, trouble: 'no space', queue: { routing: true } })
  const reasons = [
    { at: 'paused', why: 'no space' },
    { at: 'route', domain: 'example.com' },
  ]
  assert.deepEqual(explainQueue({ depth, now: NOW, node: known }), reasons)
  assert.deepEqual(explainQueue({ depth, now: NOW }), [{ at: 'stopped' }])
  assert.deepEqual(explainQueue({ depth: { ...depth, waiting: 0, active: 0 }, now: NOW }), [])
})

test('what a reply holds with its campaign says so, also before it is due; what is released from it does not', () => {
  const campaign = { organization: 'default', stream: 'transactional', campaign: 'spring' }
  const message = { ...facts().message, campaign: 'spring' }
  const holding = node({ holds: [HOLD] })
  const of = (changes: Parameters<typeof facts>[0], about: typeof MESSAGE = message): readonly string[] =>
    explainDelivery({ ...facts(changes), message: about, node: holding }).map(({ at }) => at)
  const held = `held by shaping reaction ${HOLD.id}: provider big: spam: 451 4.7.1 Come back later`
  assert.deepEqual(HOLD.campaign, campaign)
  assert.deepEqual(of({ state: 'held', lastReply: held }), ['campaign-held'])
  assert.deepEqual(of({ state: 'held', lastReply: 'looks odd' }), ['held'])
  assert.equal(of({ due: NOW + MINUTE, attempts: 1 })[0], 'campaign-held')
  assert.ok(!of({ due: NOW + MINUTE, attempts: 1, lastReply: held }).includes('campaign-held'))
  assert.ok(!of({ due: NOW + MINUTE }, facts().message).includes('campaign-held'))
  const counts = { queue: 'default/transactional/example.com', waiting: 0, active: 0, held: 3, oldest: NOW }
  assert.deepEqual(
    explainQueue({ depth: counts, now: NOW, node: holding }).map(({ at }) => at),
    ['campaign-held'],
  )
  assert.deepEqual(explainQueue({ depth: { ...counts, held: 0 }, now: NOW, node: holding }), [])
})
