/** Traces across threads: the main thread asks for lines as fast as its reader takes them, and no faster. */

import type { Remote } from '#platform/thread'
import { OperationError } from '#product/operation'
import type { Streams } from '#product/operation'

import type { TransportService } from './transport-thread.ts'

type Transport = Pick<Remote<TransportService>, 'trace' | 'traced' | 'untrace'>

export function openStreams(transport: Transport): Streams {
  return {
    async *trace(query, signal) {
      const trace = await transport.trace(query)
      if (trace === undefined)
        throw new OperationError('refused', 'as many traces are followed as may be; end one of them')
      const end = (): void => void transport.untrace(trace).catch(ignoreGone)
      signal.addEventListener('abort', end)
      try {
        if (signal.aborted) return
        for (;;) {
          const records = await transport.traced(trace)
          if (records.length === 0) return
          yield records
        }
      } finally {
        signal.removeEventListener('abort', end)
        end()
      }
    },
  }
}

/** The thread is gone, and the trace with it. */
function ignoreGone(): void {}
