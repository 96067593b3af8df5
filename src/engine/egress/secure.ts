/** TLS as a client, on a socket that is connected already. */

import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'

import { matchDane } from '#engine/transport-security'
import type { Dane, Matched } from '#engine/transport-security'

import type { Timers } from './timers.ts'
import type { TlsFailure } from './tls-trial.ts'

export type Secured =
  | {
      readonly ok: true
      readonly socket: TLSSocket
      /** Protocol and cipher, with ` verified` or ` dane` when the certificate is good by an authority or by DANE. */
      readonly text: string
      /** Why no authority vouches for it; absent when one does. */
      readonly doubt?: TlsFailure
      /** Absent where there are no TLSA records to compare it with. */
      readonly matched?: Matched
    }
  | { readonly ok: false; readonly text: string }

export type SecureOptions = {
  /** What the certificate should say: a name, or an IP address. */
  readonly name: string
  readonly dane: Dane
  /** Made once: it holds the trusted roots, and costs milliseconds. */
  readonly context: SecureContext
  readonly timeout: number
  readonly timers: Timers
  readonly now: () => number
}

/** Shakes hands whatever the certificate is worth, and says what it is worth. Destroys `plain` when it fails. */
export function secure(plain: Socket, options: SecureOptions): Promise<Secured> {
  const { promise, resolve } = Promise.withResolvers<Secured>()
  const { context, timeout, timers } = options
  const socket = connect({
    socket: plain,
    secureContext: context,
    rejectUnauthorized: false,
    host: options.name,
    // RFC 6066 §3: no literal address in SNI.
    ...(isIP(options.name) === 0 ? { servername: options.name } : {}),
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
    resolve(judged(socket, options))
  })
  return promise
}

function judged(socket: TLSSocket, { dane, now }: SecureOptions): Secured {
  const doubt = socket.authorized ? undefined : doubtOf(socket)
  const { records, names } = dane.kind === 'usable' ? dane : { records: [], names: [] }
  const matched =
    dane.kind === 'usable' ? matchDane({ chain: chainOf(socket), records, names, now: now() }) : undefined
  const worth = matched?.ok === true ? ' dane' : doubt === undefined ? ' verified' : ''
  return {
    ok: true,
    socket,
    text: `${socket.getProtocol() ?? ''} ${socket.getCipher().name}${worth}`,
    ...(doubt && { doubt }),
    ...(matched && { matched }),
  }
}

/** The certificates that the host showed, its own first; a root that was not shown may follow. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = socket.getPeerX509Certificate()
  while (
    next !== undefined &&
    chain.length < 20 &&
    !chain.some((one) => one.fingerprint256 === next?.fingerprint256)
  ) {
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}

function doubtOf({ authorizationError }: TLSSocket): TlsFailure {
  const error: unknown = authorizationError
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : text
  if (code.includes('HAS_EXPIRED')) return { fault: 'certificate-expired', text }
  const isOfAnother = code.includes('ALTNAME') || code.includes('HOSTNAME_MISMATCH')
  return { fault: isOfAnother ? 'certificate-host-mismatch' : 'certificate-not-trusted', text }
}
