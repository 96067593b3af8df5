/** The HTTP API of a node: its parts, from what the node has. */

import { randomUUID } from 'node:crypto'

import type { ApiServer, Submit } from '#door/api'
import { formatMailbox } from '#grammar/address'
import type { Log } from '#platform/log'
import { openAccounts, openApiKeys, openKeyRing } from '#product/account'
import type { Audit } from '#product/audit'
import type { Operations } from '#product/operation'
import type { Users } from '#product/user'

import { letterWriter } from './letters.ts'
import { linkTo } from './links.ts'
import type { RunningNode } from './node.ts'

export type ApiOfNode = {
  readonly node: RunningNode
  readonly log: Log
  readonly version: string
  readonly operations: Operations
  readonly users: Users
  readonly audit: Audit
  /** Where people reach the API, once it listens. */
  readonly site: () => string
}

/** Octets of a message in base64, and the rest of a request around it. */
const BASE64 = 4 / 3
const AROUND = 64 * 1024

/** Resolves when it listens; `undefined` when the configuration wants none. */
export async function startApi({
  node,
  log,
  version,
  operations,
  users,
  audit,
  site,
}: ApiOfNode): Promise<ApiServer | undefined> {
  const { config, control, key } = node
  if (!config.api.enabled) return undefined
  // Only here: it takes 20 MiB, and some nodes serve no API.
  const { serveApi } = await import('#door/api')
  const keys = await openKeyRing(control, key, { now: Date.now, log })
  const server = await serveApi({
    ...config.api,
    bodyLimit: Math.ceil(config.limits.size * BASE64) + AROUND,
    keys,
    apiKeys: await openApiKeys(control, key, Date.now),
    accounts: await openAccounts(control, key, Date.now),
    users,
    audit,
    write: letterWriter({ ...node, now: Date.now }),
    linkTo: (kind, token) => linkTo(site(), kind, token),
    submit: submitTo(node),
    operations,
    log,
    version,
    now: Date.now,
    unique: () => randomUUID().replaceAll('-', ''),
  })
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await keys.close()
    },
  }
}

function submitTo({ transport }: RunningNode): Submit {
  return ({ key, stream, from, to, content, holdUntil, address, protocol }) =>
    transport.handIn({
      organization: key.organization,
      stream,
      from: formatMailbox(from),
      to: to.map(formatMailbox),
      content,
      client: { address, protocol, credential: key.id },
      ...(holdUntil !== undefined && { holdUntil }),
      suppressed: 'skip',
    })
}
