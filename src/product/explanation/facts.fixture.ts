/** For tests: a delivery with everything that may be known of it, to be changed where a test wants it otherwise. */

import type { PathState } from '#engine/egress'
import type { Limit, Live, Sign, WarmUpState } from '#engine/shaping'
import { messageIds } from '#engine/spool'
import type { Attempt, Delivery, Message } from '#engine/spool'

import type { DeliveryFacts } from './explain.ts'
import type { Reason } from './reason.ts'

export const NOW = Date.parse('2026-11-22T10:30:00Z')
export const MINUTE = 60_000
const id = messageIds(1, () => NOW)()

export const MESSAGE: Message = {
  id,
  acceptedAt: NOW - 10 * MINUTE,
  organization: 'default',
  stream: 'transactional',
  door: 'submission',
  client: { address: '192.0.2.7', helo: 'app.example.org', protocol: 'ESMTPSA' },
  from: { local: 'shop', domain: 'example.org' },
  size: 4321,
  body: '7bit',
  smtputf8: false,
  requireTls: false,
  priority: 0,
  expiresAt: NOW + 60 * MINUTE,
}

export function delivery(changes: Partial<Delivery> = {}): Delivery {
  return {
    key: { message: id, n: 0 },
    to: { local: 'jane', domain: 'example.com' },
    queue: 'default/transactional/example.com',
    band: 1,
    state: 'waiting',
    due: NOW - MINUTE,
    attempts: 0,
    delayNotified: false,
    ...changes,
  }
}

export const GREYLISTED: Attempt = {
  at: NOW - MINUTE,
  duration: 12,
  outcome: 'deferred',
  source: 'default',
  site: 'mx.example.com',
  host: 'mx1.example.com',
  address: '192.0.2.25',
  tls: '',
  stage: 'RCPT',
  code: 451,
  enhanced: '4.7.1',
  text: 'Come back later',
}

export const NO_ANSWER = {
  ...GREYLISTED,
  host: '',
  address: '',
  stage: 'connect',
  code: 0,
  enhanced: '4.4.1',
  text: 'connect to 192.0.2.25:25: ECONNREFUSED',
  dsnPassedOn: false,
  deadlinePassedOn: false,
}

export function path(hold: PathState['hold'], source = 'default'): PathState {
  return { source, site: 'mx.example.com', connections: 2, busy: 2, idle: 0, opening: 0, hold }
}

type Node = NonNullable<DeliveryFacts['node']>

export type NodeChanges = Partial<Omit<Node, 'overview' | 'queue'>> & {
  readonly overview?: Partial<Node['overview']>
  readonly queue?: Partial<Node['queue']>
}

/** A node that nothing keeps from sending. */
export function node({ overview, queue, ...more }: NodeChanges = {}): Node {
  return {
    overview: {
      gate: 'open',
      window: 100,
      windowTotal: 1_000,
      retry: [5 * MINUTE, 10 * MINUTE],
      ...overview,
    },
    queue: {
      queue: 'default/transactional/example.com',
      pool: 'default',
      ready: 0,
      onWire: 0,
      routing: false,
      site: 'mx.example.com',
      paths: [path({ at: 'open' })],
      ...queue,
    },
    ...more,
  }
}

export function facts(changes: Partial<Delivery> = {}, more: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    message: MESSAGE,
    delivery: delivery(changes),
    attempts: [],
    reports: [],
    now: NOW,
    node: node(),
    ...more,
  }
}

export const WARMING: WarmUpState = {
  source: 'default',
  provider: 'google',
  step: 2,
  steps: 15,
  limit: 100,
  sent: 100,
  answers: 90,
  putOff: 3,
  isAlarmed: false,
  until: NOW + MINUTE,
}
/** Of each kind one. */
export const SIGNS: readonly Sign[] = [
  { kind: 'suspended' },
  { kind: 'put-off', bad: 7, of: 30, most: 0.1 },
  { kind: 'complained', bad: 4, of: 900, most: 0.003 },
  { kind: 'refused', bad: 40, of: 900, most: 0.03 },
]

const ENDS = { source: 'default', site: 'mx.example.com' } as const
const HOSTILE = '理由 "why" `$(id)` <b>'

export const LIMIT: Limit = {
  key: 'connections',
  value: 10,
  origin: { layer: 'provider big', key: 'connections', file: 'shaping/big.toml', line: 3 },
}

export const REACTION: Live = {
  id: 'k3x',
  rule: 'provider big: busy',
  place: { file: 'shaping/big.toml', line: 9 },
  act: { do: 'suspend', for: 60 * MINUTE },
  source: 'default',
  site: 'mx.example.com',
  cause: { attempt: GREYLISTED, delivery: `${id}.0` },
  from: NOW - MINUTE,
  until: NOW + 59 * MINUTE,
  again: 0,
}

export const BREAKER: Live = {
  ...REACTION,
  rule: 'unknown-users',
  place: {},
  act: { do: 'pause-stream', for: 60 * MINUTE },
  stream: { organization: 'default', stream: 'transactional' },
  counted: { unknown: 60, tried: 100 },
}

export const HOLD: Live = {
  ...REACTION,
  rule: 'provider big: spam',
  act: { do: 'hold-campaign', for: 60 * MINUTE },
  campaign: { organization: 'default', stream: 'transactional', campaign: 'spring' },
}

