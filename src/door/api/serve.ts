/**
 * The API as it listens. What it is made of is loaded by its first request: that is some 20 MiB, which a node that only
 * relays never needs.
 */

import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'

import { serverOf } from '#platform/http-server'
import type { ApiParts } from './parts.ts'

export type ApiServer = AsyncDisposable & { readonly address: string; readonly port: number }

type Loaded = { readonly handler: RequestListener; close(): Promise<void> }

/** Resolves when it listens. Disposal lets requests under way end. @throws what listening throws */
export async function serveApi(parts: ApiParts): Promise<ApiServer> {
  let loading: Promise<Loaded> | undefined
  const first = (request: IncomingMessage, response: ServerResponse): void => {
    loading ??= load(parts)
    loading.then(
      ({ handler }) => handler(request, response),
      (error: unknown) => {
        // The next request tries again: a file that could not be read may be there by then.
        loading = undefined
        const number = parts.unique()
        parts.log.error('api.failed', {
          request: number,
          method: request.method,
          path: request.url,
          cause: error,
        })
        response.writeHead(503, { 'retry-after': '5', connection: 'close' })
        response.end(`the API could not be loaded; the log says why: ${number}\n`)
      },
    )
  }
  const server = serverOf(parts, first)
  await listen(server, parts)
  const bound = server.address()
  return {
    address: parts.address,
    port: typeof bound === 'object' && bound !== null ? bound.port : parts.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await loading?.then((loaded) => loaded.close())
      await closed
    },
  }
}

async function load(parts: ApiParts): Promise<Loaded> {
  const { apiOf } = await import('./server.ts')
  const app = await apiOf(parts)
  await app.ready()
  return { handler: (request, response) => app.routing(request, response), close: () => app.close() }
}

function listen(server: Server, { address, port }: ApiParts): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, address, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}
