/** For tests: a node that is only in memory, with a little mail in it, and a host without a process. */

import { memorySpool, messageIds, SpoolError } from '#engine/spool'
import type { Attempt, Message, NewDelivery, NewMessage, Spool } from '#engine/spool'
import type { Domain, DomainView } from '#product/domain'
import type { ApiKey, Credential } from '#product/account'
import { explainDelivery, explainQueue } from '#product/explanation'
import type { NodeFacts } from '#product/explanation'
import { OperationError } from '#product/operation'
import type { Operations, QueueRow, SendRequest } from '#product/operation'

import type { CliHost } from './host.ts'
import { pretendRotation } from './pretend-rotation.ts'
import { pretendReactions } from './pretend-reactions.ts'
import { pretendRules } from './pretend-rules.ts'
import { pretendSources } from './pretend-source.ts'
import { pretendStreams } from './pretend-stream.ts'
import { pretendReports } from './pretend-report.ts'
import { pretendPostmaster } from './pretend-postmaster.ts'
import { pretendPolicy, pretendSuppressions } from './pretend-suppression.ts'
import { pretendQuotas } from './pretend-quota.ts'
import { pretendWebhooks } from './pretend-webhook.ts'
import { pretendTls } from './pretend-tls.ts'
import { pretendUsers } from './pretend-user.ts'
import { runCli } from './program.ts'

/** What every clock says. */
export const NOW = Date.parse('2026-11-22T10:30:00Z')
const MINUTE = 60_000

export type PretendNode = { readonly operations: Operations; readonly sent: readonly SendRequest[] }

/** One delivered, one deferred whose sender had too many notices, and one held delivery; one bounced by somebody who writes escape sequences; one in Japanese. */
export async function pretendNode(): Promise<PretendNode> {
  const spool = await memorySpool()
  await threeRecipients(spool)
  await bounced(spool)
  await japanese(spool)
  const sent: SendRequest[] = []
  return { operations: { ...messageOperations(spool), ...otherOperations(sent) }, sent }
}

async function threeRecipients(spool: Spool): Promise<void> {
  const deliverBy = { at: NOW - 29 * MINUTE, mode: 'notify', trace: false } as const
  const tags = ['order', 'shop']
  const metadata = { order: '1234' }
  const said = { subject: 'Your order', headerFrom: 'Shop <shop@example.org>', deliverBy, tags, metadata }
  const entry = letter(30, said, [
    { to: { local: 'alice', domain: 'example.com' } },
    { to: { local: 'bob', domain: 'example.com' } },
    {
      to: { local: 'carol', domain: 'example.net' },
      queue: 'default/transactional/example.net',
      state: 'held',
    },
  ])
  await spool.accept(entry, Buffer.from('x'))
  const { id } = entry.message
  const tried = attempt(29, { code: 250, enhanced: '2.0.0', text: 'Ok' })
  const done = { key: { message: id, n: 0 }, due: 0, at: NOW, reason: '' } as const
  await spool.settle({ ...done, state: 'delivered', attempt: tried })
  const later = attempt(29, {
    outcome: 'deferred',
    stage: 'RCPT',
    code: 451,
    enhanced: '4.7.1',
    text: 'Come back later',
    notice: { kind: 'withheld', limit: 100 },
  })
  const again = {
    state: 'waiting',
    due: NOW + 5 * MINUTE,
    attempt: later,
    reason: '451 4.7.1 Come back later',
  } as const
  await spool.settle({ ...done, key: { message: id, n: 1 }, ...again })
}

