/**
 * The world around a node under test: a DNS in which the name of a domain says how its host behaves, and the hosts,
 * all on one port of different loopback addresses.
 */

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'

import { DnsServer } from '#platform/dns'
import type { Question, Said } from '#platform/dns'

/**
 * Behaviours, as the last but one label of a domain. `healthy`: takes mail at once. `refused`: nobody listens.
 * `silent`: does not answer the connection. `mute`: connects and never says a word. `slow`: says each word after seconds.
 * `deferring`: refuses each recipient for now.
 */
const ADDRESS = {
  healthy: '127.0.0.2',
  refused: '127.0.0.3',
  silent: '127.0.0.4',
  mute: '127.0.0.5',
  slow: '127.0.0.6',
  deferring: '127.0.0.7',
} as const
export type Behaviour = keyof typeof ADDRESS

/** Milliseconds that a `slow` host takes for each reply. */
const SLOW = 5_000

export type World = AsyncDisposable & {
  /** The ports of its DNS and of all its hosts. */
  readonly dns: number
  readonly port: number
  /** Calls back once, with the time, when a healthy host has taken the message whose content names `token`. */
  await(token: string): Promise<number>
  /** Recipients that the healthy hosts have taken. */
  readonly taken: number
}

/** `d7.healthy.example`: a domain with a host of its own. */
export function domainOf(behaviour: Behaviour, n: number): string {
  return `d${n}.${behaviour}.example`
}

/** Who all mail is from. */
export const SENDER = 'client.example'

/** Reads `token` from content that `contentOf` made. */
const TOKEN = /^X-Token: (\S+)\r$/m

export function contentOf(token: string): string {
  return `From: <bench@${SENDER}>\r\nSubject: scale\r\nX-Token: ${token}\r\n\r\nHikyaku carried it.\r\n`
}

export async function startWorld(): Promise<World> {
  await using undo = new AsyncDisposableStack()
  const waiting = new Map<string, (at: number) => void>()
  const arrivals = { taken: 0 }
  const took = (content: string, recipients: number): void => {
    arrivals.taken += recipients
    const token = TOKEN.exec(content)?.[1]
    const tell = token === undefined ? undefined : waiting.get(token)
    if (token === undefined || tell === undefined) return
    waiting.delete(token)
    tell(performance.now())
  }
  const healthy = undo.use(await Host.on(ADDRESS.healthy, 0, (socket) => receive(socket, {}, took)))
  const { port } = healthy
  undo.use(await Host.on(ADDRESS.mute, port, () => {}))
  undo.use(await Host.on(ADDRESS.slow, port, (socket) => receive(socket, { delay: SLOW })))
  undo.use(await Host.on(ADDRESS.deferring, port, (socket) => receive(socket, { rcpt: DEFERRED })))
  undo.use(await startSilent(ADDRESS.silent, port))
  const dns = undo.use(await DnsServer.on({ answer }))
  const held = undo.move()
  return {
    dns: dns.port,
    port,
    await(token) {
      const { promise, resolve } = Promise.withResolvers<number>()
      waiting.set(token, resolve)
      return promise
    },
    get taken() {
      return arrivals.taken
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Every domain has an MX of its own name, and that has the address of its behaviour. */
function answer({ name, type }: Question): Said {
  const behaviour = name.toLowerCase().split('.').at(-2) ?? ''
  const address = Object.entries(ADDRESS).find(([known]) => known === behaviour)?.[1]
  if (address === undefined) return { kind: 'nxdomain', ttl: 60 }
  if (type === 'MX')
    return {
      kind: 'records',
      records: [{ name, type: 'MX', ttl: 3600, data: { preference: 10, exchange: `mx.${name}` } }],
    }
  if (type === 'A') return { kind: 'records', records: [{ name, type: 'A', ttl: 3600, data: address }] }
  return { kind: 'nodata', ttl: 3600 }
}

class Host implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    this.#server = server
    this.#sockets = sockets
  }

  static async on(address: string, port: number, serve: (socket: Socket) => void): Promise<Host> {
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
      serve(socket)
    })
    server.listen({ port, host: address, backlog: 4096 })
    await once(server, 'listening')
    return new Host(server, sockets)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const END = '\r\n.\r\n'

const REPLIES: Readonly<Record<string, string>> = {
  EHLO: '250-host.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 bye\r\n',
}

function replyTo(verb: string, recipients: number, rcpt: string | undefined): string {
  if (verb === 'RCPT') return rcpt ?? '250 ok\r\n'
  if (verb === 'DATA' && recipients === 0) return '554 5.5.1 no valid recipients\r\n'
  return REPLIES[verb] ?? '250 ok\r\n'
}

const DEFERRED = '450 4.2.0 come back later\r\n'

/** Each reply `delay` ms late; `rcpt` is what each RCPT is answered. */
type Manner = { readonly delay?: number; readonly rcpt?: string }

/** Takes what it does not refuse. Not a server for strangers: it believes that lines are short, and dots stuffed. */
function receive(
  socket: Socket,
  { delay = 0, rcpt }: Manner,
  took: (content: string, recipients: number) => void = () => {},
): void {
  let heard = ''
  let inData = false
  let recipients = 0
  const say = (text: string): void => {
    if (delay === 0) socket.write(text)
    else setTimeout(() => socket.writable && socket.write(text), delay).unref()
  }
  say('220 host.example ESMTP\r\n')
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
    let out = ''
    for (;;) {
      const end = heard.indexOf(inData ? END : '\r\n')
      if (end === -1) break
      const piece = heard.slice(0, end + 2)
      heard = heard.slice(end + (inData ? END.length : 2))
      if (inData) {
        took(piece, recipients)
        recipients = 0
        inData = false
        out += '250 taken\r\n'
        continue
      }
      const verb = piece.slice(0, 4).toUpperCase()
      if (verb === 'RCPT' && rcpt === undefined) recipients += 1
      inData = verb === 'DATA' && recipients > 0
      out += replyTo(verb, recipients, rcpt)
    }
    if (out !== '') say(out)
  })
}

/**
 * A listener whose queue is full: the kernel drops every further connection request, and whoever connects waits until
 * it gives up. A thread of its own, because it must not accept anything.
 */
async function startSilent(address: string, port: number): Promise<AsyncDisposable> {
  const source = `
    const { createServer } = require('node:net')
    const { parentPort } = require('node:worker_threads')
    createServer().listen({ port: ${port}, host: '${address}', backlog: 1 }, () => {
      parentPort.postMessage('listening')
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 100)
    })`
  const worker = new Worker(source, { eval: true })
  await once(worker, 'message')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const fill = Array.from({ length: 4 }, () => connectQuietly(address, port))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of fill) socket.destroy()
      await worker.terminate()
    },
  }
}

function connectQuietly(host: string, port: number): Socket {
  return connect({ host, port }).on('error', () => {})
}
