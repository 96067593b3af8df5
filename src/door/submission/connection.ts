/**
 * One connection of the submission door: drives the session of `#grammar/smtp` with what the wire brings, does
 * what the session asks, and lets nothing that goes wrong reach another connection.
 */

import type { Socket } from 'node:net'
import type { TLSSocketOptions } from 'node:tls'

import { LINE_LIMITS, LineBuffer, greet, parseProxy, step } from '#grammar/smtp'
import type { Action, Event, LoginQuestion, Offer, Reply, Session, Step, Surroundings } from '#grammar/smtp'

import { Client } from './client.ts'
import type { Renamed } from './client.ts'
import { SubmissionDialogue } from './dialogue.ts'
import type { Door, Policy } from './door.ts'
import { dutyOf } from './duty.ts'
import type { Duty } from './duty.ts'
import type { Subject } from './journal.ts'
import type { LoginAnswer } from './login.ts'
import { Pace } from './pace.ts'
import type { Expected, Lateness } from './pace.ts'
import { Receiving } from './receiving.ts'
import type { Ended, Receiver } from './reception.ts'
import * as refusals from './refusals.ts'
import { looksLikeTls, Wire } from './wire.ts'
import type { WireOwner } from './wire.ts'

/** What the octets that come now are. `early`: ahead of the greeting, where there should be none. */
type Reading = { readonly at: 'early' | 'session' } | { readonly at: 'proxy'; held: Buffer }

/** Octets of commands that are kept while an answer is awaited, before the client is made to wait too. */
const AHEAD = 64 * 1024

/** Text of replies that is gathered before it is written. */
const ENOUGH = 16 * 1024

const NOTHING = Buffer.alloc(0)

/** The keys of what a client can be late for, as an operator looks for them. */
const LIMIT = { idle: 'limits.idle', session: 'limits.session', rate: 'limits.minimum_rate' } as const

export class Connection implements WireOwner {
  readonly #door: Door
  readonly #policy: Policy
  readonly #wire: Wire
  readonly #lines: LineBuffer
  readonly #pace: Pace
  readonly #client: Client
  readonly #dialogue: SubmissionDialogue
  readonly #onGone: (connection: Connection) => void
  #surroundings: Surroundings
  #session: Session
  #reading: Reading = { at: 'early' }
  #state: 'open' | 'waiting' | 'leaving' | 'gone' = 'open'
  #finished = false
  #isOld = false
  /** Made when a message comes: most of the time, most sessions are idle. */
  #receiving: Receiving | undefined
  #dutyNow: Duty | undefined
  /** An answer kept back until `at`. */
  #later: { readonly event: Event; readonly at: number } | undefined

  constructor(socket: Socket, door: Door, policy: Policy, onGone: (connection: Connection) => void) {
    this.#door = door
    this.#policy = policy
    this.#onGone = onGone
    this.#client = new Client(door, policy, socket, () => this.#subject())
    this.#lines = new LineBuffer({ command: policy.limits.commandLine, auth: LINE_LIMITS.auth })
    this.#pace = new Pace(policy.limits, door.elapsed())
    this.#dialogue = new SubmissionDialogue(door.tracer, policy.listener.name, this.#client)
    this.#surroundings = policy.surroundings
    this.#session = greet(policy.surroundings.terms, false).session
    const admitted = door.census.arrive()
    this.#wire = new Wire(socket, this)
    door.journal.opened(this.#subject())
    this.#guarded(() => this.#begin(admitted))
  }

  received(bytes: Buffer): void {
    this.#guarded(() => this.#received(bytes))
  }

  drained(): void {
    this.#guarded(() => this.#drained())
  }

  secured(): void {
    this.#guarded(() => this.#secured())
  }

  finished(): void {
    this.#guarded(() => this.#clientFinished())
  }

  ended(handshaking: boolean): void {
    this.#gone(handshaking)
  }

  /** In a transaction, or with an answer owed: a drain waits for it. */
  get busy(): boolean {
    if (this.#state === 'waiting') return true
    return this.#state === 'open' && !['greeted', 'ready', 'challenged'].includes(this.#session.at)
  }

  /** Ends the session unless it is busy. */
  dismiss(): void {
    if (!this.busy) this.#cut(refusals.SHUTTING_DOWN)
  }

  destroy(): void {
    this.#wire.destroy()
  }

  /** The one timer's call: what is kept back is said, and who is late is dealt with. */
  sweep(now: number): void {
    this.#guarded(() => {
      if (!this.#isOld) this.#grow()
      const later = this.#later
      if (later !== undefined && now >= later.at) {
        this.#later = undefined
        this.#answer(later.event)
      }
      const lateness = this.#pace.late(this.#expected, now)
      if (lateness !== undefined) this.#late(lateness)
    })
  }

  #grow(): void {
    this.#isOld = true
    this.#wire.keepAlive()
  }

