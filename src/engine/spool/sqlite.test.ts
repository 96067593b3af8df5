import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { MessageChannel } from 'node:worker_threads'

import { testDirectory } from '../../../test/directory.ts'
import { openSpool, openStore } from './open.ts'
import { serveSpool } from './port.ts'
import type { Spool } from './spool.ts'
import { spoolContract } from './spool.contract.ts'
import type { Opened } from './operation.contract.ts'
import { connectSpool } from './thread.ts'

spoolContract('SQLite', () =>
  inDirectory(async (dataDirectory) =>
    openSpool({ url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }, assert.fail),
  ),
)

spoolContract('SQLite over a port', () =>
  inDirectory(async (dataDirectory) => {
    const store = await openStore({ url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }, assert.fail)
    const { port1, port2 } = new MessageChannel()
    serveSpool(store, port1)
    const spool = await connectSpool(port2)
    const close = async (): Promise<void> => {
      await spool.close()
      await store.close()
    }
    return Object.create(spool, { close: { value: close } }) as Spool
  }),
)

async function inDirectory(open: (directory: string) => Promise<Spool>): Promise<Opened> {
  const directory = testDirectory('spool-')
  let current = await open(directory)
  return {
    spool: current,
    reopen: async () => {
      await current.close()
      current = await open(directory)
      return current
    },
    end: async () => {
      await current.close()
      rmSync(directory, { recursive: true })
    },
  }
}
