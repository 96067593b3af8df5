/** A submission door that costs nothing but itself: an intake that keeps nothing, no limits, no log. For benchmarks. */

import type { SecureContext } from 'node:tls'

import { startSubmission } from '#door/submission'
import type { Submission } from '#door/submission'
import type { Intake } from '#engine/queue'
import { messageIds } from '#engine/spool'
import type { LimitsConfig, ListenerConfig } from '#platform/config'
import type { Log } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

export const HOSTNAME = 'bench.example'

/** On loopback, at a port of its own; `context` where there is TLS. */
export function startDoor(tls: ListenerConfig['tls'], context?: SecureContext): Promise<Submission> {
  return startSubmission({
    hostname: HOSTNAME,
    listeners: [{ ...LOOPBACK, tls }],
    limits: GENEROUS,
    tls: { context: () => context ?? unused() },
    authenticator: { password: unused, scram: unused, used: unused, close: unused },
    domains: { maySend: () => Promise.resolve(true), keys: () => Promise.resolve([]) },
    suppressions: { find: () => undefined },
    tell: () => {},
    intake: nowhere,
    feedback: { refusal: () => undefined, take: unused },
    log: silent,
    metrics: new MetricsRegistry(),
    now: Date.now,
  })
}

const GENEROUS: LimitsConfig = {
  connections: 20_000,
  connectionsPerAddress: 20_000,
  connectionsPerOrganization: 20_000,
  commandLine: 2048,
  commands: 1e9,
  errors: 20,
  recipients: 100,
  size: 10_000_000,
  headerBytes: 262_144,
  mimeDepth: 100,
  mimeParts: 10_000,
  hops: 50,
  transactions: 1e9,
  idle: 300_000,
  session: 3_600_000,
  minimumRate: 100,
  minimumRateWindow: 60_000,
  authFailuresPerAddress: 20,
  authFailuresPerLogin: 10,
  authWindow: 900_000,
  holdMaximum: 86_400_000,
  deliverByMinimum: 60_000,
  looseDots: ['docomo.ne.jp', '*.ezweb.ne.jp'],
  memoryShare: 0.75,
  diskFree: 0.1,
}

const LOOPBACK: ListenerConfig = {
  name: 'bench',
  address: '127.0.0.1',
  port: 0,
  kind: 'submission',
  tls: 'none',
  auth: 'optional',
  authWithoutTls: false,
  trusted: ['127.0.0.0/8'],
  organization: 'bench',
  stream: 'transactional',
  proxyFrom: [],
  xclientFrom: [],
  bareNewline: 'reject',
  requireTls: false,
}

const newId = messageIds(0, Date.now)

const nowhere: Intake = {
  newId,
  refusal: () => undefined,
  accept: (arrival) => Promise.resolve({ ok: true, id: arrival.id }),
  stream: () => ({
    write: () => Promise.resolve(),
    accept: (arrival) => Promise.resolve({ ok: true, id: arrival.id }),
    discard: () => Promise.resolve(),
  }),
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }

function unused(): never {
  throw new Error('not asked for here')
}