async function bounced(spool: Spool): Promise<void> {
  const hostile = 'Free \u001b[31mred\u009b0m \u202eecila'
  const entry = letter(20, { from: null, subject: hostile, size: 3 }, [
    { to: { local: 'dave', domain: 'example.com' } },
  ])
  await spool.accept(entry, Buffer.from('x'))
  const text = 'No such user \u001b]0;title\u0007here'
  const bounce = { class: 'user-unknown', type: 'hard', rule: 'user-unknown/words' } as const
  await spool.settle({
    key: { message: entry.message.id, n: 0 },
    state: 'bounced',
    due: 0,
    at: NOW,
    attempt: attempt(20, {
      outcome: 'bounced',
      stage: 'RCPT',
      code: 550,
      enhanced: '5.1.1',
      text,
      tls: '',
      bounce,
    }),
    reason: `550 5.1.1 ${text}`,
  })
}

async function japanese(spool: Spool): Promise<void> {
  const queue = 'default/marketing/example.jp'
  const to = { local: '山田太郎', domain: 'example.jp' }
  const entry = letter(10, { stream: 'marketing', subject: 'お知らせ', smtputf8: true }, [
    { to, queue, state: 'waiting', due: NOW - MINUTE },
  ])
  await spool.accept(entry, Buffer.from('x'))
}

function letter(
  minutesAgo: number,
  message: Partial<Message>,
  deliveries: readonly Partial<NewDelivery>[],
): NewMessage {
  const acceptedAt = NOW - minutesAgo * MINUTE
  return {
    message: {
      id: messageIds(1, () => acceptedAt)(),
      acceptedAt,
      organization: 'default',
      stream: 'transactional',
      credential: 'default-k3xw90ab',
      door: 'submission',
      client: { address: '192.0.2.7', helo: 'app.example.org', protocol: 'ESMTPSA' },
      from: { local: 'shop', domain: 'example.org' },
      size: 4321,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: acceptedAt + 5 * 24 * 60 * MINUTE,
      ...message,
    },
    deliveries: deliveries.map((delivery) => ({
      to: { local: 'user', domain: 'example.com' },
      queue: 'default/transactional/example.com',
      band: 0,
      state: 'active',
      due: acceptedAt,
      ...delivery,
    })),
  }
}

function attempt(minutesAgo: number, changes: Partial<Attempt>): Attempt {
  return {
    at: NOW - minutesAgo * MINUTE,
    duration: 12,
    outcome: 'delivered',
    source: 'default',
    site: 'mx.example.com',
    host: 'mx1.example.com',
    address: '192.0.2.25',
    tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    stage: 'end of data',
    code: 0,
    enhanced: '',
    text: '',
    ...changes,
  }
}

type MessageOperations = Pick<
  Operations,
  'queues' | 'messages' | 'search' | 'message' | 'explain' | 'change' | 'events' | 'counts'
>

function messageOperations(spool: Spool): MessageOperations {
  const rows = async (): Promise<readonly QueueRow[]> => (await spool.depths()).map(queueRow)
  return {
    async queues({ match = '', after = '', limit }) {
      const found = (await rows()).filter(
        ({ queue, site = '' }) => (queue.includes(match) || site.includes(match)) && queue > after,
      )
      const deliveries = found.reduce((sum, { waiting, active, held }) => sum + waiting + active + held, 0)
      const sorted = found.toSorted((a, b) => (a.queue < b.queue ? -1 : 1))
      return { rows: sorted.slice(0, limit), queues: found.length, deliveries }
    },
    messages: ({ limit, before, ...filter }) => spool.list(filter, { limit, ...(before && { before }) }),
    search: ({ limit, before, ...filter }) => spool.search(filter, { limit, ...(before && { before }) }),
    async message({ id }) {
      const view = await spool.show(id)
      return view === undefined ? null : { ...view, queues: await rows() }
    },
    async explain({ id, n }) {
      const view = await spool.show(id)
      const asked = view?.deliveries.filter(({ delivery }) => n === undefined || delivery.key.n === n) ?? []
      if (view === undefined || asked.length === 0) return null
      const deliveries = asked.map(({ delivery, attempts, reports }) => {
        const node = memoryOf(delivery.queue)
        const facts = { message: view.message, delivery, attempts, reports, now: NOW, node }
        const reasons = explainDelivery(facts)
        return { delivery, reasons }
      })
      return { message: view.message, deliveries }
    },
    events: (query) => heard(() => spool.events(query)),
    counts: (query) => heard(() => spool.counts(query)),
    async change({ filter, change, reason }) {
      const changed = await spool.change(filter, change, NOW, reason)
      return { count: changed.length, rows: changed }
    },
  }
}

