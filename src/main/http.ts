/** The monitoring endpoint: /metrics, /healthz, /readyz. Read only, no secrets; bound to loopback by default. */

import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'

export type Monitoring = {
  /** Prometheus text exposition. */
  metrics(): Promise<string>
  /** Why the process should be restarted; `undefined` when it is alive. */
  sick(): string | undefined
  /** Why no new mail should be sent here; `undefined` when it may. */
  unready(): Promise<string | undefined>
}

export type MonitoringServer = AsyncDisposable & { readonly address: string; readonly port: number }

/** Resolves when it listens. */
export async function serveMonitoring(
  address: string,
  port: number,
  monitoring: Monitoring,
): Promise<MonitoringServer> {
  const server = createServer((request, response) => {
    // A scrape that fails must not end the process: the connection ends, and the next scrape tells.
    answer(request.url ?? '/', response, monitoring).catch(() => response.destroy())
  })
  await listen(server, address, port)
  const bound = server.address()
  return {
    address,
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, address, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

async function answer(url: string, response: ServerResponse, monitoring: Monitoring): Promise<void> {
  const [path = ''] = url.split('?')
  switch (path) {
    case '/metrics':
      return text(response, 200, await monitoring.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
    case '/healthz':
      return verdict(response, monitoring.sick())
    case '/readyz':
      return verdict(response, await monitoring.unready())
    default:
      return text(response, 404, 'no such page; there are /metrics, /healthz and /readyz\n')
  }
}

function verdict(response: ServerResponse, why: string | undefined): void {
  text(response, why === undefined ? 200 : 503, `${why ?? 'ok'}\n`)
}

function text(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type })
  response.end(body)
}
