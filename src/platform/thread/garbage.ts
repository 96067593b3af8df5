/** Memory that a thread needed to start and never needs again. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What V8 calls by this name does before it gives up for want of memory: nothing is kept for later. */
const EVERYTHING = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const

/**
 * Gives the garbage of the calling thread back to the system, and the room that its young generation grew to: 10 to 25
 * MiB a thread, which V8 would keep as long as there is anything to do. Blocks the thread for some 30 ms. Never in two
 * threads at a time: it sets a flag of the process, and what is compiled meanwhile is not found in the compile cache.
 */
export function giveBack(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collect === 'function') collect(EVERYTHING)
}
