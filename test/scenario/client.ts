/** A small SMTP client that says what a test wants said, and reads the replies. Not for mail that matters. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { PeerCertificate, TLSSocket } from 'node:tls'

import { clientStart, clientStep } from '#grammar/sasl'
import type { Mechanism } from '#grammar/sasl'

export type Credential = { readonly login: string; readonly password: string }

export type Submission = {
  readonly from: string
  readonly to: string | readonly string[]
  /** As it goes over the wire, but for dots: lines end with CRLF. */
  readonly content: string | Buffer
  /** What follows MAIL FROM and RCPT TO, such as `SMTPUTF8` or `NOTIFY=NEVER`. */
  readonly mail?: string
  readonly rcpt?: string
  /** Octets of each BDAT chunk. Absent: DATA. */
  readonly chunk?: number
}

export class Client implements Disposable {
  #socket: Socket
  #heard = ''
  #over = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }

  /** After the greeting. */
  static async to(port: number, tls: 'clear' | 'implicit' = 'clear'): Promise<Client> {
    const options = { host: '127.0.0.1', port, noDelay: true }
    const client = new Client(
      tls === 'clear' ? connect(options) : connectTls({ ...options, rejectUnauthorized: false }),
    )
    const greeting = await client.reply()
    if (!greeting.startsWith('220')) throw new Error(`greeted with ${greeting}`)
    return client
  }

  /** After EHLO, inside TLS when that is wished, and logged in when a credential is given. */
  static async ready(
    port: number,
    { tls = 'clear', credential }: { tls?: 'clear' | 'starttls' | 'implicit'; credential?: Credential } = {},
  ): Promise<Client> {
    const client = await Client.to(port, tls === 'implicit' ? 'implicit' : 'clear')
    await client.say('EHLO client.example.net')
    if (tls === 'starttls') {
      await client.startTls()
      await client.say('EHLO client.example.net')
    }
    if (credential !== undefined) await client.login('PLAIN', credential)
    return client
  }

  get certificate(): PeerCertificate {
    return (this.#socket as TLSSocket).getPeerCertificate()
  }

  write(octets: string | Buffer): void {
    this.#socket.write(octets)
  }

  /** The next reply, its lines joined by ` | `; `closed` when the connection has ended. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\r]*\r\n)*\d{3}[^\r-][^\r]*\r\n/.exec(this.#heard) ?? []
      if (whole !== undefined) {
        this.#heard = this.#heard.slice(whole.length)
        return whole.trimEnd().replaceAll('\r\n', ' | ')
      }
      if (this.#over) return 'closed'
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  say(line: string): Promise<string> {
    this.write(`${line}\r\n`)
    return this.reply()
  }

  async startTls(): Promise<void> {
    const said = await this.say('STARTTLS')
    if (!said.startsWith('220')) throw new Error(`STARTTLS was answered with ${said}`)
    const bare = this.#socket
    bare.removeAllListeners('data')
    const secure = connectTls({ socket: bare, rejectUnauthorized: false })
    this.#socket = secure
    this.#listen(secure)
    await once(secure, 'secureConnect')
  }

  /** The last reply: 235, or why not. */
  async login(mechanism: Mechanism, { login, password }: Credential): Promise<string> {
    let step = clientStart(mechanism, { login, password, nonce: randomBytes(18).toString('base64') })
    let line = `AUTH ${mechanism}`
    if (step.at === 'respond' && step.text !== '') line += ` ${step.text}`
    for (;;) {
      const said = await this.say(line)
      if (!said.startsWith('334') || step.at === 'abort') return said
      step = clientStep(step.state, said.slice(4))
      line = step.at === 'abort' ? '*' : step.text
    }
  }

  /** The reply to the content, or the first that said no; then the transaction is over. */
  async submit(submission: Submission): Promise<string> {
    for (const line of envelopeLines(submission)) {
      const said = await this.say(line)
      if (said.startsWith('2')) continue
      if (said !== 'closed') await this.say('RSET')
      return said
    }
    return submission.chunk === undefined
      ? this.#data(submission.content)
      : this.#chunks(Buffer.from(submission.content), submission.chunk)
  }

  async quit(): Promise<void> {
    await this.say('QUIT')
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  async #data(content: string | Buffer): Promise<string> {
    const said = await this.say('DATA')
    if (!said.startsWith('354')) return said
    this.write(stuffed(content))
    return this.reply()
  }

  async #chunks(content: Buffer, size: number): Promise<string> {
    for (let at = 0; at + size < content.length; at += size) {
      this.write(`BDAT ${size}\r\n`)
      this.write(content.subarray(at, at + size))
      const said = await this.reply()
      if (!said.startsWith('250')) return said
    }
    const rest =
      content.length === 0 ? content : content.subarray(content.length - (((content.length - 1) % size) + 1))
    this.write(`BDAT ${rest.length} LAST\r\n`)
    this.write(rest)
    return this.reply()
  }

  #listen(socket: Socket): void {
    const done = (): void => {
      this.#over = true
      this.#wake()
    }
    socket.on('data', (octets: Buffer) => {
      this.#heard += octets.toString('utf8')
      this.#wake()
    })
    for (const event of ['end', 'close', 'error']) socket.on(event, done)
  }
}

function envelopeLines({ from, to, mail = '', rcpt = '' }: Submission): readonly string[] {
  const recipients = typeof to === 'string' ? [to] : to
  return [
    `MAIL FROM:<${from}>${mail && ` ${mail}`}`,
    ...recipients.map((one) => `RCPT TO:<${one}>${rcpt && ` ${rcpt}`}`),
  ]
}

/** RFC 5321 §4.5.2 */
function stuffed(content: string | Buffer): Buffer {
  const text = Buffer.from(content).toString('latin1')
  const ended = text.endsWith('\r\n') ? text : `${text}\r\n`
  return Buffer.from(`${ended.replaceAll(/^\./gm, '..')}.\r\n`, 'latin1')
}
