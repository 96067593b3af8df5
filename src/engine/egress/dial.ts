/** Opens a TCP connection to the first of some addresses that answers. */

import { connect } from 'node:net'
import type { Socket } from 'node:net'

import { passProxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import type { Timers } from './timers.ts'

export type DialOptions = {
  readonly port: number
  /** The source's; absent: whatever the system takes. */
  readonly localAddress?: string
  /** Connects in our place, where there is one. */
  readonly proxy?: Proxy
  /** Milliseconds for one address. */
  readonly timeout: number
  readonly timers: Timers
  /** Whether one more address may be tried, after those before or, `beside`, while another is still being tried. */
  readonly another?: ((beside: boolean) => boolean) | undefined
  /** Ends every try. */
  readonly signal: AbortSignal
}

export type Dialled =
  | { readonly ok: true; readonly socket: Socket; readonly address: string }
  /** Of the last address tried. */
  | { readonly ok: false; readonly address: string; readonly text: string }

/**
 * How long an address has the field to itself. A host whose IPv6 goes nowhere then costs this much, and not the
 * whole timeout; a host that answers at all answers sooner. RFC 8305 §5 takes 250 ms for people who wait.
 */
export const HEAD_START = 1000

/** Tries `addresses` in order, the next one when one fails or has had its head start. The losers are closed. */
export function dial(addresses: readonly string[], options: DialOptions): Promise<Dialled> {
  const { promise, resolve } = Promise.withResolvers<Dialled>()
  new Race(addresses, options, resolve).start()
  return promise
}

class Race {
  readonly #addresses: readonly string[]
  readonly #options: DialOptions
  readonly #resolve: (dialled: Dialled) => void
  readonly #running = new Map<Socket, () => void>()
  #next = 0
  #cancelHeadStart: (() => void) | undefined
  #failure: Extract<Dialled, { ok: false }> = { ok: false, address: '', text: 'no address' }

  constructor(addresses: readonly string[], options: DialOptions, resolve: (dialled: Dialled) => void) {
    this.#addresses = addresses
    this.#options = options
    this.#resolve = resolve
  }

  start(): void {
    const { signal } = this.#options
    signal.addEventListener('abort', this.#abort)
    if (signal.aborted) this.#abort()
    else this.#tryNext()
  }

  readonly #abort = (): void => this.#end({ ok: false, address: '', text: 'egress is closing' })

  #tryNext(): void {
    this.#cancelHeadStart?.()
    const address = this.#mayTry ? this.#addresses[this.#next] : undefined
    if (address === undefined) {
      if (this.#running.size === 0) this.#end(this.#failure)
      return
    }
    this.#next += 1
    this.#try(address)
    if (this.#next < this.#addresses.length) {
      this.#cancelHeadStart = this.#options.timers.after(HEAD_START, () => this.#tryNext())
    }
  }

  /** The first is paid for; what the receiver might see beside it is another connection to it. */
  get #mayTry(): boolean {
    if (this.#next === 0 || this.#next >= this.#addresses.length) return true
    return this.#options.another?.(this.#running.size > 0) ?? true
  }

  #try(address: string): void {
    const { port, localAddress, proxy, timeout, timers } = this.#options
    const bound = localAddress === undefined || proxy !== undefined ? {} : { localAddress }
    const place = proxy ?? { host: address, port }
    const socket = connect({ host: place.host, port: place.port, noDelay: true, ...bound })
    const cancelTimeout = timers.after(timeout, () =>
      socket.destroy(new Error(`no answer for ${timeout / 1000} s`)),
    )
    this.#running.set(socket, cancelTimeout)
    socket.once('connect', () => {
      if (proxy === undefined) return this.#connected(socket, address)
      return passProxy(socket, proxy, { address, port }, (why) => {
        if (why === undefined) this.#connected(socket, address)
        else socket.destroy(new Error(why))
      })
    })
    // A proxy that hangs up in the middle; a failure has been told by then.
    socket.once('close', () => {
      if (this.#forget(socket)) this.#failed(address, new Error('the proxy closed the connection'))
    })
    // Stays when the socket is handed over: an error between here and there must not end the process.
    socket.on('error', (error) => {
      if (this.#forget(socket)) this.#failed(address, error)
    })
  }

  #connected(socket: Socket, address: string): void {
    if (this.#forget(socket)) this.#end({ ok: true, socket, address })
  }

  #failed(address: string, error: Error): void {
    const { port, proxy, localAddress } = this.#options
    const by = proxy === undefined ? '' : ` through ${proxy.kind} ${spelled(proxy.host, proxy.port)}`
    this.#failure = {
      ok: false,
      address,
      text: isUnbound(error)
        ? `nothing can be sent from ${localAddress}: it is no address of this machine (${reason(error)})`
        : `connect to ${spelled(address, port)}${by}: ${reason(error)}`,
    }
    this.#tryNext()
  }

  #forget(socket: Socket): boolean {
    this.#running.get(socket)?.()
    return this.#running.delete(socket)
  }

  #end(dialled: Dialled): void {
    this.#cancelHeadStart?.()
    this.#options.signal.removeEventListener('abort', this.#abort)
    for (const [socket, cancelTimeout] of this.#running) {
      cancelTimeout()
      socket.destroy()
    }
    this.#running.clear()
    this.#resolve(dialled)
  }
}

function spelled(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** It failed before anything was sent: `EADDRNOTAVAIL` of `connect` would mean that there are no more ports. */
function isUnbound(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'bind' && reason(error) === 'EADDRNOTAVAIL'
}

/** `ECONNREFUSED` says more than the sentence around it, which repeats address and port. */
function reason(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
