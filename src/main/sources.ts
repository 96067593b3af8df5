/** Whether this machine has the addresses it is told to send from. Looked at once; the node starts all the same. */

import { createServer } from 'node:net'

import type { SourceConfig } from '#platform/config'
import type { Log } from '#platform/log'

/**
 * Tells of each source whose address cannot be bound. The node goes on: an address may come later, as one that moves
 * between machines does, and each connection finds out for itself. Those behind a proxy are the proxy's.
 */
export async function checkSources(sources: readonly SourceConfig[], log: Log): Promise<void> {
  const checked = sources.map(async ({ name, address, proxy }) => {
    if (address === undefined || proxy !== undefined) return
    const why = await bindFailure(address)
    if (why === undefined) return
    const todo = `give this machine ${address}, or correct egress.sources.${name}.address`
    log.error('source.unbindable', { source: name, address, why, todo })
  })
  await Promise.all(checked)
}

function bindFailure(address: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  // Only its own: `::` would listen for every address of the machine.
  server.listen({ host: address, port: 0, exclusive: true, ipv6Only: true }, () =>
    server.close(() => resolve(undefined)),
  )
  return promise
}
