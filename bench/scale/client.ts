/** The load of the scale benchmark: an SMTP client of few words, which pipelines whatever it can. */

import { connect } from 'node:net'
import type { Socket } from 'node:net'

import { contentOf, SENDER } from './world.ts'

export class Client implements Disposable {
  readonly #socket: Socket
  #heard = ''
  #over = false
  #wake: () => void = () => {}

  private constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const over = (): void => {
      this.#over = true
      this.#wake()
    }
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text
      this.#wake()
    })
    this.#socket.on('error', over).on('close', over)
  }

  /** Resolves after EHLO. */
  static async to(port: number): Promise<Client> {
    const client = new Client(port)
    await client.#reply('220')
    await client.#say('EHLO client.example\r\n', '250')
    return client
  }

  /** Resolves with the time of the 250. @throws when anything is refused */
  async send(token: string, recipients: readonly string[]): Promise<number> {
    const to = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`).join('')
    this.#socket.write(`MAIL FROM:<bench@${SENDER}>\r\n${to}DATA\r\n`, 'latin1')
    for (let left = recipients.length + 1; left > 0; left -= 1) await this.#reply('250')
    await this.#reply('354')
    await this.#say(`${contentOf(token)}.\r\n`, '250')
    return performance.now()
  }

  async #say(text: string, expected: string): Promise<void> {
    this.#socket.write(text, 'latin1')
    await this.#reply(expected)
  }

  async #reply(expected: string): Promise<void> {
    for (;;) {
      const end = this.#heard.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#heard.slice(0, end)
        this.#heard = this.#heard.slice(end + 2)
        if (line[3] === '-') continue
        if (line.startsWith(expected)) return
        throw new Error(`the node said ${line}, not ${expected}`)
      }
      if (this.#over) throw new Error('the node closed the connection')
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
