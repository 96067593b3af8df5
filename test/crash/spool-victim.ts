/**
 * A process to be killed: accepts and settles as fast as it can, and says on standard output what was promised to it,
 * one line a promise, before anything else happens. Ends with 70 when the store is broken.
 *
 *   node spool-victim.ts <data directory>
 */

import { writeSync } from 'node:fs'

import { connectSpool, messageIds, SpoolError, startSpoolThread } from '#engine/spool'
import type { MessageId, Spool } from '#engine/spool'

import { bodyOf, messageOf, outcomeOf } from './spool-mail.ts'

const [dataDirectory = ''] = process.argv.slice(2)

/** Messages under way at once. */
const TOGETHER = 16

/** 0 when the reader is behind, and the pipe is full: then it is tried again, and nothing else is done meanwhile. */
function written(bytes: Buffer): number {
  try {
    return writeSync(1, bytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}

function promised(line: string): void {
  // Not console.log: a line that is only in a buffer is lost with the process.
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) rest = rest.subarray(written(rest))
}

const thread = await startSpoolThread({ url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }, (error) => {
  promised(`broken ${error.message}`)
  process.exit(70)
})
const spool = await connectSpool(thread.connect())
promised(`recovered ${spool.recovered}`)
const newId = messageIds(1, Date.now, spool.newest === undefined ? {} : { after: spool.newest })

async function carry(to: Spool): Promise<never> {
  for (let n = 0; ; n += 1) {
    const id = newId()
    try {
      await accept(to, id, n)
      promised(`accepted ${id}`)
      if (n % 2 === 0) void settle(to, id)
    } catch (error) {
      promised(`refused ${id} ${error instanceof SpoolError ? error.code : String(error)}`)
    }
  }
}

async function settle(on: Spool, id: MessageId): Promise<void> {
  try {
    await on.settle(outcomeOf(id))
    promised(`settled ${id}`)
  } catch {
    // Only with the death of the spool, which is told above.
  }
}

async function accept(to: Spool, id: MessageId, n: number): Promise<void> {
  if (n % 7 !== 6) {
    await to.accept(messageOf(id), bodyOf(id))
    return
  }
  const writing = to.write(id)
  await writing.write(bodyOf(id).subarray(0, 1000))
  await writing.write(bodyOf(id).subarray(1000))
  await writing.accept(messageOf(id))
}

await Promise.all(Array.from({ length: TOGETHER }, () => carry(spool)))
