/** A queue over a memory spool, with an egress that does what the test says. */

import assert from 'node:assert/strict'

import type { Job, Path, Pauses, Tried, Work } from '#engine/egress'
import type { NoRoute, Route } from '#engine/routing'
import { memorySpool, messageIds } from '#engine/spool'
import type { Live } from '#engine/shaping'
import type { Claimed, Content, DeliveryState, Spool } from '#engine/spool'
import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import type { Recipient } from '#grammar/smtp'

import { createIntake } from './intake.ts'
import type { Arrival, Intake } from './intake.ts'
import { Notices } from './notice.ts'
import { AS_ACCEPTED } from './personal.ts'
import type { Personaliser } from './personal.ts'
import type { Pool } from './pool.ts'
import { Queue } from './queue.ts'
import { createSettling } from './settling.ts'

export const SECRET = Buffer.from('secret of the queue test')
export const START = 1_800_000_000_000
export const BODY = Buffer.from('From: a@example.org\r\nSubject: s\r\n\r\nbody\r\n')

/** An egress that takes jobs when the test says so, and does with them what the test says. */
class HandPath implements Path {
  readonly source: string
  readonly site: string
  readonly work: Work
  wakes = 0
  readonly opening = 0
  readonly keepsShare = false
  constructor(source: string, route: Route, work: Work) {
    this.source = source
    this.site = route.site
    this.work = work
  }
  wake(): void {
    this.wakes += 1
  }
  use(): void {}
  describe(): ReturnType<Path['describe']> {
    const { source, site } = this
    return { source, site, connections: 0, busy: 0, idle: 0, opening: 0, hold: { at: 'open' } }
  }
  async close(): Promise<void> {}
}

const DEFAULT_POOL: Pool = { name: 'default', sources: new Map([['default', 1]]) }

export const NO_PAUSES: Pauses = { hasPaused: false, isPaused: () => false }

export type Rig = {
  readonly spool: Spool
  readonly queue: Queue
  readonly intake: Intake
  readonly log: MemoryLog
  readonly paths: Map<string, HandPath>
  readonly unroutable: Map<string, NoRoute>
  /** Sites of domains whose MX is another now. */
  readonly moved: Map<string, string>
  /** Domains whose DNS nobody remembers: they can only be asked for. */
  readonly cold: Set<string>
  clock: number
}

type Options = {
  readonly window?: number
  readonly windowTotal?: number
  /** Puts something of the test's between the queue and the spool. */
  readonly between?: (spool: Spool) => Partial<Spool>
  readonly returnPathDomain?: string
  readonly unsubscribe?: (claimed: Claimed) => Uint8Array | undefined
  readonly personaliser?: Personaliser
  readonly perTransaction?: number
  readonly jitter?: number
  readonly random?: () => number
  readonly heldBy?: (claimed: Claimed) => Live | undefined
}

export async function rig({
  window = 100,
  windowTotal = 10_000,
  between = () => ({}),
  returnPathDomain,
  unsubscribe,
  personaliser = AS_ACCEPTED,
  perTransaction = 50,
  jitter = 0,
  random = () => 0.5,
  heldBy = () => undefined,
}: Options = {}): Promise<Rig> {
  const memory = await memorySpool()
  const spool = over(memory, between(memory))
  const log = memoryLog()
  const paths = new Map<string, HandPath>()
  const unroutable = new Map<string, NoRoute>()
  const moved = new Map<string, string>()
  const cold = new Set<string>()
  const at = { clock: START }
  const now = (): number => at.clock
  const newId = messageIds(0, now)
  const notices = new Notices({
    nodeName: 'mail.example.org',
    postmaster: 'postmaster@example.org',
    perSenderPerHour: 2,
    expire: 86_400_000,
    newId,
    personaliser,
    read: (id) => spool.read(id),
  })
  const settling = createSettling({
    ended: () => {},
    spool,
    notices,
    log,
    metrics: { ended: () => {}, refused: () => {}, notice: () => {} },
    now,
    arrived: ({ entry }) => {
      for (const one of entry.deliveries) queue.planned(one.queue, one.due)
    },
  })
  const route = (domain: string): ReturnType<FindRoute> => {
    const no = unroutable.get(domain)
    if (no !== undefined) return no
    const site = moved.get(domain) ?? `mx.${domain}`
    return {
      ok: true,
      route: { site, hosts: [], names: [site], via: 'mx', tls: 'none', allowPrivate: false },
    }
  }
  const queue: Queue = new Queue({
    spool,
    routing: {
      route: async (domain) => route(domain),
      routeNow: (domain) => (cold.has(domain) ? undefined : route(domain)),
      addresses: async () => ({ ok: true, addresses: [] }),
      addressesNow: () => ({ ok: true, addresses: [] }),
    },
    egress: {
      path(source, to, work) {
        const path = new HandPath(source, to, work)
        paths.set(to.site, path)
        return path
      },
    },
    shaping: { groupOf: () => ({}), heldBy },
    config: {
      retry: [300_000, 600_000],
      jitter,
      expire: 86_400_000,
      expireNull: 86_400_000,
      delayWarning: 3_600_000,
      window,
      windowTotal,
      postmaster: 'postmaster@example.org',
      dsnPerSenderPerHour: 2,
      ...(returnPathDomain === undefined ? {} : { returnPathDomain }),
      recipientsPerTransaction: perTransaction,
      weights: new Map([['transactional', 9]]),
      poolOf: () => DEFAULT_POOL,
    },
    settling,
    prepare: async (_message, content, _peer, fields) =>
      fields === undefined ? content : withFields(fields, content),
    personaliser,
    ...(unsubscribe === undefined ? {} : { unsubscribe }),
    secret: SECRET,
    log,
    now,
    random,
  })
  const intake = createIntake({
    spool,
    queue,
    expire: 86_400_000,
    expireNull: 86_400_000,
    log,
    newId,
    now,
    pressure: () => undefined,
  })
  return Object.assign(at, { spool, queue, intake, log, paths, unroutable, moved, cold })
}

