/** The spool across threads: one thread owns the store, all others reach it through ports. */

import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

import { link, transfer } from '#platform/thread'

import { spoolOver } from './client.ts'
import { asSpoolError } from './group.ts'
import type { SpoolOptions } from './open.ts'
import type { SpoolService, Standing } from './service.ts'
import { SpoolError } from './spool.ts'
import type { Spool } from './spool.ts'
import type { StoreStarter, StoreThread } from './store-thread.ts'

export type SpoolThread = {
  /** A new way to the store, to be moved to the thread that uses it and given to `connectSpool` there. */
  connect(): MessagePort
  /** Memory that only the start needed, `giveBack` of `#platform/thread`. */
  giveBack(): Promise<void>
  /** Commits what has arrived and ends the thread. Spools that are still connected reject from then on. */
  close(): Promise<void>
}

/** The module that the thread runs. */
export const STORE_THREAD = new URL('store-thread.ts', import.meta.url)

/**
 * Starts the thread and opens the spool in it. `onBroken` is called at most once: when the store cannot be trusted
 * any more, or the thread has died. The process must end then.
 * @throws whatever opening throws: errors named `StoreError` or `SpoolError`, with their code
 */
export async function startSpoolThread(
  options: SpoolOptions,
  onBroken: (error: SpoolError) => void,
): Promise<SpoolThread> {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(STORE_THREAD, {
    name: 'store',
    // A batch is dead once it is committed: V8's 96 MiB would fill before anything is collected.
    resourceLimits: { maxYoungGenerationSizeMb: 12 },
    workerData: port2,
    transferList: [port2],
  })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let over = false
  const broken = (message: string): void => {
    if (!over) onBroken(new SpoolError('broken', message))
    over = true
  }
  worker.on('error', (error) => broken(`the store thread died: ${String(error)}`))
  worker.on('exit', (code) => broken(`the store thread ended with code ${code}`))
  const { remote, close } = link<StoreThread>(port1, { broken } satisfies StoreStarter)
  const end = async (): Promise<void> => {
    over = true
    close()
    await worker.terminate()
    await exited
  }
  try {
    await remote.open(options)
  } catch (error) {
    await end()
    throw error
  }
  return {
    connect: () => {
      const channel = new MessageChannel()
      remote.connect(transfer(channel.port1, [channel.port1])).catch(() => channel.port2.close())
      return channel.port2
    },
    giveBack: () => remote.giveBack(),
    close: async () => {
      if (over) return
      over = true
      try {
        await remote.close()
      } finally {
        await end()
      }
    },
  }
}

/** The spool behind `port`, which came from `SpoolThread.connect`. When the port closes, everything rejects with `broken`. */
export async function connectSpool(port: MessagePort): Promise<Spool> {
  const early: Standing[] = []
  let told = (standing: Standing): void => void early.push(standing)
  const joined = link<SpoolService>(port, { standing: (standing: Standing) => told(standing) })
  try {
    const { spool, standing } = spoolOver(joined.remote, await joined.remote.hello(), async () =>
      joined.close(),
    )
    told = standing
    for (const standingBefore of early) standing(standingBefore)
    const gone = {
      room: { ok: false, why: 'the store is gone' },
      healthy: false,
      broken: 'the store is gone',
    }
    void joined.closed.then(() => standing(gone))
    return spool
  } catch (error) {
    joined.close()
    throw asSpoolError(error)
  }
}
