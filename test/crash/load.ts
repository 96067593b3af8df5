/**
 * The load of the crash runs: sessions that submit as fast as they are answered, each message with an id of its own,
 * and remember what they were told. A server that is gone is waited for.
 */

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { contentOf, DOMAIN, SENDER } from './load-mail.ts'

/**
 * What the client knows of a message. `acked`: 250 read, so it must arrive. `refused`: 4yz or 5yz read, so it must not.
 * `uncertain`: the connection was lost after the final dot. RFC 5321 §4.2.5
 */
export type Told = 'acked' | 'refused' | 'uncertain'

/** Milliseconds between two tries to connect. */
const BETWEEN = 20

export type LoadOptions = {
  /** Makes ids unique. */
  readonly name: string
  readonly sessions: number
  /** Messages a second, all sessions together; `Infinity`: as fast as they are answered. */
  readonly rate: number
  /** Asked for each connection; without a port there is nobody to connect to now. */
  readonly port: () => number | undefined
}

export class Load {
  readonly told = new Map<string, Told>()
  readonly #options: LoadOptions
  readonly #sessions: readonly Promise<void>[]
  #over = false
  #count = 0
  /** When the next message may be sent, in ms. */
  #next = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#sessions = Array.from({ length: options.sessions }, () => this.#keepSending())
  }

  count(told: Told): number {
    let count = 0
    for (const one of this.told.values()) if (one === told) count += 1
    return count
  }

  /** Resolves once every session has heard of its last message. */
  async end(): Promise<void> {
    this.#over = true
    await Promise.all(this.#sessions)
  }

  async #keepSending(): Promise<void> {
    while (!this.#over) {
      const port = this.#options.port()
      if (port !== undefined) await this.#session(port)
      await sleep(BETWEEN)
    }
  }

  /** Waits for its turn. What a server that was gone has missed is not made up for. */
  async #turn(): Promise<void> {
    const now = performance.now()
    this.#next = Math.max(now, this.#next) + 1_000 / this.#options.rate
    if (this.#next - now >= 1) await sleep(this.#next - now)
  }

  /** Until the connection is lost, or the load ends. */
  async #session(port: number): Promise<void> {
    using line = new Line(port)
    if (!(await line.reply()).startsWith('220')) return
    if (!(await line.say(`EHLO ${SENDER}\r\n`)).startsWith('250')) return
    for (await this.#turn(); !this.#over; await this.#turn()) {
      const id = `${this.#options.name}-${(this.#count += 1)}`
      line.write(`MAIL FROM:<load@${SENDER}>\r\nRCPT TO:<${id}@${DOMAIN}>\r\nDATA\r\n`)
      const replies = [await line.reply(), await line.reply(), await line.reply()]
      if (replies[2]?.startsWith('354') !== true) {
        // Said to be full or to be going: nothing of it was sent.
        if (replies.includes('')) return
        await line.say('RSET\r\n')
        await sleep(BETWEEN)
        continue
      }
      const said = await line.say(`${contentOf(id)}.\r\n`)
      this.told.set(id, said === '' ? 'uncertain' : said.startsWith('250') ? 'acked' : 'refused')
      if (said === '') return
    }
    await line.say('QUIT\r\n')
  }
}

/** A connection that reads replies. */
class Line implements Disposable {
  readonly #socket: Socket
  #heard = ''
  #over = false
  #wake: () => void = () => {}

  constructor(port: number) {
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

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  say(text: string): Promise<string> {
    this.write(text)
    return this.reply()
  }

  /** The last line of the next reply; empty when the connection is lost before it. */
  async reply(): Promise<string> {
    for (;;) {
      const found = /^\d{3} [^\r]*\r\n/m.exec(this.#heard)
      if (found !== null) {
        this.#heard = this.#heard.slice(found.index + found[0].length)
        return found[0].trimEnd()
      }
      if (this.#over) return ''
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
