/** Through a proxy to a host: what is said to it once it is connected, before the host's greeting. */

import type { Socket } from 'node:net'

import { beginSocks, stepSocks } from '#grammar/socks'
import type { Socks, SocksStep } from '#grammar/socks'
import { formatProxy } from '#grammar/smtp'

export type Proxy = { readonly host: string; readonly port: number } & (
  | { readonly kind: 'socks5'; readonly login?: { readonly user: string; readonly password: string } }
  /** `from` is the address it shall connect from. */
  | { readonly kind: 'haproxy'; readonly from: string }
)

/** Where the proxy shall connect to. */
export type Target = { readonly address: string; readonly port: number }

/** `undefined` when the host can be heard, else why not. */
type Passed = (why?: string) => void

/** Octets of a proxy's answers; beyond it is none. */
const ANSWER_LIMIT = 1024

/**
 * Calls `passed` once: without words when what comes from now on is the host's. HAProxy answers nothing: a host that
 * cannot be reached shows as a connection that closes. Errors and the end of `socket` are the caller's.
 */
export function passProxy(socket: Socket, proxy: Proxy, target: Target, passed: Passed): void {
  if (proxy.kind === 'haproxy') {
    socket.write(formatProxy({ address: proxy.from, port: 0 }, target))
    return passed()
  }
  const { login } = proxy
  const begun = beginSocks({ ...target, ...(login === undefined ? {} : { login }) })
  socket.write(begun.octets)
  listen(socket, begun.socks, passed)
}

function listen(socket: Socket, begun: Socks, passed: Passed): void {
  let socks = begun
  let heard = Buffer.alloc(0)
  const end = (why?: string): void => {
    // Read by hand until here, the stream begins to flow when the next one listens: the host's first octets, which may
    // have come along, wait for that.
    socket.off('readable', onReadable)
    if (why === undefined && heard.length > 0) socket.unshift(heard)
    passed(why)
  }
  const onReadable = (): void => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return
    heard = Buffer.concat([heard, bytes])
    for (let step = stepSocks(socks, heard); ; step = stepSocks(socks, heard)) {
      if (step.kind === 'more') return heard.length > ANSWER_LIMIT ? end('it says too much') : undefined
      if (step.kind === 'refused') return end(step.why)
      heard = heard.subarray(step.used)
      if (step.kind === 'connected') return end()
      socks = said(socket, step)
    }
  }
  socket.on('readable', onReadable)
}

function said(socket: Socket, { socks, octets }: Extract<SocksStep, { kind: 'send' }>): Socks {
  socket.write(octets)
  return socks
}