async function heard<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw cause instanceof SpoolError ? new OperationError('invalid', cause.message, { cause }) : cause
  }
}

function queueRow(depth: Awaited<ReturnType<Spool['depths']>>[number]): QueueRow {
  const node = memoryOf(depth.queue)
  const { site, paths, pool } = node.queue
  const known = { ...(site && { site }), ...(paths && { paths }), pool }
  return { ...depth, ready: 0, onWire: 0, ...known, reasons: explainQueue({ depth, now: NOW, node }) }
}

/** One site is down, one is full, of the rest nothing is known. */
function memoryOf(queue: string): NodeFacts {
  const overview = { gate: 'open', window: 100, windowTotal: 1_000, retry: [5 * MINUTE] } as const
  const state = { queue, pool: 'default', ready: 0, onWire: 0, routing: false }
  const path = { source: 'default', connections: 0, busy: 0, idle: 0, opening: 0 }
  const text = 'connection refused'
  const refused = attempt(1, { outcome: 'deferred', stage: 'connect', host: '', enhanced: '4.4.1', text })
  switch (queue) {
    case 'default/transactional/example.com': {
      const site = 'mx.example.com'
      const last = { ...refused, dsnPassedOn: false, deadlinePassedOn: false }
      const hold = { at: 'down', until: NOW + 90_000, failures: 3, attempt: last } as const
      return { overview, queue: { ...state, site, paths: [{ ...path, site, hold }] } }
    }
    case 'default/marketing/example.jp': {
      const site = 'mx.example.jp'
      const origin = { layer: 'provider big', key: 'connections', file: 'shaping/big.toml', line: 3 }
      const rule = { key: 'connections', value: 10, origin }
      const hold = { at: 'full', limit: 'path', connections: 10, rule } as const
      return { overview, queue: { ...state, site, paths: [{ ...path, site, hold }] } }
    }
    default:
      return { overview, queue: state }
  }
}

const DOMAIN: Domain = {
  name: 'example.org',
  organization: 'default',
  createdAt: NOW,
  verifiedAt: NOW,
  vouched: true,
  health: 'unchecked',
}

const VIEW: DomainView = {
  domain: DOMAIN,
  keys: [
    {
      domain: 'example.org',
      selector: 'hk-1',
      algorithm: 'ed25519-sha256',
      record: 'v=DKIM1; k=ed25519; p=abc',
      state: 'active',
      createdAt: NOW,
      since: NOW,
    },
  ],
  records: [
    {
      name: 'hk-1._domainkey.example.org',
      type: 'TXT',
      value: 'v=DKIM1; k=ed25519; p=abc',
      purpose: 'dkim',
      by: 'owner',
      required: true,
    },
    {
      name: 'example.org',
      type: 'TXT',
      value: 'v=spf1 a:mx.example.net ~all',
      purpose: 'spf',
      by: 'owner',
      required: false,
    },
  ],
  statuses: [],
}

const CREDENTIAL: Credential = {
  login: 'default-k3xw90ab',
  organization: 'default',
  stream: 'transactional',
  note: 'the shop',
  createdAt: NOW - 60 * MINUTE,
}

const API_KEY: ApiKey = {
  id: 'k3xw90ab2c',
  organization: 'default',
  stream: 'transactional',
  note: 'the shop',
  scopes: ['messages:send', 'messages:read'],
  networks: [],
  createdAt: NOW - 90 * MINUTE,
}

