/**
 * For tests: receivers without a network, in a time that passes only when nothing else is to be done. Octets take
 * time to arrive, in both directions, and what a receiver counts it counts when they do.
 */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

import { Dialogue, UNTRACED } from '#engine/trace'
import { NO_CAPABILITIES, ReplyParser } from '#grammar/smtp'

import type { openConnection } from './opening.ts'
import type { Timers } from './timers.ts'
import { deferred, verdictOf } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import { Wire } from './wire.ts'

type Event = { readonly at: number; readonly n: number; readonly act: () => void }

/** Events in their order; those of one moment as they were planned. */
export class VirtualTime implements Timers {
  now = 1_800_000_000_000
  #events: Event[] = []
  #n = 0

  monotonic(): number {
    return this.now
  }

  after(ms: number, act: () => void): () => void {
    const event = { at: this.now + Math.max(0, ms), n: (this.#n += 1), act }
    this.#events.push(event)
    return () => {
      this.#events = this.#events.filter((other) => other !== event)
    }
  }

  /** Lets everything happen that will within `ms`, until `isDone`. False when it was not by then. */
  async pass(ms: number, isDone: () => boolean): Promise<boolean> {
    const end = this.now + ms
    for (;;) {
      // Promises have their turn: as many as follow each other in opening a connection and reading a message.
      for (let n = 0; n < 12; n += 1) await Promise.resolve()
      if (isDone()) return true
      const next = this.#events.reduce<Event | undefined>(
        (first, event) =>
          first === undefined || event.at < first.at || (event.at === first.at && event.n < first.n)
            ? event
            : first,
        undefined,
      )
      if (next === undefined || next.at > end) return false
      this.#events = this.#events.filter((event) => event !== next)
      this.now = Math.max(this.now, next.at)
      next.act()
    }
  }
}

export type Seen = {
  /** When each connection came and went. */
  readonly connections: { readonly from: number; until: number; messages: number; recipients: number }[]
  /** When each MAIL came. */
  readonly messages: number[]
  /** Recipients of the largest transaction. */
  most: number
  /** When clients heard that there is to be no more. */
  readonly refusals: number[]
}

export type Habits = {
  /** In [0, 1). */
  readonly random: () => number
  /** Milliseconds one way. */
  readonly distance: number
  /** Milliseconds to think about a command, at most. */
  readonly thinking: number
  /** Share of commands answered with 421, after which the receiver hangs up. */
  readonly moody: number
  /** Share of connections that are greeted with 421. */
  readonly shy: number
}

/** Who has a mind of its own on one connection: a reply in place of yes, such as `421 4.7.0 not now`. */
export type Mind = {
  greeting(): string | undefined
  /** Of MAIL and RCPT, as they came; the end of the content is `.`. */
  command(line: string): string | undefined
  left(): void
}

/** One site. */
export class Receiver {
  readonly seen: Seen = { connections: [], messages: [], most: 0, refusals: [] }
  readonly #time: VirtualTime
  readonly #habits: Habits
  readonly #sessions: Session[] = []
  readonly #mind: (() => Mind) | undefined

  /** `mind` is asked for with each connection. */
  constructor(time: VirtualTime, habits: Habits, mind?: () => Mind) {
    this.#time = time
    this.#habits = habits
    this.#mind = mind
  }

