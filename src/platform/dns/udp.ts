/**
 * Questions to one server over UDP, by a small pool of connected sockets.
 *
 * A socket a query would cost a bind and a close each; one socket for ever would let a forger find its port once and
 * have only the id left to guess. So: up to four sockets, each on a port the kernel picked, one of them taken at
 * random for each query, and each given up after 128 queries or 16 datagrams that nobody waits for. With the random id
 * and the random capitals of the name a forger has some 2^16 × 2^14 × 2^letters to guess, within one round trip.
 * Being connected, a socket takes nothing from other addresses, and an ICMP error is known at once. RFC 5452 §9
 */

import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'

import { questionOf } from './message.ts'

export type UdpSaid =
  | { readonly kind: 'reply'; readonly message: Buffer }
  /** Something answers that may not be the server: ask over TCP. */
  | { readonly kind: 'suspicious'; readonly foldsCase: boolean }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable'; readonly text: string }

const SOCKETS = 4
const QUERIES_PER_SOCKET = 128
const STRANGERS_PER_SOCKET = 16
const CLOSED = 'the resolver is closed'

type Waiting = { readonly question: Buffer; readonly settle: (said: UdpSaid) => void }

type Port = {
  readonly slot: number
  readonly socket: Socket
  /** What is wrong with it, or `undefined` once it can be used. */
  readonly opened: Promise<string | undefined>
  readonly fail: (problem: string) => void
  readonly waiting: Map<number, Waiting>
  users: number
  queries: number
  strangers: number
}

export type UdpServer = { readonly address: string; readonly port: number }

export class UdpPool {
  readonly #server: UdpServer
  readonly #random: () => number
  readonly #ports = new Map<number, Port>()
  readonly #retired = new Set<Port>()
  #closed = false

  constructor(server: UdpServer, random: () => number) {
    this.#server = server
    this.#random = random
  }

  /** Writes the id into `query`. Settles within `patience` ms; never rejects. */
  async ask(query: Buffer, patience: number): Promise<UdpSaid> {
    const port = this.#pick()
    const problem = await port.opened
    const said: UdpSaid =
      problem === undefined && !this.#closed
        ? await this.#exchange(port, query, patience)
        : { kind: 'unreachable', text: problem ?? CLOSED }
    port.users -= 1
    this.#closeIfDone(port)
    return said
  }

  close(): void {
    this.#closed = true
    for (const port of [...this.#ports.values(), ...this.#retired]) {
      port.fail(CLOSED)
      port.socket.close()
    }
    this.#ports.clear()
    this.#retired.clear()
  }

  async #exchange(port: Port, query: Buffer, patience: number): Promise<UdpSaid> {
    const { promise, resolve } = Promise.withResolvers<UdpSaid>()
    const id = this.#freeId(port)
    query.writeUInt16BE(id, 0)
    const timer = setTimeout(resolve, patience, { kind: 'timeout' })
    port.waiting.set(id, { question: questionOf(query) ?? query, settle: resolve })
    port.socket.send(query, (error) => {
      if (error) resolve({ kind: 'unreachable', text: error.message })
    })
    const said = await promise
    clearTimeout(timer)
    port.waiting.delete(id)
    return said
  }

  #pick(): Port {
    const slot = Math.floor(this.#random() * SOCKETS)
    const port = this.#ports.get(slot) ?? this.#open(slot)
    port.users += 1
    port.queries += 1
    if (port.queries >= QUERIES_PER_SOCKET) this.#retire(port)
    return port
  }

  #open(slot: number): Port {
    const { address, port } = this.#server
    const family = isIPv6(address) ? 6 : 4
    const socket = createSocket({
      type: `udp${family}`,
      // The address is literal; without this dgram would still go through dns.lookup.
      lookup: (name, _options, done) => done(null, name, family),
    })
    const { promise: opened, resolve } = Promise.withResolvers<string | undefined>()
    const waiting = new Map<number, Waiting>()
    const fail = (problem: string): void => {
      resolve(problem)
      for (const { settle } of waiting.values()) settle({ kind: 'unreachable', text: problem })
    }
    const made: Port = { slot, socket, opened, fail, waiting, users: 0, queries: 0, strangers: 0 }
    socket.on('message', (message) => this.#receive(made, message))
    const broken = (error: Error): void => {
      fail(error.message)
      this.#retire(made)
    }
    // ICMP port unreachable arrives here.
    socket.on('error', broken)
    // A connect that fails is told to its callback and not as an event, whatever the types say of its arguments.
    socket.connect(port, address, (error?: Error | null) => (error ? broken(error) : resolve(undefined)))
    // The timer of a waiting query keeps the process alive; an idle socket must not.
    socket.unref()
    this.#ports.set(slot, made)
    return made
  }

  #receive(port: Port, message: Buffer): void {
    const waiting = message.length < 12 ? undefined : port.waiting.get(message.readUInt16BE(0))
    const match = waiting === undefined ? 'stranger' : compare(message, waiting.question)
    if (match === 'same') waiting?.settle({ kind: 'reply', message })
    else if (match === 'other case') waiting?.settle({ kind: 'suspicious', foldsCase: true })
    else if (++port.strangers >= STRANGERS_PER_SOCKET) {
      for (const { settle } of port.waiting.values()) settle({ kind: 'suspicious', foldsCase: false })
      this.#retire(port)
    }
  }

  #freeId(port: Port): number {
    let id = Math.floor(this.#random() * 0x10000)
    while (port.waiting.has(id)) id = (id + 1) & 0xffff
    return id
  }

  #retire(port: Port): void {
    if (this.#ports.get(port.slot) !== port) return
    this.#ports.delete(port.slot)
    this.#retired.add(port)
    // Who picked it last has still to send: it is closed when its last user leaves.
    this.#closeIfDone(port)
  }

  #closeIfDone(port: Port): void {
    if (port.users === 0 && this.#retired.delete(port)) port.socket.close()
  }
}

/** Some servers answer an error with the header alone; it can only delay, so it is believed. */
function compare(message: Buffer, question: Buffer): 'same' | 'other case' | 'stranger' {
  const isResponse = ((message[2] ?? 0) & 0x80) !== 0
  const said = questionOf(message)
  if (!isResponse || said === undefined) return 'stranger'
  const isError = ((message[3] ?? 0) & 0xf) !== 0
  if (said.equals(question) || (said.length === 0 && isError)) return 'same'
  return lowered(said).equals(lowered(question)) ? 'other case' : 'stranger'
}

/** Lengths of labels (below 64), type and class (small numbers here) have no capitals among them. */
function lowered(question: Buffer): Buffer {
  return Buffer.from(question.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet)))
}
