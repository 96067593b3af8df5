/** The HTTP API of a node: its parts, from what the node has. */

import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import { serveApi } from '#door/api'
import type { ApiServer, DomainDesk, Submit, SubmitLetter } from '#door/api'
import type { Tracking } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import { Certificates } from '#platform/tls'
import { openAccounts, openApiKeys, openKeyRing } from '#product/account'
import type { Audit } from '#product/audit'
import { openBulkDeliveries } from '#product/bulk-delivery'
import type { Operations } from '#product/operation'
import type { Users } from '#product/user'

import { certificateFiles } from './certificate.ts'
import type { DomainWatch } from './domain-looks.ts'
import { activateKeys } from './domain-operations.ts'
import { letterWriter } from './letters.ts'
import { linkTo } from './links.ts'
import type { RunningNode } from './node.ts'
import { streamViews } from './stream-views.ts'
import { openOidc } from './oidc.ts'
import { lateTemplates } from './templates.ts'
import type { WebhookService } from './webhooks.ts'

export type ApiOfNode = {
  readonly node: RunningNode
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly version: string
  readonly operations: Operations
  readonly watch: DomainWatch
  readonly webhooks: WebhookService
  readonly users: Users
  readonly audit: Audit
  /** Where people reach the API, once it listens. */
  readonly site: () => string
}

/** Octets of a message in base64, and the rest of a request around it. */
const BASE64 = 4 / 3
const AROUND = 64 * 1024

export type RunningApi = ApiServer & {
  /** Its certificate may be another from now on. */
  reload(config: Config): Promise<void>
}

/** Resolves when it listens; `undefined` when the configuration wants none. @throws what listening throws, and {CertificateError} */
export async function startApi(parts: ApiOfNode): Promise<RunningApi | undefined> {
  const { node, log, version, operations, webhooks, users, audit, site } = parts
  const { config, control, key } = node
  if (!config.api.enabled) return undefined
  let live = config
  await using undo = new AsyncDisposableStack()
  const certificates = config.api.tls ? undo.use(await certificatesOf(parts)) : undefined
  const keys = await openKeyRing(control, key, { now: Date.now, log })
  undo.defer(() => keys.close())
  const server = await serveApi({
    ...config.api,
    ...(certificates && { secureContext: () => certificates.context(undefined) }),
    bodyLimit: Math.ceil(config.limits.size * BASE64) + AROUND,
    keys,
    apiKeys: await openApiKeys(control, key, Date.now),
    accounts: await openAccounts(control, key, Date.now),
    users,
    oidc: await openOidc(parts, undo),
    audit,
    write: letterWriter({ ...node, now: Date.now }),
    site,
    linkTo: (kind, token) => linkTo(site(), kind, token),
    submit: submitTo(node),
    submitLetter: submitLetterTo(node),
    bulk: await openBulkDeliveries(control, Date.now),
    templates: lateTemplates(control),
    operations,
    domains: deskOf(parts),
    streams: () => streamViews(live),
    doctor: async () => (await import('./doctor.ts')).examineSelf(config, version, operations),
    events: node.spool,
    counts: node.spool,
    webhooks,
    log,
    version,
    now: Date.now,
    wait: async (ms, signal) => await setTimeout(ms, undefined, { signal }),
    unique: () => randomUUID().replaceAll('-', ''),
  })
  undo.use(server)
  const held = undo.move()
  return {
    address: server.address,
    port: server.port,
    async reload(changed) {
      live = changed
      const { minimumVersion } = changed.tls
      await certificates?.reload({ ...(await certificateFiles(changed)), minimumVersion })
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function deskOf({ node: { config }, watch: { domains, look } }: ApiOfNode): DomainDesk {
  return {
    ...domains,
    look,
    activate: (view, force) => activateKeys({ domains, config, now: Date.now }, view, force),
  }
}

async function certificatesOf({ node: { config }, log, metrics }: ApiOfNode): Promise<Certificates> {
  const { minimumVersion } = config.tls
  return await Certificates.open({
    ...(await certificateFiles(config)),
    minimumVersion,
    log,
    metrics,
    now: Date.now,
  })
}

/** What is switched on and would be ignored is refused. */
function untracked({ config }: RunningNode, tracking: Tracking | undefined): Promise<Untracked> | undefined {
  const isOn = tracking?.opens === true || tracking?.clicks === true
  if (!isOn || config.tracking.enabled) return undefined
  const text =
    'tracking: nothing is tracked here, as tracking.enabled is false in the configuration of the node'
  return Promise.resolve({ ok: false, why: 'content', text })
}

type Untracked = { readonly ok: false; readonly why: 'content'; readonly text: string }

function submitTo(node: RunningNode): Submit {
  const { transport } = node
  return ({ key, stream, from, to, content, holdUntil, address, protocol, once, labels }) =>
    untracked(node, labels?.tracking) ??
    transport.handIn({
      organization: key.organization,
      stream,
      from: formatMailbox(from),
      to: to.map(formatMailbox),
      content,
      client: { address, protocol, credential: key.id },
      ...(holdUntil !== undefined && { holdUntil }),
      suppressed: 'skip',
      ...(once && { once }),
      ...(labels && { labels }),
    })
}

function submitLetterTo(node: RunningNode): SubmitLetter {
  const { transport } = node
  return ({ key, from, address, protocol, ...submission }) =>
    untracked(node, submission.labels?.tracking) ??
    transport.handInLetter({
      ...submission,
      organization: key.organization,
      from: formatMailbox(from),
      client: { address, protocol, credential: key.id },
    })
}
