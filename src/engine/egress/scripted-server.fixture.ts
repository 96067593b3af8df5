/** A server for tests that does what its script says, one script a connection, however wrong that is. */

import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

/** Plays one connection. What it throws fails the test that closes the server; that the client went is no error. */
export type Script = (client: Client) => Promise<void>

export class ScriptedServer implements AsyncDisposable {
  readonly #server: Server
  readonly #clients = new Set<Client>()
  readonly #failures: unknown[] = []
  readonly #playing: Promise<void>[] = []
  /** Connections so far. */
  accepted = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** The n-th connection is played by the n-th script, those beyond by the last. */
  static async start(...scripts: readonly [Script, ...Script[]]): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true })
    const scripted = new ScriptedServer(server)
    server.on('connection', (socket) => scripted.#play(socket, scripts[scripted.accepted] ?? scripts.at(-1)))
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    return scripted
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** @throws what a script threw */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.reset()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    await promise
    await Promise.all(this.#playing)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  #play(socket: Socket, script: Script | undefined): void {
    this.accepted += 1
    const client = new Client(socket)
    this.#clients.add(client)
    const playing = (script ?? ignoring)(client).then(
      () => client.close(),
      (error: unknown) => {
        if (!(error instanceof ClientGone)) this.#failures.push(error)
        client.reset()
      },
    )
    this.#playing.push(playing.finally(() => this.#clients.delete(client)))
  }
}

const ignoring: Script = async (client) => await client.gone

/** The client closed before it said what the script waited for. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** The client under test, as the server sees it. */
export class Client {
  #socket: Socket
  #unread = Buffer.alloc(0)
  #isGone = false
  #stir: (() => void) | undefined
  readonly #gone = Promise.withResolvers<void>()

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
    socket.on('close', () => this.#went())
  }

  /** Settles when the client has closed. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** Raw octets, each character one; no CRLF is added. */
  raw(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1')
  }

  /** Lines in one write. */
  say(...lines: readonly string[]): void {
    this.raw(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** The next line, without CRLF. */
  async line(): Promise<string> {
    return (await this.until('\r\n')).slice(0, -2)
  }

  /** Through the next `end`. */
  async until(end: string): Promise<string> {
    for (;;) {
      const at = this.#unread.indexOf(end, 0, 'latin1')
      if (at !== -1) return this.#take(at + end.length)
      await this.#more()
    }
  }

  async octets(count: number): Promise<string> {
    while (this.#unread.length < count) await this.#more()
    return this.#take(count)
  }

  /** @throws when the next line does not begin with `start` */
  async expect(start: string): Promise<string> {
    const line = await this.line()
    if (!line.startsWith(start)) throw new Error(`expected ${start}, the client said ${line}`)
    return line
  }

  /** Content after 354, with its dots and its end. */
  async content(): Promise<string> {
    const text = await this.until('.\r\n')
    return text === '.\r\n'
      ? text
      : text.endsWith('\r\n.\r\n')
        ? text
        : `${text}${await this.until('\r\n.\r\n')}`
  }

  /** Nothing may be unread when the client is about to shake hands. */
  secure(key: string, cert: string): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    const secured = new TLSSocket(plain, {
      isServer: true,
      secureContext: createSecureContext({ key, cert }),
    })
    secured.on('error', () => this.#went())
    this.#socket = secured
    this.#listen(secured)
  }

  /** No longer reads: the kernel's buffers fill, and then the client's. */
  stall(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.end()
  }

  /** RST; under TLS a close without notice. */
  reset(): void {
    // A reset of a socket that is being shut down fails, and Node 26.10 then waits for its close at exit, forever.
    if (this.#socket instanceof TLSSocket || this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, bytes])
      this.#stir?.()
    })
    socket.on('end', () => this.#went())
    socket.on('error', () => this.#went())
  }

  #went(): void {
    this.#isGone = true
    this.#stir?.()
    this.#gone.resolve()
  }

  #take(count: number): string {
    const taken = this.#unread.toString('latin1', 0, count)
    this.#unread = this.#unread.subarray(count)
    return taken
  }

  async #more(): Promise<void> {
    if (this.#isGone) throw new ClientGone('the client has gone')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stir = resolve
    await promise
  }
}
