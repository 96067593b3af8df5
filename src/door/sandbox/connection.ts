/** One SMTP connection to the sandbox: reads commands, misbehaves as asked, and keeps what it takes. RFC 5321 §4.1.4 */

import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { TLSSocket } from 'node:tls'

import type { Waiting } from '#grammar/sasl'
import { formatReply, LineBuffer, parseCommand } from '#grammar/smtp'
import type { Command, CommandContext, Extension, Recipient, Reply } from '#grammar/smtp'

import type { Inbox, Received } from './inbox.ts'
import { keywordOf, offeredBy } from './extensions.ts'
import { beginLogin, continueLogin } from './login.ts'
import type { LoginStep } from './login.ts'
import type { Patience } from './patience.ts'
import type { Persona } from './persona.ts'
import type { Guest } from '#engine/receiver'
import { MAX_RECIPIENTS, SIZE_LIMIT, Transaction } from './transaction.ts'
import { REPLIES } from './verdict.ts'
import type { Circumstances, Verdict } from './verdict.ts'

export type House = {
  readonly inbox: Inbox
  readonly patience: Patience
  /** Absent: STARTTLS is not offered. */
  readonly tls?: SecureContext
  /** Milliseconds. */
  readonly slowness: number
  readonly greylisting: number
  readonly now: () => number
}

/** How long a silent client is borne, in ms. RFC 5321 §4.5.3.2.7 */
const PATIENCE = 5 * 60_000
const HOSTNAME = 'mx.sandbox.test'
/** A TLS alert: handshake_failure, fatal. RFC 8446 §6 */
const HANDSHAKE_FAILURE = Buffer.from('15030300020228', 'hex')

/** Commands with one answer. */
const SIMPLE: ReadonlyMap<string, Reply> = new Map<string, Reply>([
  ['RSET', REPLIES.ok],
  ['NOOP', REPLIES.ok],
  ['HELP', REPLIES.ok],
  ['VRFY', REPLIES.cannotVerify],
])

type State =
  | { readonly at: 'command' }
  | { readonly at: 'login'; readonly waiting: Waiting }
  | { readonly at: 'data' }
  | { readonly at: 'chunk'; readonly size: number }
  /** The octets of a BDAT that is refused. */
  | { readonly at: 'skip'; remaining: number; readonly answer: Reply }
  | { readonly at: 'closed' }

export class Connection {
  readonly #house: House
  readonly #persona: Persona
  readonly #address: string
  readonly #plain: Socket
  /** How a known receiver sees this connection. */
  readonly #guest: Guest | undefined
  /** `#plain`, or the TLS over it. */
  #socket: Socket
  #lines = new LineBuffer()
  #state: State = { at: 'command' }
  #helo: string | undefined
  #loggedIn: string | undefined
  #offered: ReadonlySet<Extension>
  #transaction: Transaction | undefined
  /** Replies not yet written: those to one segment of commands leave in one segment. */
  #out = ''
  /** Milliseconds by which each reply is late. */
  #delay = 0
  #late: NodeJS.Timeout | undefined

  constructor(socket: Socket, persona: Persona, house: House) {
    this.#house = house
    this.#persona = persona
    this.#plain = socket
    this.#socket = socket
    this.#address = socket.remoteAddress ?? ''
    this.#guest = persona.receiver?.arrived(this.#address, house.now())
    this.#offered = this.#offer()
    // An answer of a few octets must not wait for the acknowledgement of the one before.
    socket.setNoDelay(true)
    socket.setTimeout(PATIENCE, () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(this.#late)
      this.#guest?.left()
    })
    this.#greet()
  }

  destroy(): void {
    this.#plain.destroy()
  }

  #greet(): void {
    this.#listen(this.#socket)
    switch (this.#persona.greets) {
      case 'at once':
        if (this.#bars(this.#guest?.at('greeting'))) break
        this.#say({ code: 220, lines: [`${this.#hostname} ESMTP Hikyaku sandbox`] })
        break
      case '421':
        this.#end(REPLIES.busy)
        break
      case '554':
        this.#end(REPLIES.noService)
        break
      case 'with a reset':
        this.#reset()
        break
      case 'never':
      case 'not at all: the port is closed':
        this.#state = { at: 'closed' }
    }
    this.#flush()
  }

