/** A client that says lines and reads replies, for the tests of this room. */

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export class Client implements Disposable {
  #socket: Socket
  #text = ''
  #ended = ''
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Rejects when nobody listens; a reset may come before the connection is known to be there. */
  static async to(port: number, host = '127.0.0.1'): Promise<Client> {
    const socket = connect({ port, host })
    const client = new Client(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', (error) => (error.message.includes('ECONNREFUSED') ? reject(error) : resolve()))
    })
    return client
  }

  /** After the greeting and EHLO. */
  static async ready(port: number, host = '127.0.0.1'): Promise<Client> {
    const client = await Client.to(port, host)
    await client.reply()
    await client.say('EHLO client.example')
    return client
  }

  write(text: string | Buffer): void {
    this.#socket.write(text)
  }

  /** The next reply, its lines joined by `|`; `closed` or `reset` when there is none. */
  async reply(): Promise<string> {
    for (;;) {
      const end = /^\d{3} [^\r]*\r\n/m.exec(this.#text)
      if (end !== null) {
        const length = end.index + end[0].length
        const said = this.#text.slice(0, length - 2).replaceAll('\r\n', '|')
        this.#text = this.#text.slice(length)
        return said
      }
      if (this.#ended !== '') return this.#ended
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  async say(line: string): Promise<string> {
    this.write(`${line}\r\n`)
    return await this.reply()
  }

  /** The replies to each line in turn. */
  async talk(...lines: readonly string[]): Promise<readonly string[]> {
    const replies: string[] = []
    for (const line of lines) replies.push(await this.say(line))
    return replies
  }

  /** The first three letters of each reply to a whole transaction. */
  async send(to: string, content = 'Subject: hi\r\n\r\nhello\r\n'): Promise<string> {
    const replies = await this.talk('MAIL FROM:<me@sender.example>', `RCPT TO:<${to}>`)
    if (replies[1]?.startsWith('250') === true) {
      const start = await this.say('DATA')
      if (!start.startsWith('354')) return start
      return await this.say(`${content}.`)
    }
    if (!['closed', 'reset'].includes(replies[1] ?? '')) await this.say('RSET')
    return replies[1] ?? ''
  }

  async upgrade(): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners()
    const secure = connectTls({ socket: plain, rejectUnauthorized: false })
    this.#socket = secure
    this.#text = ''
    this.#listen()
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve)
      secure.once('error', reject)
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1')
      this.#wake()
    })
    this.#socket.on('error', () => this.#end('reset'))
    this.#socket.on('close', () => this.#end('closed'))
  }

  #end(how: string): void {
    this.#ended ||= how
    this.#wake()
  }
}