  get #expected(): Expected {
    if (this.#state === 'leaving') return 'leave'
    if (this.#wire.handshaking || this.#reading.at === 'proxy') return 'handshake'
    if (this.#wire.blocked) return 'read'
    if (this.#state !== 'open' || this.#reading.at === 'early') return 'nothing'
    if (this.#isReceiving) return 'content'
    return 'command'
  }

  #late(lateness: Lateness): void {
    switch (lateness) {
      case 'idle':
      case 'session':
      case 'rate':
        return this.#cut(refusals.tooLate(lateness, this.#policy.limits), LIMIT[lateness])
      case 'handshake':
      case 'unread':
      case 'linger':
        return this.#wire.destroy()
    }
  }

  // Arrival: limits, PROXY header, TLS, greeting.

  #begin(admitted: boolean): void {
    if (!admitted) return this.#cut(refusals.TOO_MANY_CONNECTIONS)
    if (this.#policy.proxies(this.#client.address)) this.#reading = { at: 'proxy', held: NOTHING }
    else this.#arrive(NOTHING)
  }

  /** `ahead` came behind a PROXY header: the ClientHello where TLS comes first, elsewhere words before the greeting. */
  #arrive(ahead: Buffer): void {
    this.#reading = { at: 'early' }
    const mayStay = this.#client.arrive()
    if (this.#door.draining()) return this.#cut(refusals.SHUTTING_DOWN)
    if (!mayStay) return this.#cut(refusals.TOO_MANY_FROM_ADDRESS)
    if (this.#policy.xclients(this.#client.address)) this.#surroundings = this.#policy.proxySurroundings
    if (this.#policy.listener.tls === 'implicit') return this.#handshake(ahead)
    if (ahead.length > 0) return this.#received(ahead)
    this.#greetSoon(false)
  }

  #readProxyHeader(reading: Extract<Reading, { at: 'proxy' }>, bytes: Buffer): void {
    const held = reading.held.length === 0 ? bytes : Buffer.concat([reading.held, bytes])
    const parsed = parseProxy(held)
    if (parsed.kind === 'malformed') return this.#cut(refusals.BAD_PROXY_HEADER)
    if (parsed.kind === 'more') {
      reading.held = held
      return
    }
    this.#client.balanced(parsed.header)
    this.#arrive(held.subarray(parsed.header.length))
  }

  #handshake(ahead: Buffer): void {
    const { certificates } = this.#door
    this.#pace.progressed(this.#door.elapsed())
    const options: TLSSocketOptions = {
      secureContext: certificates.context(undefined),
      SNICallback: (name, done) => done(null, certificates.context(name)),
    }
    this.#wire.secure(options, ahead.length > 0 ? ahead : undefined)
  }

  #secured(): void {
    this.#pace.progressed(this.#door.elapsed())
    this.#dialogue.secured(this.#wire.tls)
    if (this.#session.at !== 'upgrading') return this.#greetSoon(true)
    this.#reading = { at: 'session' }
    this.#apply({ kind: 'secured' })
    this.#state = 'open'
    this.#run()
  }

  /**
   * Greets after the loop has come around once: what the client sent ahead of the greeting is read by then, and
   * tells programs that only pretend to listen. RFC 5321 §4.3.1
   */
  #greetSoon(secure: boolean): void {
    setImmediate(() => setImmediate(() => this.#guarded(() => this.#greet(secure))))
  }

  #greet(secure: boolean): void {
    if (this.#state !== 'open') return
    this.#reading = { at: 'session' }
    this.#follow(greet(this.#surroundings.terms, secure, this.#client.trusted))
    this.#wire.flush()
  }

  // Octets in.

  #received(bytes: Buffer): void {
    if (this.#state === 'leaving' || this.#state === 'gone') return
    if (this.#state === 'waiting') {
      this.#lines.push(bytes)
      if (this.#isHeldBack) this.#wire.pause()
      return
    }
    if (this.#reading.at === 'proxy') return this.#readProxyHeader(this.#reading, bytes)
    const early = this.#reading.at === 'early'
    if ((early || this.#session.at === 'greeted') && looksLikeTls(bytes))
      return this.#cut(refusals.TLS_IN_CLEAR)
    if (early) return this.#cut(refusals.TALKED_EARLY)
    if (this.#isReceiving) this.#pace.came(bytes.length)
    this.#lines.push(bytes)
    this.#run()
  }

  /** Everything that can be done with what has come, then one write. */
  #run(): void {
    while (this.#state === 'open' && !this.#wire.blocked && this.#advance()) {
      if (this.#wire.unsent >= ENOUGH) this.#wire.flush()
    }
    this.#wire.flush()
    if (this.#wire.blocked) return this.#wire.pause()
    if (this.#finished && this.#state === 'open') this.#leave()
  }

  /** One line, or one stretch of content; false when there is nothing to go on with. */
  #advance(): boolean {
    if (this.#isReceiving) return this.#receive()
    const line = this.#lines.next(this.#session.at === 'challenged' ? 'response' : 'command')
    if (line === undefined) return false
    this.#pace.progressed(this.#door.elapsed())
    this.#apply({ kind: 'line', line })
    return true
  }

  #receive(): boolean {
    const progress = this.#receives.advance()
    switch (progress.at) {
      case 'more':
        return false
      case 'over':
        if (progress.event !== undefined) this.#apply(progress.event)
        return true
      case 'wait':
        this.#await(progress.until, (event) => this.#taken(event))
        return false
      case 'hopeless':
        this.#cut(progress.reply)
        return false
    }
  }

  /** The intake has room again, or has decided. */
  #taken(event: Event | undefined): void {
    this.#pace.measure(this.#door.elapsed())
    if (event !== undefined) this.#apply(event)
  }

  // The session: steps and what they ask for.

  #apply(event: Event): void {
    const before = this.#session.at
    this.#dialogue.heard(this.#session, event)
    const next = step(this.#session, event, this.#surroundings)
    const said = next.replies.at(-1)
    if (said !== undefined && said.code >= 400 && event.kind !== 'content') {
      this.#door.journal.refused(this.#subject(), before, said)
    }
    // RFC 3207 §6, CVE-2011-0411: what was sent in clear behind STARTTLS would be taken for sent under TLS.
    if (next.action?.kind === 'starttls' && !this.#lines.isEmpty) return this.#cut(refusals.SENT_AHEAD_OF_TLS)
    this.#follow(next)
  }

  #follow({ session, replies, action }: Step): void {
    this.#session = session
    this.#dialogue.became(session)
    for (const said of replies) this.#wire.say(this.#dialogue.said(said))
    if (!inContent(session)) this.#receiving?.drop()
    if (action !== undefined) this.#do(action)
  }

  #do(action: Action): void {
    switch (action.kind) {
      case 'close':
        return this.#leave()
      case 'open':
        return this.#answerWith(this.#duty.open(action))
      case 'recipient':
        return this.#answerWith(this.#duty.recipient(action))
      case 'data':
      case 'chunk':
      case 'skip':
        this.#pace.measure(this.#door.elapsed())
        return this.#receives.begin(action)
      case 'beware':
        // RFC 2920 §3.1: DATA ends a group of commands, so whatever follows it at once is content without a home.
        if (!this.#lines.isEmpty) this.#leave()
        return
      case 'starttls':
        this.#state = 'waiting'
        return this.#handshake(NOTHING)
      case 'xclient':
        return this.#await(this.#client.becomes(action.attributes), (renamed) => this.#becomes(renamed))
      case 'login':
        return this.#identify(action.question)
    }
  }

  #answerWith(answer: Event | Promise<Event>): void {
    if (answer instanceof Promise) this.#await(answer, (event) => this.#apply(event))
    else this.#apply(answer)
  }

  get #duty(): Duty {
    return (this.#dutyNow ??= dutyOf(this.#door, this.#policy, () => this.#subject()))
  }

  get #isReceiving(): boolean {
    return this.#receiving?.isActive === true
  }

  get #receives(): Receiving {
    return (this.#receiving ??= new Receiving({
      lines: this.#lines,
      limit: this.#policy.limits.size,
      receiver: (offer) => this.#receiver(offer),
      newlines: (offer) => this.#newlines(offer),
      ended: (offer, ended) => this.#ended(offer, ended),
    }))
  }

  #receiver(offer: Offer): Receiver {
    const { tls } = this.#wire
    return this.#duty.receiver(offer, { ...this.#client.origin, ...(tls === undefined ? {} : { tls }) })
  }

  /** Only who has proved a login is helped; a trusted network gets no weaker rules than strangers. */
  #newlines({ identity }: Offer): 'reject' | 'normalize' {
    return identity.login === undefined ? 'reject' : this.#policy.listener.bareNewline
  }

  #ended({ envelope, protocol }: Offer, ended: Ended): void {
    const { journal } = this.#door
    this.#dialogue.content(ended)
    if (ended.reply.code >= 300) journal.rejected(this.#subject(), protocol, envelope, ended)
    else if (ended.id === undefined) journal.taken(this.#subject())
    else journal.accepted(this.#subject(), protocol, envelope, ended)
  }

  #identify(question: LoginQuestion): void {
    const answer = this.#client.identify(question)
    if (answer instanceof Promise) this.#await(answer, (said) => this.#identified(said))
    else this.#identified(answer)
  }

  #identified({ event, delay }: LoginAnswer): void {
    if (delay === 0) return this.#apply(event)
    this.#state = 'waiting'
    this.#later = { event, at: this.#door.elapsed() + delay }
  }

  #becomes(renamed: Renamed): void {
    this.#dialogue.over()
    if (renamed.mayStay) this.#apply(renamed.event)
    else this.#cut(renamed.reply)
  }

  // Waiting, failing, leaving.

  /** Goes on with `then` when `promise` is settled; until then no line is read. */
  #await<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#state = 'waiting'
    promise.then(
      (value) => this.#guarded(() => this.#resume(() => then(value))),
      (error: unknown) => this.#fail(error),
    )
  }

