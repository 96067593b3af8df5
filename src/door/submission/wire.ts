/**
 * One client's socket: octets in, text out, TLS put around it. Knows of no protocol above TLS.
 *
 * Nothing here throws or rejects for what a peer does; a socket that breaks is `ended`, once.
 */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TLSSocketOptions } from 'node:tls'

export type WireOwner = {
  received(bytes: Buffer): void
  /** What was said has gone to the kernel, after `blocked` was true. */
  drained(): void
  secured(): void
  /** The client will send nothing more. */
  finished(): void
  /** The socket is gone; `handshaking`: before TLS was there. */
  ended(handshaking: boolean): void
}

export class Wire {
  readonly #owner: WireOwner
  #socket: Socket
  #text = ''
  #at: 'open' | 'handshake' | 'closing' | 'gone' = 'open'
  #tls: string | undefined
  #awaitsDrain = false

  constructor(socket: Socket, owner: WireOwner) {
    this.#owner = owner
    this.#socket = socket
    socket.setNoDelay(true)
    this.#listen(socket)
    socket.on('close', () => this.#gone())
  }

  /**
   * For sessions that last: RFC 5321 §4.5.3.2 leaves minutes between commands, and a dead peer behind NAT is found
   * before its port is reused. Four system calls, which a client that comes for one message need not pay for.
   */
  keepAlive(): void {
    this.#socket.setKeepAlive(true, 120_000)
  }

  /** Queues text; `flush` sends it, so that pipelined commands are answered in one write. RFC 2920 §3.2 */
  say(text: string): void {
    this.#text += text
  }

  /** Drops what was said since the last `flush`. */
  unsay(): void {
    this.#text = ''
  }

  get unsent(): number {
    return this.#text.length
  }

  flush(): void {
    if (this.#text === '' || this.#at !== 'open') return
    const text = this.#text
    this.#text = ''
    if (this.#socket.write(text, 'latin1') || this.#awaitsDrain) return
    this.#awaitsDrain = true
    this.#socket.once('drain', () => {
      this.#awaitsDrain = false
      this.#owner.drained()
    })
  }

  /** The client does not read: say no more before `drained`. */
  get blocked(): boolean {
    return this.#socket.writableNeedDrain
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /**
   * Puts TLS around the socket, as its server; `secured` or `ended` follows. `ahead` are octets of the handshake
   * that were read already, behind a PROXY header; nothing else that was heard before remains.
   */
  secure(options: TLSSocketOptions, ahead?: Buffer): void {
    this.flush()
    const bare = this.#socket
    // A socket that flows without a listener would lose what `unshift` gave back; paused, TLS takes it first.
    bare.pause()
    bare.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain')
    this.#awaitsDrain = false
    if (ahead !== undefined) bare.unshift(ahead)
    this.#at = 'handshake'
    const socket = new TLSSocket(bare, { ...options, isServer: true })
    this.#socket = socket
    this.#listen(socket)
    socket.on('close', () => this.#gone())
    socket.once('secure', () => {
      if (this.#at !== 'handshake') return
      this.#at = 'open'
      this.#tls = `${socket.getProtocol() ?? ''} ${socket.getCipher()?.standardName ?? ''}`
      this.#owner.secured()
    })
  }

  get handshaking(): boolean {
    return this.#at === 'handshake'
  }

  /** Protocol and cipher, e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`; absent in clear. */
  get tls(): string | undefined {
    return this.#tls
  }

  /**
   * Sends what was said and closes our side. What still comes is read and dropped: a close with octets unread
   * is a reset, and a reset can overtake the last reply. Whoever owns this destroys it after a while.
   */
  end(): void {
    if (this.#at === 'gone' || this.#at === 'closing') return
    if (this.#at === 'handshake') return this.destroy()
    this.flush()
    this.#at = 'closing'
    this.#socket.resume()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      if (this.#at === 'open' && socket === this.#socket) this.#owner.received(bytes)
    })
    socket.on('end', () => {
      if (this.#at === 'open') this.#owner.finished()
      else this.destroy()
    })
    // RST, a broken record, a failed handshake: `close` follows, and that is where it is dealt with.
    socket.on('error', () => {})
  }

  #gone(): void {
    if (this.#at === 'gone') return
    const { handshaking } = this
    this.#at = 'gone'
    this.#owner.ended(handshaking)
  }
}

/** A TLS record of type handshake, RFC 8446 §5.1: a client that wants implicit TLS, on a port that begins in clear. */
export function looksLikeTls(bytes: Buffer): boolean {
  return bytes[0] === 0x16 && (bytes.length < 2 || bytes[1] === 3)
}
