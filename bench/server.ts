/** What the benchmark asks of a server under test. */

import type { Sink } from './load.ts'
import type { ProcessGroup } from './process-group.ts'

export type Server = AsyncDisposable & {
  readonly name: 'hikyaku' | 'hikyaku-mx' | 'postfix'
  /** Where it takes mail, on 127.0.0.1. */
  readonly port: number
  /** Where it relays all of it to. */
  readonly sink: Sink
  readonly group: ProcessGroup
  /** MiB of all its processes; the largest value that was given is its peak. */
  memory(): number
}