  #listen(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      if (this.#state.at === 'closed') return
      this.#lines.push(bytes)
      this.#work()
    })
  }

  /** Does what can be done with what has come; replies leave together. */
  #work(): void {
    while (this.#late === undefined && this.#step()) {
      // Each step reads one command, or what there is of a content.
    }
    this.#flush()
  }

  /** False when there is nothing more to do now. */
  #step(): boolean {
    switch (this.#state.at) {
      case 'command':
      case 'login':
        return this.#line(this.#state)
      case 'data':
      case 'chunk':
        return this.#content()
      case 'skip':
        return this.#skip(this.#state)
      case 'closed':
        return false
    }
  }

  #line(state: Extract<State, { at: 'command' | 'login' }>): boolean {
    const line = this.#lines.next(state.at === 'login' ? 'response' : 'command')
    if (line === undefined) return false
    if (line.kind !== 'line') this.#end(REPLIES.malformed)
    else if (state.at === 'login') this.#login(continueLogin(state.waiting, line.text))
    else this.#command(parseCommand(line.text, this.#context()))
    return true
  }

  #auth({ mechanism, initial }: Extract<Command, { verb: 'AUTH' }>): void {
    const isInPlace =
      this.#helo !== undefined && this.#loggedIn === undefined && this.#transaction === undefined
    if (isInPlace) this.#login(beginLogin(mechanism, initial))
    else this.#say(REPLIES.sequence)
  }

  #login({ reply, waiting, login }: LoginStep): void {
    this.#state = waiting === undefined ? { at: 'command' } : { at: 'login', waiting }
    this.#loggedIn = login
    this.#say(reply)
  }

  #context(): CommandContext {
    return {
      offered: this.#offered,
      smtputf8: this.#transaction?.parameters.smtputf8 ?? false,
      now: this.#house.now(),
      address: { looseDots: true, furtherHop: true, postmasterDomain: HOSTNAME },
      holdMaximum: 0,
      deliverByMinimum: 0,
    }
  }

  #command(command: Command): void {
    const { verb } = command
    if (verb === 'MAIL') this.#mail(command)
    else if (verb === 'RCPT') this.#rcpt(command.recipient)
    else if (verb === 'DATA') this.#data()
    else if (verb === 'BDAT') this.#bdat(command.size, command.last)
    else if (verb === 'EHLO' || verb === 'HELO') this.#hello(verb, command.client)
    else if (verb === 'AUTH') this.#auth(command)
    else if (verb === 'STARTTLS') this.#startTls()
    else if (verb === 'QUIT') this.#end(REPLIES.bye)
    else if (verb === 'refused') this.#refused(command)
    else this.#simple(verb)
  }

  #refused({ reply, close }: Extract<Command, { verb: 'refused' }>): void {
    if (close) this.#end(reply)
    else this.#say(reply)
  }

  #simple(verb: Command['verb']): void {
    // RFC 5321 §4.1.1.5
    if (verb === 'RSET') this.#transaction = undefined
    this.#say(SIMPLE.get(verb) ?? REPLIES.unknown)
  }

  #hello(verb: 'EHLO' | 'HELO', client: string): void {
    if (verb === 'EHLO' && !this.#persona.ehlo) return this.#say(REPLIES.unknown)
    if (this.#bars(this.#guest?.at('EHLO'))) return
    this.#helo = client
    this.#transaction = undefined
    const keywords = [...this.#offered].map(keywordOf)
    this.#say({ code: 250, lines: verb === 'EHLO' ? [this.#hostname, ...keywords] : [this.#hostname] })
  }

  get #hostname(): string {
    return this.#guest?.host ?? HOSTNAME
  }

  #offer(): ReadonlySet<Extension> {
    return offeredBy(this.#persona, { isSecure: this.#isSecure, hasTls: this.#house.tls !== undefined })
  }

  get #isSecure(): boolean {
    return this.#socket instanceof TLSSocket
  }

  #mail(mail: Extract<Command, { verb: 'MAIL' }>): void {
    if (this.#helo === undefined || this.#transaction !== undefined) return this.#say(REPLIES.sequence)
    // RFC 1870 §6.1
    if ((mail.parameters.size ?? 0) > SIZE_LIMIT) return this.#say(REPLIES.tooLarge)
    if (this.#bars(this.#guest?.mail(this.#house.now()))) return
    const words = this.#persona.receiver?.personality.words
    this.#transaction = new Transaction(mail, !this.#house.inbox.keepsNothing, words)
    this.#say(REPLIES.sender)
  }

  #rcpt(recipient: Recipient): void {
    const transaction = this.#transaction
    if (transaction === undefined || transaction.hasChunks) return this.#say(REPLIES.sequence)
    if (transaction.to.length >= MAX_RECIPIENTS) return this.#say(REPLIES.tooMany)
    if (this.#bars(this.#guest?.rcpt(recipient.to.local, transaction.to.length, this.#house.now()))) return
    if (this.#bars(transaction.meet(recipient, this.#circumstances()))) return
    transaction.add(recipient)
    this.#say(REPLIES.recipient)
  }

  /** Carries out a verdict; true when nothing further is to be done for the command. */
  #bars(verdict: Verdict | undefined): boolean {
    switch (verdict?.kind) {
      case undefined:
        return false
      case 'refuse':
        this.#say(verdict.reply)
        return true
      case 'close':
        this.#end(verdict.reply)
        return true
      case 'reset':
        this.#reset()
        return true
      case 'slow':
        this.#delay = verdict.delay
        return false
      case 'take':
      case 'swallow':
        return false
    }
  }

  #circumstances(): Circumstances {
    const { now, slowness, greylisting, patience } = this.#house
    return { client: this.#address, now: now(), slowness, greylisting, patience }
  }

  #data(): void {
    const transaction = this.#transaction
    if (transaction === undefined || transaction.hasChunks) return this.#say(REPLIES.sequence)
    if (transaction.to.length === 0) return this.#say(REPLIES.noRecipients)
    if (this.#bars(this.#guest?.at('DATA') ?? transaction.at('data', this.#circumstances()))) {
      this.#transaction = undefined
      return
    }
    this.#state = { at: 'data' }
    this.#say(REPLIES.start)
  }

  #bdat(size: number, last: boolean): void {
    const transaction = this.#transaction
    if (transaction === undefined) return this.#refuseChunk(size, REPLIES.sequence)
    if (transaction.to.length === 0) return this.#refuseChunk(size, REPLIES.noRecipients)
    const verdict = this.#guest?.at('DATA') ?? transaction.at('data', this.#circumstances())
    if (verdict.kind === 'refuse') {
      this.#transaction = undefined
      return this.#refuseChunk(size, verdict.reply)
    }
    if (transaction.at('content', this.#circumstances()).kind === 'reset') return this.#reset()
    transaction.chunks.begin(size, last)
    this.#state = { at: 'chunk', size }
    if (size === 0) this.#endChunk(transaction, 0)
  }

  /** RFC 3030 §2: the octets come whatever the answer. */
  #refuseChunk(size: number, answer: Reply): void {
    this.#state = { at: 'skip', remaining: size, answer }
  }

  #skip(skip: Extract<State, { at: 'skip' }>): boolean {
    const bytes = this.#lines.takeRest()
    this.#lines.push(bytes.subarray(skip.remaining))
    skip.remaining -= Math.min(skip.remaining, bytes.length)
    if (skip.remaining > 0) return false
    this.#state = { at: 'command' }
    this.#say(skip.answer)
    return true
  }

  #content(): boolean {
    const transaction = this.#transaction
    const bytes = this.#lines.takeRest()
    if (transaction === undefined || bytes.length === 0) return false
    const chunk = this.#state.at === 'chunk' ? this.#state : undefined
    if (chunk === undefined && transaction.at('content', this.#circumstances()).kind === 'reset') {
      this.#reset()
      return false
    }
    const { slices, end } = (chunk === undefined ? transaction.data : transaction.chunks).push(bytes)
    transaction.keep(slices)
    if (end === undefined) return false
    this.#lines.push(bytes.subarray(end))
    if (chunk === undefined) this.#endContent(transaction)
    else this.#endChunk(transaction, chunk.size)
    return true
  }

  #endChunk(transaction: Transaction, size: number): void {
    if (transaction.chunks.ended) return this.#endContent(transaction)
    this.#state = { at: 'command' }
    this.#say({ code: 250, enhanced: '2.0.0', lines: [`${size} octets received`] })
  }

  #endContent(transaction: Transaction): void {
    this.#transaction = undefined
    this.#state = { at: 'command' }
    const { fault } = transaction
    if (fault !== undefined) return this.#say(fault === 'too-large' ? REPLIES.tooLarge : REPLIES.badContent)
    const { inbox } = this.#house
    const id = inbox.nextId()
    const taken: Reply = { code: 250, enhanced: '2.0.0', lines: [`OK, message ${id}`] }
    const verdict = this.#guest?.at('end of data') ?? transaction.at('end', this.#circumstances())
    const answer = 'reply' in verdict ? verdict.reply : verdict.kind === 'reset' ? undefined : taken
    if (verdict.kind !== 'swallow' && !inbox.keepsNothing) inbox.add(this.#received(id, transaction, answer))
    if (!this.#bars(verdict)) {
      this.#say(taken)
      inbox.count()
    }
  }

  #received(id: number, transaction: Transaction, answer: Reply | undefined): Received {
    return {
      id,
      at: this.#house.now(),
      client: { address: this.#address, helo: this.#helo ?? '' },
      ...this.#tlsFacts(),
      ...(this.#loggedIn === undefined ? {} : { login: this.#loggedIn }),
      host: this.#persona.name,
      envelope: transaction.envelope(),
      raw: transaction.content(),
      ...(answer === undefined ? {} : { reply: formatReply(answer).trimEnd().replaceAll('\r\n', ' ') }),
    }
  }

  #tlsFacts(): Pick<Received, 'tls'> {
    if (!(this.#socket instanceof TLSSocket)) return {}
    return { tls: { protocol: this.#socket.getProtocol() ?? '', cipher: this.#socket.getCipher().name } }
  }

  #startTls(): void {
    const { tls } = this.#house
    if (tls === undefined || !this.#offered.has('STARTTLS')) return this.#say(REPLIES.unknown)
    // RFC 3207 §4: what was sent ahead in clear is not ours to read; such a client is not spoken to any longer.
    if (!this.#lines.isEmpty) return this.#end(REPLIES.sequence)
    this.#delay = 0
    this.#say(REPLIES.tls)
    this.#flush()
    if (this.#persona.brokenTls) {
      this.#state = { at: 'closed' }
      this.#socket.once('data', () => this.#socket.end(HANDSHAKE_FAILURE))
      return
    }
    this.#upgrade(tls)
  }

  /** A new parser and no transaction: nothing said in clear is left. RFC 3207 §4.2 */
  #upgrade(secureContext: SecureContext): void {
    this.#plain.removeAllListeners('data')
    const secure = new TLSSocket(this.#plain, { isServer: true, secureContext })
    this.#socket = secure
    this.#lines = new LineBuffer()
    this.#helo = undefined
    this.#loggedIn = undefined
    this.#transaction = undefined
    this.#offered = this.#offer()
    secure.on('close', () => this.#plain.destroy())
    this.#listen(secure)
  }

  #say(said: Reply): void {
    this.#out += formatReply(said)
    if (this.#delay === 0) return
    this.#socket.pause()
    this.#late = setTimeout(() => {
      this.#late = undefined
      this.#flush()
      this.#socket.resume()
      this.#work()
    }, this.#delay)
  }

  #end(said: Reply): void {
    this.#out += formatReply(said)
    this.#state = { at: 'closed' }
    this.#guest?.left()
    this.#flush()
    this.#socket.end()
  }

  #reset(): void {
    this.#state = { at: 'closed' }
    this.#guest?.left()
    this.#flush()
    // Inside TLS there is no RST to send; the socket below has one.
    this.#plain.resetAndDestroy()
  }

  /** A late reply waits for its time. */
  #flush(): void {
    if (this.#out === '' || this.#late !== undefined) return
    const text = this.#out
    this.#out = ''
    if (this.#socket.write(text) || this.#late !== undefined) return
    // Who sends without reading is not read until it does.
    this.#socket.pause()
    this.#socket.once('drain', () => this.#socket.resume())
  }
}
