/** A node's stores, opened by the command line while no node runs. */

import { openSpool } from '#engine/spool'
import type { Config } from '#platform/config'
import { openServerKey } from '#platform/secret'
import { lockDataDirectory, openControl, parseStoreUrl, StoreError } from '#platform/store'
import type { DataLock } from '#platform/store'
import { openAudit } from '#product/audit'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

import { auditedOperations } from './audited.ts'
import { apiUrl } from './links.ts'
import { openOperations } from './operations.ts'

export type Offline = AsyncDisposable & { readonly operations: Operations }

/** @throws {OperationError} `not-running` when another process has the data directory and does not answer */
export async function openOffline(config: Config, version: string): Promise<Offline> {
  const { store, node, limits } = config
  await using opened = new AsyncDisposableStack()
  opened.use(lock(node.data))
  const spool = await openSpool(
    { url: store.url, dataDirectory: node.data, node: node.number, diskFree: limits.diskFree },
    (error) => {
      throw error
    },
  )
  opened.defer(() => spool.close())
  const control = openControl(parseStoreUrl(store.url, node.data), { now: Date.now })
  opened.defer(() => control.close())
  const key = openServerKey(node.data)
  const audit = await openAudit(control, Date.now)
  const operations = await openOperations({
    config,
    spool,
    control,
    key,
    audit,
    apiUrl: () => apiUrl(config),
    version,
    now: Date.now,
  })
  const held = opened.move()
  return {
    operations: auditedOperations(operations, { audit, log: undefined }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function lock(directory: string): DataLock {
  try {
    return lockDataDirectory(directory)
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'locked') throw cause
    throw new OperationError(
      'not-running',
      `${cause.message}, which does not answer on its control socket: it is starting, stopping, or another command`,
      { cause },
    )
  }
}
