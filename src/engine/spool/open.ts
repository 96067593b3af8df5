/** Spools in the thread that asks for them: for programs of one thread, and for tests. */

import { parseStoreUrl } from '#platform/store'

import { spoolOver } from './client.ts'
import { BACKOFF } from './committer.ts'
import type { SpoolEngine } from './engine.ts'
import { SpoolStore } from './service.ts'
import type { ServiceOptions } from './service.ts'
import { measureDirectory } from './space.ts'
import { openPostgresEngine } from './postgres.ts'
import { SpoolError } from './spool.ts'
import type { Spool } from './spool.ts'
import { openSqliteEngine } from './sqlite.ts'

/** Plain data: it goes to the thread of the store as it is. */
export type SpoolOptions = {
  readonly url: string
  readonly dataDirectory: string
  /** The node's number: whose deliveries these are, where nodes share a database. */
  readonly node: number
  /** Share of octets and inodes, 0–1, below which `room` is not ok. */
  readonly diskFree: number
}

/** Opens the spool in this thread. @throws {StoreError | SpoolError} */
export async function openSpool(
  options: SpoolOptions,
  onBroken: (error: SpoolError) => void,
): Promise<Spool> {
  return spoolOf(await openStore(options, onBroken))
}

export async function openStore(
  options: SpoolOptions,
  onBroken: (error: SpoolError) => void,
): Promise<SpoolStore> {
  const location = parseStoreUrl(options.url, options.dataDirectory)
  const service: ServiceOptions = { diskFree: options.diskFree, backoff: BACKOFF, onBroken }
  if (location.engine === 'postgres') {
    const lost = (why: string): void => onBroken(new SpoolError('broken', why))
    return SpoolStore.open(await openPostgresEngine(location.url, options.node, Date.now, lost), service)
  }
  const engine = await openSqliteEngine(location.directory, Date.now)
  return SpoolStore.open(engine, { ...service, measure: measureDirectory(location.directory) })
}

/** A spool over an engine that only it uses. */
export async function spoolOn(
  engine: SpoolEngine,
  options: ServiceOptions,
  settleWithin?: number,
): Promise<Spool> {
  return spoolOf(await SpoolStore.open(engine, options), settleWithin)
}

async function spoolOf(store: SpoolStore, settleWithin?: number): Promise<Spool> {
  const detach = { call: (): void => {} }
  const end = async (): Promise<void> => {
    detach.call()
    await store.close()
  }
  const { spool, standing } = spoolOver(store.service, await store.service.hello(), end, settleWithin)
  detach.call = store.attach({ standing })
  return spool
}
