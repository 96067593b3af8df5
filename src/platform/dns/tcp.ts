/** One question over TCP: for what does not fit into a datagram, and for when datagrams cannot be trusted. RFC 7766 §5 */

import { connect } from 'node:net'
import type { Socket } from 'node:net'

export type TcpSaid =
  | { readonly kind: 'reply'; readonly message: Buffer }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable'; readonly text: string }

/**
 * A connection a question: truncation is rare enough. Takes at most the 65,535 octets that the length can say.
 * Settles within `patience` ms, or when `stop` is aborted; never rejects.
 */
export async function askTcp(
  server: { readonly address: string; readonly port: number },
  query: Buffer,
  patience: number,
  stop: AbortSignal,
): Promise<TcpSaid> {
  const { promise, resolve } = Promise.withResolvers<TcpSaid>()
  const socket = connect({ host: server.address, port: server.port, noDelay: true })
  const timer = setTimeout(resolve, patience, { kind: 'timeout' })
  const end = (): void => resolve({ kind: 'unreachable', text: 'the resolver is closed' })
  stop.addEventListener('abort', end, { once: true })
  socket.on('error', (error) => resolve({ kind: 'unreachable', text: error.message }))
  socket.on('close', () => resolve({ kind: 'unreachable', text: 'connection closed before the answer' }))
  collect(socket, (message) => resolve({ kind: 'reply', message }))
  socket.write(framed(query))
  const said = await promise
  clearTimeout(timer)
  stop.removeEventListener('abort', end)
  socket.destroy()
  return said
}

/** Two octets of length first. RFC 1035 §4.2.2 */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(message.length + 2)
  frame.writeUInt16BE(message.length, 0)
  message.copy(frame, 2)
  return frame
}

/** Calls `take` with each whole message; each is a copy of its own. */
export function collect(socket: Socket, take: (message: Buffer) => void): void {
  let held: Buffer[] = []
  let octets = 0
  let needed = 2
  socket.on('data', (chunk: Buffer) => {
    held.push(chunk)
    octets += chunk.length
    // Put together only when something is whole: a byte at a time must not cost a copy of all before it.
    while (octets >= needed) {
      const all = Buffer.concat(held)
      const end = 2 + all.readUInt16BE(0)
      if (octets >= end) take(Buffer.from(all.subarray(2, end)))
      const rest = octets >= end ? all.subarray(end) : all
      needed = octets >= end ? 2 : end
      held = [rest]
      octets = rest.length
    }
  })
}
