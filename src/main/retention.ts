/** Removes the records of deliveries that ended long ago, a few at a time. */

import { SpoolError } from '#engine/spool'
import type { Spool } from '#engine/spool'
import type { Log } from '#platform/log'

/** Milliseconds between rounds, and messages a round: a backlog of a day is gone within minutes, and nobody waits. */
const EVERY = 60_000
const AT_ONCE = 2_000

/** Until it is disposed of. `age` in ms, counted from the end of a message's last delivery. */
export function forgetOld(spool: Spool, age: number, log: Log): Disposable {
  const round = async (): Promise<void> => {
    try {
      const count = await spool.forget(Date.now() - age, AT_ONCE)
      if (count > 0) log.info('retention.removed', { messages: count })
    } catch (cause) {
      // A broken spool has told the node already; everything else is worth another try.
      if (!(cause instanceof SpoolError)) throw cause
      log.warn('retention.failed', { cause })
    }
  }
  const timer = setInterval(() => void round(), EVERY).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
