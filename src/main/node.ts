/** A running node: the threads, what they share, and how they end. */

import { setFlagsFromString } from 'node:v8'
import { MessageChannel, Worker } from 'node:worker_threads'

import type { SpoolThread } from '#engine/spool'
import { connectSpool, startSpoolThread } from '#engine/spool'
import type { Spool, SpoolError } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import { openServerKey } from '#platform/secret'
import type { ServerKey } from '#platform/secret'
import { lockDataDirectory, openControl, parseStoreUrl } from '#platform/store'
import type { Control } from '#platform/store'
import { giveBack, link } from '#platform/thread'
import type { Remote } from '#platform/thread'

import { mainService } from './main-service.ts'
import type { MainService } from './main-service.ts'
import type { TransportData, TransportService } from './transport-thread.ts'

export type RunningNode = {
  readonly config: Config
  readonly spool: Spool
  readonly control: Control
  readonly key: ServerKey
  readonly transport: Remote<TransportService>
  /** Memory that only the start of the threads needed; each is blocked for a moment. */
  giveBack(): Promise<void>
  /** Lets transactions end within `patience` ms, commits what is left, frees the data directory. */
  stop(patience: number): Promise<void>
}

export type NodeOptions = {
  readonly config: Config
  readonly log: Log
  /** The node can keep no promise any more: the process must end now, and loudly. */
  readonly broken: (error: Error) => void
}

/** @throws what locking, opening or listening throws; then nothing is left running */
export async function startNode({ config, log, broken }: NodeOptions): Promise<RunningNode> {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
  await using undo = new AsyncDisposableStack()
  undo.use(lockDataDirectory(config.node.data))
  const key = openServerKey(config.node.data)
  const store = await openStore(config, broken)
  undo.defer(() => store.close())
  const spool = await connectSpool(store.connect())
  undo.defer(() => spool.close())
  if (spool.recovered > 0) log.warn('spool.recovered', { deliveries: spool.recovered })
  const control = openControl(parseStoreUrl(config.store.url, config.node.data), { now: Date.now })
  undo.defer(() => control.close())
  const ours = await mainService({ control, key, log })
  const { transport, end } = await startThread(config, store, ours, broken)
  undo.defer(end)
  const held = undo.move()
  return {
    config,
    spool,
    control,
    key,
    transport,
    async giveBack() {
      // One after the other, as it must be.
      await transport.giveBack()
      await store.giveBack()
      giveBack()
    },
    async stop(patience) {
      await transport.drain(patience)
      await held.disposeAsync()
    },
  }
}

/**
 * MiB for objects that have just been made. What a message makes dies with it; with V8's own 96 the same load held
 * 47 MiB more (287 against 240 at 50 sessions) and spent no less. With 12 more messages outlive it and become old.
 */
const YOUNG = 16

/**
 * By how many percent the heap of a thread may grow over what lived in it before it is looked through again. V8 would
 * let 40 MiB become 180 while retries to dead sites make little garbage at a time; this costs collections of 50 ms on
 * its helper threads. With 50, and 10,000 dead sites, 303 MiB were resident instead of 405; with 30 the peak under load
 * is 226 MiB instead of 249, and what a message costs the same within the noise.
 */
const GROWTH = 30

function openStore(config: Config, broken: (error: SpoolError) => void): Promise<SpoolThread> {
  const { store, node, limits } = config
  return startSpoolThread(
    { url: store.url, dataDirectory: node.data, node: node.number, diskFree: limits.diskFree },
    broken,
  )
}

async function startThread(
  config: Config,
  store: SpoolThread,
  ours: MainService,
  broken: (error: Error) => void,
): Promise<{ readonly transport: Remote<TransportService>; readonly end: () => Promise<void> }> {
  const { port1, port2 } = new MessageChannel()
  const spool = store.connect()
  const workerData: TransportData = { config, spool, calls: port2, thread: 'transport', shared: false }
  const worker = new Worker(new URL('transport-thread.ts', import.meta.url), {
    name: 'transport',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    workerData,
    transferList: [spool, port2],
  })
  let ending = false
  const { remote, close } = link<TransportService>(port1, ours)
  const died = new Promise<never>((_resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the transport thread ended with code ${code}`)))
  })
  // Its first answer comes when it listens; a thread that cannot start ends, and says why.
  await Promise.race([remote.addresses(), died])
  died.catch((error: unknown) => {
    if (!ending) broken(error instanceof Error ? error : new Error(String(error)))
  })
  const end = async (): Promise<void> => {
    ending = true
    close()
    await worker.terminate()
  }
  return { transport: remote, end }
}
