/** What a node serves over HTTP to others than its operator: the API, and what mail leads to. */

import type { Config } from '#platform/config'

import { startApi } from './api.ts'
import type { ApiOfNode, RunningApi } from './api.ts'
import { startTracking } from './tracking.ts'
import type { RunningTracking } from './tracking.ts'

export type RunningWeb = AsyncDisposable & {
  readonly api: RunningApi | undefined
  readonly tracking: RunningTracking | undefined
  reload(config: Config): Promise<void>
}

/** Resolves when all that the configuration wants listens. @throws what listening throws, and {CertificateError} */
export async function startWeb(parts: ApiOfNode): Promise<RunningWeb> {
  await using undo = new AsyncDisposableStack()
  const api = await startApi(parts)
  if (api !== undefined) undo.use(api)
  const tracking = await startTracking(parts)
  if (tracking !== undefined) undo.use(tracking)
  const held = undo.move()
  return {
    api,
    tracking,
    async reload(config) {
      await api?.reload(config)
      await tracking?.reload(config)
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
