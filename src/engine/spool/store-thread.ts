/** The thread of the store: opens the spool and serves it to every port it is given. Nothing runs here but the store. */

import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

import { giveBack, link } from '#platform/thread'

import { openStore } from './open.ts'
import type { SpoolOptions } from './open.ts'
import { serveSpool } from './port.ts'
import type { SpoolStore } from './service.ts'
import type { SpoolError } from './spool.ts'

/** What the starter of the thread calls here, `open` first. */
export type StoreThread = {
  open(options: SpoolOptions): Promise<void>
  connect(port: MessagePort): void
  giveBack(): void
  close(): Promise<void>
}

/** What this thread calls at its starter. */
export type StoreStarter = { broken(message: string): void }

const stores: SpoolStore[] = []

const starter = link<StoreStarter>(workerData as MessagePort, {
  open: async (options) => {
    stores.push(await openStore(options, (error) => void tell(error)))
  },
  connect: (port) => {
    for (const store of stores) serveSpool(store, port)
  },
  giveBack,
  close: async () => {
    for (const store of stores.splice(0)) await store.close()
  },
} satisfies StoreThread)

async function tell({ message }: SpoolError): Promise<void> {
  try {
    await starter.remote.broken(message)
  } catch {
    // Then the starter is gone, and this thread will be.
  }
}
