/** A server for HTTP: plain or in TLS, with an end to every wait, and no more connections than it may have. */

import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'

export type Listening = {
  /** At once; more are closed as they come. */
  readonly connections: number
  /** Milliseconds for the handshake of TLS, and for a header section, from its first octet. */
  readonly headerTimeout: number
  /** Milliseconds for a whole request. */
  readonly requestTimeout: number
  /** For a handshake that begins now; plain HTTP without it. */
  readonly secureContext?: () => SecureContext
}

/** Milliseconds that a connection may be idle between requests; longer than most clients keep one. */
const IDLE = 75_000

/** Octets of a header section; ours are short, those of proxies less so. */
const HEADER = 16 * 1024

/** So often connections are looked at; a wait is exceeded by as much at most. */
const LOOKS = 10

/** It does not listen yet. */
export function serverOf(listening: Listening, handler: RequestListener): Server {
  const { connections, headerTimeout, requestTimeout, secureContext } = listening
  const server = createServer(
    {
      headersTimeout: headerTimeout,
      requestTimeout,
      keepAliveTimeout: IDLE,
      maxHeaderSize: HEADER,
      connectionsCheckingInterval: Math.ceil(Math.min(headerTimeout, requestTimeout) / LOOKS),
    },
    handler,
  )
  server.maxConnections = connections
  if (secureContext !== undefined) secure(server, secureContext, headerTimeout)
  return server
}

/**
 * Not node:https: its certificate for clients that name no server is that of the start, and cannot be exchanged for
 * another context. Each connection gets the context of its moment here.
 */
function secure(server: Server, secureContext: () => SecureContext, patience: number): void {
  const serve = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const protectedSocket = new TLSSocket(socket, {
      isServer: true,
      secureContext: secureContext(),
      ALPNProtocols: ['http/1.1'],
    })
    const end = (): void => void protectedSocket.destroy()
    protectedSocket.setTimeout(patience, end)
    // A handshake that fails, or a client that goes: nobody is left who could be told.
    protectedSocket.on('error', end)
    protectedSocket.once('secure', () => {
      protectedSocket.setTimeout(0)
      protectedSocket.off('timeout', end)
      for (const listener of serve) Reflect.apply(listener, server, [protectedSocket])
    })
  })
}
