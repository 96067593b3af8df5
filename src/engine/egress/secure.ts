/** TLS as a client, on a socket that is connected already. */

import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'

import type { Timers } from './timers.ts'

export type Secured =
  | {
      readonly ok: true
      readonly socket: TLSSocket
      /** Protocol and cipher, with ` verified` when the certificate is good for the name. */
      readonly text: string
      readonly verified: boolean
      /** Why it is not verified. */
      readonly doubt: string
    }
  | { readonly ok: false; readonly text: string }

export type SecureOptions = {
  /** What the certificate should say: a name, or an IP address. */
  readonly name: string
  /** Made once: it holds the trusted roots, and costs milliseconds. */
  readonly context: SecureContext
  readonly timeout: number
  readonly timers: Timers
}

/** Shakes hands whatever the certificate is worth, and says what it is worth. Destroys `plain` when it fails. */
export function secure(plain: Socket, { name, context, timeout, timers }: SecureOptions): Promise<Secured> {
  const { promise, resolve } = Promise.withResolvers<Secured>()
  const socket = connect({
    socket: plain,
    secureContext: context,
    rejectUnauthorized: false,
    host: name,
    // RFC 6066 §3: no literal address in SNI.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  })
  const fail = (text: string): void => {
    cancel()
    socket.destroy()
    plain.destroy()
    resolve({ ok: false, text })
  }
  const cancel = timers.after(timeout, () => fail(`no TLS handshake within ${timeout / 1000} s`))
  // Stays on: an error of a socket that nobody listens to ends the process.
  socket.on('error', (error) => fail(error.message))
  const closed = (): void => fail('connection closed in the TLS handshake')
  socket.once('close', closed)
  socket.once('secureConnect', () => {
    cancel()
    socket.off('close', closed)
    const verified = socket.authorized
    const text = `${socket.getProtocol() ?? ''} ${socket.getCipher().name}${verified ? ' verified' : ''}`
    resolve({ ok: true, socket, text, verified, doubt: verified ? '' : doubtOf(socket) })
  })
  return promise
}

function doubtOf({ authorizationError }: TLSSocket): string {
  const error: unknown = authorizationError
  return error instanceof Error ? error.message : String(error)
}