function otherOperations(sent: SendRequest[]): Omit<Operations, keyof MessageOperations> {
  return {
    status: () =>
      Promise.resolve({
        version: '1.2.3',
        pid: 4242,
        startedAt: NOW - 90 * MINUTE,
        node: 'mx.example.net',
        listeners: [
          { name: 'submission', address: '::', port: 587 },
          { name: 'trusted', address: '127.0.0.1', port: 2525 },
        ],
        accepting: false,
        refusal: '452 4.3.1 Less than 10 % of the disk is free',
        waiting: 2,
        onWire: 0,
        held: 1,
      }),
    send(request) {
      if (request.from.endsWith('@elsewhere.example'))
        return Promise.reject(new OperationError('refused', 'elsewhere.example is not a domain of default'))
      sent.push(request)
      return Promise.resolve({ id: messageIds(1, () => NOW)() })
    },
    domains: () => Promise.resolve([DOMAIN]),
    domainAdd: () => Promise.resolve(VIEW),
    domainRemove: ({ name }) => Promise.resolve(name === DOMAIN.name ? DOMAIN : null),
    ...pretendRotation(VIEW, NOW),
    credentials: () => Promise.resolve([CREDENTIAL, { ...CREDENTIAL, login: 'default-old', revokedAt: NOW }]),
    credentialAdd: ({ organization, stream, note }) =>
      Promise.resolve({ credential: { ...CREDENTIAL, organization, stream, note }, password: 'once-only' }),
    credentialRevoke: ({ login }) =>
      Promise.resolve(login === CREDENTIAL.login ? { ...CREDENTIAL, revokedAt: NOW } : null),
    apiKeys: () => Promise.resolve([API_KEY, { ...API_KEY, id: 'k0000000ld', revokedAt: NOW }]),
    apiKeyAdd: ({ organization, stream, note }) =>
      Promise.resolve({ key: { ...API_KEY, organization, stream, note }, token: 'hk_once_only' }),
    apiKeyRevoke: ({ id }) => Promise.resolve(id === API_KEY.id ? { ...API_KEY, revokedAt: NOW } : null),
    ...pretendWebhooks(NOW),
    ...pretendQuotas(NOW),
    ...pretendSuppressions(NOW),
    ...pretendPostmaster(NOW),
    ...pretendReports(NOW),
    ...pretendTls(NOW),
    ...pretendSources(NOW),
    ...pretendUsers(NOW),
    ...pretendReactions(NOW),
    reload: () => Promise.resolve({ problems: [], restart: ['[node]', '[log]'] }),
  }
}

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Runs one command line against `operations`; files and standard input are what `host` says. */
export async function runPretend(
  args: readonly string[],
  operations: Operations,
  host: Partial<CliHost> = {},
): Promise<Ran> {
  let out = ''
  let err = ''
  const interrupt = new AbortController()
  // Who follows the log has seen enough when there is no more of it.
  const events: Operations['events'] = async (query) => {
    const page = await operations.events(query)
    if (!page.more) interrupt.abort()
    return page
  }
  const code = await runCli(
    args,
    {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      input: () => Promise.resolve(Buffer.from('from standard input\n')),
      readFile: (path) => Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })),
      now: () => NOW,
      locale: '',
      withNode: (_, use) => use({ ...operations, events }),
      streams: () => pretendStreams(),
      interrupted: () => interrupt.signal,
      serve: () => Promise.resolve(0),
      start: () => Promise.resolve(0),
      checkConfig: () =>
        Promise.resolve({ path: 'hikyaku.toml', problems: ['limits.size: 5 is not a size'], warnings: [] }),
      ...pretendRules,
      ...pretendPolicy,
      doctor: ({ probe }) =>
        Promise.resolve([
          { level: 'ok', check: 'configuration', text: 'hikyaku.toml is good' },
          probe === 'blocked.example'
            ? { level: 'problem', check: 'outbound', text: `nobody of ${probe} answers` }
            : {
                level: 'skipped',
                check: 'outbound',
                text: 'port 25 is not tried',
                advice: '--probe example.com',
              },
        ]),
      ...host,
    },
    '1.2.3',
  )
  return { code, out, err }
}