/** At least one of every kind, with and without what may be absent. */
export const SAMPLES: readonly Reason[] = [
  {
    at: 'delivered',
    when: NOW,
    tries: 1,
    why: '',
    last: { ...GREYLISTED, outcome: 'delivered', code: 250, enhanced: '2.0.0' },
  },
  { at: 'delivered', tries: 1, why: '' },
  {
    at: 'bounced',
    when: NOW,
    tries: 1,
    why: '',
    last: { ...GREYLISTED, outcome: 'bounced', code: 550, enhanced: '5.1.1' },
  },
  { at: 'bounced', tries: 1, why: 'a decision of policy' },
  { at: 'expired', when: NOW, tries: 30, why: '', last: GREYLISTED },
  { at: 'expired', tries: 0, why: '' },
  { at: 'cancelled', when: NOW, why: HOSTILE },
  { at: 'cancelled', why: '' },
  ...(['bounce', 'delay', 'success', 'complaint', 'unsubscribe', 'open', 'click'] as const).map((kind) => ({
    at: 'came-back' as const,
    report: { kind, at: NOW - MINUTE, host: '', status: '', text: HOSTILE },
  })),
  {
    at: 'came-back',
    report: {
      kind: 'bounce',
      at: NOW,
      host: 'mx2.example.com',
      status: '5.1.1',
      text: '550 5.1.1 No such user',
      bounce: { class: 'user-unknown', type: 'hard', rule: 'status 5.1.1' },
    },
  },
  { at: 'held', why: HOSTILE },
  { at: 'held', why: '' },
  { at: 'damaged', why: 'the body of message 0sa8jyx0040 is damaged: its checksum differs' },
  { at: 'scheduled', until: NOW + 90 * MINUTE },
  {
    at: 'retry',
    tries: 2,
    about: 30,
    until: NOW + 5 * MINUTE,
    end: NOW + 60 * MINUTE,
    why: '',
    last: GREYLISTED,
  },
  { at: 'retry', tries: 1, until: NOW - 1, end: NOW, why: HOSTILE },
  { at: 'on-wire' },
  { at: 'recording' },
  { at: 'turn', ahead: 0 },
  { at: 'turn', ahead: 12 },
  { at: 'turn', ahead: 0, isHeld: true },
  { at: 'turn', ahead: 12, isHeld: true, perMinute: 6.5, eta: NOW + 2 * MINUTE },
  { at: 'loading' },
  { at: 'route', domain: 'xn--r8jz45g.jp' },
  { at: 'window', limit: 'queue', size: 2_000, backlog: 1_000_000 },
  { at: 'window', limit: 'all', size: 50_000 },
  { at: 'window', limit: 'queue', size: 2_000, backlog: 1_000, perMinute: 600, eta: NOW + 5 * MINUTE },
  { at: 'campaign-held', reaction: HOLD, last: GREYLISTED },
  {
    at: 'campaign-held',
    reaction: { ...HOLD, campaign: { organization: 'default', stream: 'marketing' } },
    last: GREYLISTED,
  },
  { ...ENDS, at: 'connecting' },
  { ...ENDS, at: 'closing' },
  { ...ENDS, at: 'connections', limit: 'path', connections: 10, rule: LIMIT },
  { ...ENDS, at: 'connections', limit: 'path', connections: 1 },
  {
    ...ENDS,
    at: 'connections',
    limit: 'path',
    connections: 2,
    rule: { ...LIMIT, origin: { layer: 'provider big from ip-1', key: 'connections' } },
  },
  { ...ENDS, at: 'connections', limit: 'provider', connections: 1, rule: { ...LIMIT, provider: 'big' } },
  { ...ENDS, at: 'connections', limit: 'all', connections: 3 },
  { ...ENDS, at: 'refused-more', connections: 2, until: NOW + MINUTE, last: GREYLISTED },
  { ...ENDS, at: 'paced', rule: { ...LIMIT, key: 'messages_per_second', value: 1 }, until: NOW + 500 },
  {
    ...ENDS,
    at: 'paced',
    rule: { key: 'messages_per_day', value: 50, provider: 'big' },
    until: NOW + MINUTE,
  },
  { ...ENDS, at: 'opening-paced', rule: { ...LIMIT, key: 'connections_per_minute' }, until: NOW + 500 },
  { ...ENDS, at: 'warming', warmUp: WARMING, whenFull: 'overflow', until: NOW + MINUTE },
  {
    ...ENDS,
    at: 'warming',
    warmUp: { ...WARMING, provider: 'others' },
    whenFull: 'wait',
    until: NOW + MINUTE,
  },
  ...SIGNS.map((sign) => ({
    ...ENDS,
    at: 'warming' as const,
    warmUp: { ...WARMING, slowed: { sign, at: NOW } },
    whenFull: 'wait' as const,
    until: NOW + MINUTE,
  })),
  { ...ENDS, at: 'suspended', reaction: REACTION, last: GREYLISTED },
  {
    ...ENDS,
    at: 'suspended',
    reaction: { ...REACTION, act: { do: 'reroute', for: 1, to: 'ip-2' } },
    last: NO_ANSWER,
  },
  { ...ENDS, at: 'single', reaction: REACTION, last: GREYLISTED },
  { ...ENDS, at: 'slowed', perMinute: 1.25, until: NOW + 500, reaction: REACTION, last: GREYLISTED },
  { ...ENDS, at: 'stream-paused', reaction: REACTION, last: GREYLISTED },
  { ...ENDS, at: 'stream-paused', reaction: BREAKER, last: GREYLISTED },
  { ...ENDS, at: 'down', until: NOW + MINUTE, failures: 1, last: NO_ANSWER },
  { ...ENDS, at: 'down', until: NOW + MINUTE, failures: 7, last: { ...NO_ANSWER, enhanced: '' } },
  { at: 'paused', why: '5 % of the disk is free' },
  { at: 'paused', why: '' },
  { at: 'draining' },
  { at: 'stopped' },
  { at: 'untold', limit: 1 },
  { at: 'untold', limit: 100 },
  { at: 'untold' },
]
