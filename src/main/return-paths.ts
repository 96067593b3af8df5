/** Return paths below the domains of authors, as one transport thread knows them. */

import type { Message } from '#engine/spool'
import type { Log } from '#platform/log'
import type { Control } from '#platform/store'
import { openReturnPaths } from '#product/domain'

import { authorDomain } from './offered.ts'

export type LiveReturnPaths = Disposable & {
  /** Of this message; `undefined` where its author's domain has none. */
  readonly of: (message: Message) => string | undefined
  /** Mail to these names is ours. */
  readonly with: (names: ReadonlySet<string>) => ReadonlySet<string>
}

/** Milliseconds within which a thread learns of a name that was found or is gone. */
const EVERY = 10_000

/** After `openAccounts`. Until it is disposed of. */
export async function watchReturnPaths(control: Control, log: Log): Promise<LiveReturnPaths> {
  const paths = await openReturnPaths(control)
  const timer = setInterval(() => {
    paths.refresh().catch((cause: unknown) => log.warn('domain.return-paths-failed', { cause }))
  }, EVERY).unref()
  let last: { readonly own: ReadonlySet<string>; readonly all: ReadonlySet<string> } | undefined
  return {
    of(message) {
      const domain = authorDomain(message)
      return domain === undefined ? undefined : paths.of(message.organization, domain)
    },
    with(names) {
      if (paths.names.size === 0) return names
      // Asked for every recipient of what comes in.
      if (last?.own !== paths.names) last = { own: paths.names, all: names.union(paths.names) }
      return last.all
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
