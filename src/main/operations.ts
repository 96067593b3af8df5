/** The operator's functions over what a process has: a running node's parts, or the stores alone. */

import { CHANGE_LIMIT } from '#engine/spool'
import type { Change, DeliveryFilter, MessageView, Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import type { Remote } from '#platform/thread'
import { openAccounts, openApiKeys } from '#product/account'
import type { Accounts, ApiKey, ApiKeys, Credential } from '#product/account'
import type { Audit } from '#product/audit'
import { LIST_LIMIT, OperationError } from '#product/operation'
import { createHasher, openUsers } from '#product/user'
import type { Users } from '#product/user'
import type { Standing } from '#product/reputation'
import type { Changed, MessageRow, NodeStatus, Operations, QueueRow, Reloaded } from '#product/operation'

import { explained } from './explaining.ts'
import type { DomainWatch } from './domain-looks.ts'
import { domainOperations } from './domain-operations.ts'
import { ensureOrganization, ofAll, told } from './organizations.ts'
import { postmasterOperations } from './postmaster-operations.ts'
import { reportOperations } from './report-operations.ts'
import { pastOperations } from './past.ts'
import { quotaOperations } from './quota-operations.ts'
import { queueRows, queuesView } from './queue-rows.ts'
import { sourceOperations } from './source-operations.ts'
import { suppressionOperations } from './suppression-operations.ts'
import { tlsOperations } from './tls-operations.ts'
import { webhookOperations } from './webhook-operations.ts'
import type { WebhookService } from './webhooks.ts'
import type { TransportService } from './transport-thread.ts'
import { userOperations } from './user-operations.ts'

export type OperationParts = {
  readonly config: Config
  readonly spool: Spool
  readonly control: Control
  readonly key: ServerKey
  /** Opened here when absent: a command line makes links and hashes nothing. */
  readonly users?: Users
  readonly audit: Audit
  /** Where people reach the API. */
  readonly apiUrl: () => string
  /** Absent when no node runs. */
  readonly running?: {
    readonly transport: Remote<TransportService>
    readonly startedAt: number
    readonly reload: () => Promise<Reloaded>
    readonly ping: WebhookService['ping']
    readonly standings: () => readonly Standing[]
    readonly look: DomainWatch['look']
  }
  readonly version: string
  readonly now: () => number
}

export async function openOperations(parts: OperationParts): Promise<Operations> {
  const accounts = await openAccounts(parts.control, parts.key, parts.now)
  return {
    ...queueOperations(parts),
    ...ledgerOperations(parts),
    ...reactionOperations(parts),
    ...nodeOperations(parts),
    ...(await domainOperations(parts, accounts)),
    ...credentialOperations(accounts),
    ...apiKeyOperations(accounts, await openApiKeys(parts.control, parts.key, parts.now)),
    ...(await webhookOperations(parts, accounts)),
    ...(await quotaOperations(parts)),
    audit: (query) => parts.audit.list(query),
    ...userOperations({ ...parts, accounts, users: parts.users ?? (await usersOf(parts)) }),
    ...(await suppressionOperations(parts)),
    ...pastOperations(parts.spool),
    ...(await tlsOperations(parts)),
    ...(await postmasterOperations(parts.control)),
    ...(await reportOperations(parts.control)),
    ...(await sourceOperations(parts)),
  }
}

/** After `openAccounts`. */
export function usersOf({
  control,
  key,
  now,
}: Pick<OperationParts, 'control' | 'key' | 'now'>): Promise<Users> {
  return openUsers(control, key, { now, hasher: createHasher() })
}

type QueueOperations = Pick<Operations, 'queues' | 'messages' | 'search' | 'message' | 'explain' | 'change'>

function queueOperations(parts: OperationParts): QueueOperations {
  const { spool, running } = parts
  return {
    queues: async (query) => queuesView(parts, await spool.depths(), query),
    async messages({ limit, before, ...filter }) {
      return spool.list(filter, { limit, ...(before === undefined ? {} : { before }) })
    },
    async search({ limit, before, ...filter }) {
      return spool.search(filter, { limit, ...(before === undefined ? {} : { before }) })
    },
    async message({ id }) {
      const view = await spool.show(id)
      return view === undefined ? null : { ...view, queues: await queuesOf(parts, view) }
    },
    explain: ({ id, n }) => explained(parts, id, n),
    async change({ filter, change, reason }) {
      if (running !== undefined) return running.transport.change(filter, change, reason)
      return changeAll(parts, filter, change, reason)
    },
  }
}

function ledgerOperations({ spool }: OperationParts): Pick<Operations, 'events' | 'counts'> {
  return {
    events: (query) => told(() => spool.events(query)),
    counts: (query) => told(() => spool.counts(query)),
  }
}

/** Page by page, as the store would have it. */
async function changeAll(
  { spool, now }: OperationParts,
  filter: DeliveryFilter,
  change: Change,
  reason: string,
): Promise<Changed> {
  const rows: MessageRow[] = []
  let count = 0
  for (let page = filter; ;) {
    const changed = await spool.change(page, change, now(), reason)
    count += changed.length
    rows.push(...changed.slice(0, LIST_LIMIT - rows.length))
    const last = changed.at(-1)
    if (last === undefined || changed.length < CHANGE_LIMIT) return { count, rows }
    page = { ...filter, before: last.delivery.key }
  }
}

async function queuesOf(parts: OperationParts, { deliveries }: MessageView): Promise<readonly QueueRow[]> {
  const queues = new Set(deliveries.map(({ delivery }) => delivery.queue))
  return queueRows(parts, await parts.spool.depths([...queues]))
}

type ReactionOperations = Pick<
  Operations,
  'reactions' | 'reactionCancel' | 'reactionExtend' | 'warmUps' | 'warmUpSet'
>

function reactionOperations({ running }: OperationParts): ReactionOperations {
  return {
    async reactions() {
      if (running === undefined) throw notRunning('shaping reactions')
      return running.transport.reactions()
    },
    async reactionCancel({ id }) {
      if (running === undefined) throw notRunning('shaping cancel')
      return (await running.transport.cancelReaction(id)) ?? null
    },
    async reactionExtend({ id, by }) {
      if (running === undefined) throw notRunning('shaping extend')
      return (await running.transport.extendReaction(id, by)) ?? null
    },
    async warmUps() {
      if (running === undefined) throw notRunning('warm-up list')
      return running.transport.warmUps()
    },
    async warmUpSet({ source, provider, step }) {
      if (running === undefined) throw notRunning('warm-up set')
      return (await running.transport.setWarmUp(source, provider, step)) ?? null
    },
  }
}

type NodeOperations = Pick<Operations, 'status' | 'send' | 'reload'>

function nodeOperations(parts: OperationParts): NodeOperations {
  const { running } = parts
  return {
    status: () => status(parts),
    async send(request) {
      if (running === undefined) throw notRunning('send')
      const content = Buffer.from(request.content, 'base64')
      const handed = await running.transport.handIn({ ...request, content, suppressed: 'refuse' })
      if (handed.ok) return { id: handed.id }
      const advice = handed.why === 'suppressed' ? '. To try it all the same: hikyaku suppression remove' : ''
      throw new OperationError('refused', `${handed.text}${advice}`)
    },
    async reload() {
      if (running === undefined) throw notRunning('reload')
      return running.reload()
    },
  }
}

async function status(parts: OperationParts): Promise<NodeStatus> {
  const { config, spool, running, version } = parts
  if (running === undefined) throw notRunning('status')
  const refusal = await running.transport.refusal()
  const { waiting, active, held } = await spool.totals()
  const onWire = await running.transport.onWire()
  const listeners = await running.transport.addresses()
  return {
    version,
    pid: process.pid,
    startedAt: running.startedAt,
    node: config.node.name,
    listeners,
    accepting: refusal === undefined,
    ...(refusal === undefined ? {} : { refusal }),
    // Counted a moment apart: what was settled in between is on the wire no more.
    waiting: Math.max(0, waiting + active - onWire),
    onWire,
    held,
  }
}

function notRunning(what: string): OperationError {
  return new OperationError('not-running', `${what} needs a running node: hikyaku serve`)
}

type CredentialOperations = Pick<Operations, 'credentials' | 'credentialAdd' | 'credentialRevoke'>

function credentialOperations(accounts: Accounts): CredentialOperations {
  const all = (): Promise<readonly Credential[]> =>
    ofAll(accounts, (organization) => accounts.credentials(organization))
  return {
    credentials: all,
    async credentialAdd(request) {
      await ensureOrganization(accounts, request.organization)
      // It hides its password from whatever prints it whole; the operator who asked for it gets a copy that does not.
      return { ...(await told(() => accounts.addCredential(request))) }
    },
    async credentialRevoke({ login }) {
      const found = (await all()).find((credential) => credential.login === login)
      if (found === undefined || !(await accounts.revoke(found.organization, login))) return null
      return (await all()).find((credential) => credential.login === login) ?? null
    },
  }
}

type ApiKeyOperations = Pick<Operations, 'apiKeys' | 'apiKeyAdd' | 'apiKeyRevoke'>

function apiKeyOperations(accounts: Accounts, keys: ApiKeys): ApiKeyOperations {
  const all = (): Promise<readonly ApiKey[]> => ofAll(accounts, (organization) => keys.list(organization))
  return {
    apiKeys: all,
    async apiKeyAdd(request) {
      await ensureOrganization(accounts, request.organization)
      return { ...(await told(() => keys.add(request))) }
    },
    async apiKeyRevoke({ id }) {
      const found = (await all()).find((key) => key.id === id)
      if (found === undefined || !(await keys.revoke(found.organization, id))) return null
      return (await all()).find((key) => key.id === id) ?? null
    },
  }
}
