/** Shaping with rules of a test, a clock that stands, and everything that it tells. */

import assert from 'node:assert/strict'

import { readRules } from '#engine/rule'
import type { Attempt, Claimed, MessageId, NewEvent } from '#engine/spool'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'
import type { EgressConfig } from '#platform/config'

import { Shaping } from './shaping.ts'
import type { Suppressing } from './shaping.ts'

const CONFIG: EgressConfig = {
  pools: [],
  sources: [{ name: 'main', ehlo: 'client.example.org', relay: [], relayTls: 'required' }],
  port: 25,
  tls: 'opportunistic',
  allowPrivate: false,
  connections: 100,
  connectionsPerPath: 10,
  messagesPerConnection: 100,
  messageRate: 0,
  recipientsPerTransaction: 100,
  idle: 5_000,
  timeouts: {
    connect: 1,
    greeting: 1,
    ehlo: 1,
    tls: 1,
    mail: 1,
    rcpt: 1,
    data: 1,
    block: 1,
    end: 1,
    quit: 1,
  },
}

export type Rig = {
  readonly shaping: Shaping
  readonly log: MemoryLog
  readonly suppressed: Suppressing[]
  readonly events: NewEvent[]
  now: number
  wanted: number
}

type RigOptions = {
  readonly now?: number
  readonly keeps?: boolean
  readonly sources?: EgressConfig['sources']
}

export function rig(
  rules: string,
  { now = 1_800_000_000_000, keeps = false, sources = CONFIG.sources }: RigOptions = {},
): Rig {
  const read = readRules(
    [{ name: 'x.toml', by: 'operator', text: rules }],
    sources.map(({ name }) => name),
  )
  if (!read.ok) assert.fail(read.problems.join('\n'))
  const log = memoryLog()
  const suppressed: Suppressing[] = []
  const events: NewEvent[] = []
  const at = { now, wanted: 0 }
  const shaping = new Shaping({
    rules: read.rules,
    config: { ...CONFIG, sources },
    clock: { now: () => at.now, after: () => () => {} },
    log,
    metrics: new MetricsRegistry(),
    suppress: (one) => suppressed.push(one),
    tell: (event) => events.push(event),
    ...(keeps ? { want: () => void (at.wanted += 1) } : {}),
  })
  return Object.assign(at, { shaping, log, suppressed, events })
}

export function claimed(stream = 'marketing'): Claimed {
  const delivery = {
    key: { message: '0ab3xk9m2pq' as MessageId, n: 0 },
    to: { local: 'a', domain: 'example.com' },
  }
  return { message: { organization: 'acme', stream }, delivery } as Claimed
}

export function attempt(code: number, text: string, more: Partial<Attempt> = {}): Attempt {
  return {
    at: 0,
    duration: 1,
    outcome: code < 300 ? 'delivered' : code >= 500 ? 'bounced' : 'deferred',
    source: 'main',
    site: 'mx.example.net',
    host: 'mx.example.net',
    address: '192.0.2.1',
    tls: '',
    stage: 'RCPT',
    code,
    enhanced: `${Math.floor(code / 100)}.0.0`,
    text,
    ...more,
  }
}