function withFields(fields: Uint8Array, content: Content): Content {
  assert(content.kind === 'whole')
  return { kind: 'whole', bytes: Buffer.concat([fields, content.bytes]) }
}

/** Getters of the spool must stay getters: its health changes. */
function over(spool: Spool, some: Partial<Spool>): Spool {
  return new Proxy(spool, {
    get(target, name): unknown {
      if (Object.hasOwn(some, name)) return some[name as keyof Spool]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

type FindRoute = (domain: string) => NoRoute | { readonly ok: true; readonly route: Route }

function arrival(
  intake: Intake,
  to: readonly (string | Recipient)[],
  more: Partial<Arrival['envelope']> = {},
): Arrival {
  return {
    id: intake.newId(),
    envelope: {
      from: { local: 'sender', domain: 'example.org' },
      to: to.map((one) => (typeof one === 'string' ? recipient(one) : one)),
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      ...more,
    },
    organization: 'default',
    stream: 'transactional',
    door: 'submission',
    client: { address: '192.0.2.1', helo: 'client', protocol: 'ESMTPSA' },
  }
}

/** One message as a template, to as many as have data. */
export async function sendTemplate(at: Rig, data: readonly string[], body: Uint8Array = BODY): Promise<void> {
  const to = data.map((_, n) => `user${n}@example.com`)
  const accepted = await at.intake.accept({ ...arrival(at.intake, to), template: { data } }, body)
  assert(accepted.ok)
}

export function recipient(address: string): Recipient {
  const [local = '', domain = ''] = address.split('@')
  return { to: { local, domain } }
}

export async function send(
  at: Rig,
  to: readonly (string | Recipient)[],
  more: Partial<Arrival['envelope']> = {},
  body: Uint8Array = BODY,
): Promise<void> {
  const accepted = await at.intake.accept(arrival(at.intake, to, more), body)
  assert(accepted.ok)
}

export function next(at: Rig, domain: string): Job | undefined {
  return at.paths.get(`mx.${domain}`)?.work.next('default', Infinity, NO_PAUSES)
}

/** What a host offers that took the message. */
type PassedOn = Partial<Pick<Tried, 'dsnPassedOn' | 'deadlinePassedOn'>>

export function tried(at: Rig, outcome: Tried['outcome'], text = 'said', passedOn: PassedOn = {}): Tried {
  return {
    at: at.clock,
    duration: 1,
    outcome,
    source: 'default',
    site: 'mx',
    host: 'mx.example.com',
    address: '192.0.2.9',
    tls: '',
    stage: 'end of data',
    code: outcome === 'delivered' ? 250 : outcome === 'bounced' ? 550 : 451,
    enhanced: outcome === 'delivered' ? '2.0.0' : outcome === 'bounced' ? '5.1.1' : '4.3.0',
    text,
    dsnPassedOn: false,
    deadlinePassedOn: false,
    ...passedOn,
  }
}

/** Resolves when every outcome so far is committed, and what followed from it (loads, notices) is too. */
export async function settled(at: Rig): Promise<void> {
  const key = { message: at.intake.newId(), n: 0 }
  for (let round = 0; round < 3; round += 1) {
    // A settlement of nothing goes with the batch of those before it, and so tells when they are written.
    await at.spool.settle({ key, state: 'waiting', due: 0, at: 0, reason: '' })
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

export async function states(at: Rig): Promise<DeliveryState[]> {
  const rows = await at.spool.list({}, { limit: 100 })
  return rows.map(({ delivery }) => delivery.state).toReversed()
}