  /** The client's process is gone, and all its sockets with it. */
  dropAll(): void {
    for (const session of this.#sessions.splice(0)) session.end()
  }

  /** In place of a network: a few addresses, of which the first may not answer, or not at once. */
  readonly open: typeof openConnection = async (_source, _route, around) => {
    const first = this.#dial()
    const isSlow = this.#habits.random() < 0.2
    // A second address is tried beside the first, which answers all the same: the loser is closed.
    const loser = isSlow && around.another?.(true) === true ? this.#dial() : undefined
    const greeted = await first.greeting
    await loser?.greeting
    loser?.end()
    if (greeted) return { ok: true, wire: this.#wire(first, around.timers), peer: peerOf(), trials: [] }
    first.end()
    if (first.refusal !== undefined || around.another?.(false) !== true) return refused(first.refusal)
    const second = this.#dial()
    if (await second.greeting)
      return { ok: true, wire: this.#wire(second, around.timers), peer: peerOf(), trials: [] }
    second.end()
    return refused()
  }

  #wire(session: Session, timers: Timers): Wire {
    const dialogue = new Dialogue(UNTRACED, () => ({ way: 'out', peer: '', by: '' }))
    return new Wire(session.socket as unknown as Socket, timers, nobody, dialogue)
  }

  #dial(): Session {
    const session = new Session(this.#time, this.#habits, { seen: this.seen, mind: this.#mind })
    this.#sessions.push(session)
    return session
  }
}

const nobody = { replied() {}, lost() {}, drained() {}, expired() {} }

function peerOf(): {
  host: string
  address: string
  capabilities: typeof NO_CAPABILITIES
  tls: string
  verified: boolean
} {
  const capabilities = { ...NO_CAPABILITIES, pipelining: true }
  return { host: 'mx.example.net', address: '192.0.2.1', capabilities, tls: '', verified: false }
}

function refused(words?: string): Awaited<ReturnType<typeof openConnection>> {
  const verdict = words === undefined ? deferred('greeting', '4.3.2', 'not now') : saidAtGreeting(words)
  return {
    ok: false,
    failure: { verdict, host: 'mx.example.net', address: '192.0.2.1', tls: '' },
    trials: [],
  }
}

function saidAtGreeting(words: string): Verdict {
  const parser = new ReplyParser()
  parser.push(Buffer.from(`${words}\r\n`))
  const event = parser.next()
  assert(event?.kind === 'reply', words)
  return verdictOf(event.reply, 'greeting')
}

/** What Wire needs of a socket. */
class FakeSocket extends EventEmitter {
  readonly #sent: (bytes: Buffer) => void
  readonly #closed: () => void
  isClosed = false

  constructor(sent: (bytes: Buffer) => void, closed: () => void) {
    super()
    this.#sent = sent
    this.#closed = closed
  }

  write(bytes: string | Uint8Array): boolean {
    if (!this.isClosed) this.#sent(Buffer.from(bytes as Uint8Array))
    return true
  }

  destroy(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#closed()
  }
}

/** One connection as the receiver has it. */
class Session {
  readonly socket: FakeSocket
  /** Whether it was let in; settles when the client has heard. */
  readonly greeting: Promise<boolean>
  /** What it says in place of a greeting. */
  refusal: string | undefined
  readonly #time: VirtualTime
  readonly #habits: Habits
  readonly #seen: Seen
  readonly #entry: Seen['connections'][number]
  #mind: Mind | undefined
  #text = ''
  #isContent = false
  #recipients = 0
  /** MAIL or the recipient of the transaction was refused. */
  #refuses = false
  /** When the last reply leaves: none overtakes another. */
  #busyUntil = 0

  constructor(
    time: VirtualTime,
    habits: Habits,
    { seen, mind }: { readonly seen: Seen; readonly mind: (() => Mind) | undefined },
  ) {
    this.#time = time
    this.#habits = habits
    this.#seen = seen
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.greeting = promise
    this.#entry = { from: time.now + habits.distance, until: Infinity, messages: 0, recipients: 0 }
    this.socket = new FakeSocket(
      (bytes) => void time.after(habits.distance, () => this.#read(bytes)),
      () => void time.after(habits.distance, () => this.#over()),
    )
    time.after(habits.distance, () => {
      seen.connections.push(this.#entry)
      this.#mind = mind?.()
      this.refusal = this.#mind?.greeting()
    })
    const isShy = habits.random() < habits.shy
    const thinking = habits.random() * habits.thinking
    time.after(2 * habits.distance + thinking, () => resolve(!isShy && this.refusal === undefined))
  }

  end(): void {
    this.socket.destroy()
  }

  #over(): void {
    if (this.#entry.until === Infinity) this.#mind?.left()
    this.#entry.until = Math.min(this.#entry.until, this.#time.now)
  }

  #read(bytes: Buffer): void {
    if (this.#entry.until !== Infinity) return
    this.#text += bytes.toString('latin1')
    for (;;) {
      const end = this.#isContent ? this.#text.indexOf('\r\n.\r\n') : this.#text.indexOf('\r\n')
      if (end < 0) return
      const line = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + (this.#isContent ? 5 : 2))
      if (this.#isContent) this.#content()
      else this.#command(line)
    }
  }

  #content(): void {
    this.#isContent = false
    if (!this.#bars('.')) this.#say('250 2.0.0 queued')
  }

  /** True when it has something else to say. */
  #bars(line: string): boolean {
    const words = this.#mind?.command(line)
    if (words === undefined) return false
    if (words.startsWith('421')) this.#leave(words)
    else this.#say(words)
    return true
  }

  #command(line: string): void {
    const verb = line.slice(0, 4)
    if (verb === 'QUIT') return this.#leave('221 bye')
    if (verb === 'MAIL') {
      this.#entry.messages += 1
      this.#seen.messages.push(this.#time.now)
      this.#recipients = 0
      this.#refuses = false
    }
    if (verb === 'RCPT') {
      this.#entry.recipients += 1
      this.#recipients += 1
      this.#seen.most = Math.max(this.#seen.most, this.#recipients)
    }
    if ((verb === 'MAIL' || verb === 'RCPT') && this.#bars(line)) return void (this.#refuses = true)
    // Who pipelines says DATA before it knows that nobody is there for it. RFC 2920 §3.1
    if (verb === 'DATA' && this.#refuses) return this.#say('554 5.5.1 no valid recipients')
    if (verb !== 'DATA' && this.#habits.random() < this.#habits.moody) return this.#refuse(verb)
    this.#isContent = verb === 'DATA'
    this.#say(verb === 'DATA' ? '354 go' : '250 ok')
  }

  /** What is said to QUIT or RSET nobody hears. */
  #refuse(verb: string): void {
    const isHeard = verb === 'MAIL' || verb === 'RCPT'
    this.#leave('421 4.7.0 no more', isHeard)
  }

  /** Counts no more from here on. */
  #leave(words: string, isRefusal = false): void {
    this.#say(words, isRefusal)
    this.#over()
  }

  #say(line: string, isRefusal = false): void {
    const { random, thinking, distance } = this.#habits
    this.#busyUntil = Math.max(this.#busyUntil, this.#time.now + random() * thinking)
    this.#time.after(this.#busyUntil - this.#time.now + distance, () => {
      if (this.socket.isClosed) return
      if (isRefusal) this.#seen.refusals.push(this.#time.now)
      this.socket.emit('data', Buffer.from(`${line}\r\n`))
    })
  }
}