  #answer(event: Event): void {
    this.#resume(() => this.#apply(event))
  }

  #resume(then: () => void): void {
    if (this.#state !== 'waiting') return
    this.#state = 'open'
    this.#pace.progressed(this.#door.elapsed())
    then()
    if (this.#door.draining()) this.dismiss()
    // Who always has a message on its way to the disk would else never be found waiting for anything.
    if (this.#state === 'open' && this.#pace.isOver(this.#door.elapsed())) this.#late('session')
    this.#run()
    if (!this.#isHeldBack) this.#wire.resume()
  }

  #drained(): void {
    this.#pace.progressed(this.#door.elapsed())
    if (this.#state !== 'open') return
    this.#run()
    if (!this.#isHeldBack) this.#wire.resume()
  }

  /** Whether the client is to wait before it sends more. */
  get #isHeldBack(): boolean {
    return this.#wire.blocked || (this.#state === 'waiting' && this.#lines.length > AHEAD)
  }

  /** The client sends no more. What it has sent completely is still answered. */
  #clientFinished(): void {
    this.#finished = true
    if (this.#state === 'open') this.#run()
  }

  /** Ends the connection with a last word that the session did not say itself. */
  #cut(said: Reply, limit?: string): void {
    if (this.#state === 'leaving' || this.#state === 'gone') return
    this.#door.journal.cut(this.#subject(), this.#session.at, said, limit)
    // Where TLS comes first, words in clear would only be a broken record.
    const isMute = this.#policy.listener.tls === 'implicit' && this.#wire.tls === undefined
    if (!isMute && !this.#wire.handshaking) this.#wire.say(this.#dialogue.said(said))
    this.#leave()
  }

  #leave(): void {
    if (this.#state === 'leaving' || this.#state === 'gone') return
    this.#state = 'leaving'
    this.#receiving?.drop()
    this.#pace.progressed(this.#door.elapsed())
    this.#wire.end()
  }

  /** The one place where an error of ours ends: with this connection. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#door.journal.failed(this.#subject(), error)
    const said = refusals.failure(error)
    return said === undefined ? this.#wire.destroy() : this.#cut(said)
  }

  #gone(handshaking: boolean): void {
    if (this.#state === 'gone') return
    if (handshaking) this.#door.journal.tlsFailed(this.#subject())
    this.#state = 'gone'
    this.#later = undefined
    this.#receiving?.drop()
    this.#client.leave()
    this.#dialogue.over()
    this.#door.journal.closed(this.#subject())
    this.#onGone(this)
  }

  #subject(): Subject {
    return this.#client.subject(this.#wire.tls, this.#session.peer.identity)
  }
}

function inContent(session: Session): boolean {
  return session.at === 'data' || session.at === 'chunk' || session.at === 'chunks'
}
