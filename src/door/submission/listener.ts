/** One listening socket and the policy that new connections on it get. */

import { createServer } from 'node:net'
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'

import type { Policy } from './door.ts'

/** Where a listener really is; the port matters when 0 was asked for. */
export type ListeningAt = { readonly name: string; readonly address: string; readonly port: number }

/** What tells two listening sockets apart; everything else of a listener is policy, and changes without closing it. */
export function endpoint({ listener }: Policy): string {
  // Port 0 is another port each time.
  return `${listener.address} ${listener.port === 0 ? listener.name : listener.port}`
}

/** `failed` is told what `accept` says, where it says anything: see acceptance.ts. */
export type Serve = {
  connected(socket: Socket, policy: Policy): void
  failed(error: Error): void
}

export class Listener {
  policy: Policy
  readonly #server: Server

  private constructor(policy: Policy, serve: Serve) {
    this.policy = policy
    // Half-open: a client that sends everything, closes its side and waits is still answered.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => serve.connected(socket, this.policy))
  }

  /** Resolves when it listens. @throws what `net` says: EADDRINUSE, EACCES. `shared`: by several threads, SO_REUSEPORT. */
  static async on(policy: Policy, shared: boolean, serve: Serve): Promise<Listener> {
    const listener = new Listener(policy, serve)
    const { address, port } = policy.listener
    const server = listener.#server
    try {
      await listen(server, { host: address, port, reusePort: shared })
    } catch (error) {
      if (!isWithoutIpv6(error, address)) throw error
      await listen(server, { host: '0.0.0.0', port, reusePort: shared })
    }
    server.on('error', (error) => serve.failed(error))
    return listener
  }

  get at(): ListeningAt {
    const { address, port } = this.#server.address() as AddressInfo
    return { name: this.policy.listener.name, address, port }
  }

  /** Connections are refused from now on; those there are go on. */
  close(): void {
    this.#server.close()
  }
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // RFC 4291 §2.5.5.2: `::` takes IPv4 clients too, unless the machine says otherwise.
  server.listen({ ...options, backlog: 511 }, resolve)
  await promise
  server.off('error', reject)
}

/** Every address of a machine without IPv6 is every IPv4 address of it. */
function isWithoutIpv6(error: unknown, address: string): boolean {
  if (address !== '::' || !(error instanceof Error) || !('code' in error)) return false
  return error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'
}
