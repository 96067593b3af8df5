/** One connection of a client, as its receiver sees it: what it says in place of yes. */

import type { Limits, Said } from '#engine/rule'
import type { Instant } from '#engine/spool'
import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'

import type { Sightings } from './sightings.ts'

/** What is not a yes. `close`: the reply, and the connection ends. `reset`: it ends without a word. */
export type Answer = { readonly kind: 'refuse' | 'close'; readonly reply: Reply } | { readonly kind: 'reset' }

/** What is counted of one client. */
export type Client = {
  connections: number
  readonly arrivals: Sightings
  readonly messages: Sightings
  /** The reply that an address has asked for, and how often it is still to be said. */
  mood: { readonly said: Said; left: number } | undefined
  /** Who has asked: the next try is taken, or the mail would never arrive. */
  readonly heard: Set<string>
  /** Of one that is not known yet. */
  today?: { readonly day: number; readonly nth: number; messages: number }
}

/** Whose guest it is. */
type House = {
  readonly personality: { readonly host: string }
  readonly limits: Limits
  readonly connections: number
  asked(local: string): { readonly said: Said; readonly left: number } | undefined
  wordsFor(stages: readonly string[], acts: readonly string[]): Said | undefined
  isTooMuchOfAStranger(client: Client, address: string, now: Instant): boolean
  exceeded(limit: string, client: string, at: Instant): void
}

export class Guest {
  readonly #receiver: House
  readonly #client: Client
  readonly #address: string
  #isGone = false
  #messages = 0
  #recipients = 0
  /** What is to be said at a later stage of this connection. */
  #due: Said | undefined

  constructor(receiver: House, client: Client, { address, now }: { address: string; now: Instant }) {
    this.#receiver = receiver
    this.#client = client
    this.#address = address
    client.connections += 1
    if (client.connections > receiver.connections) this.#exceeded('connections', now, TOO_MANY_CONNECTIONS)
    const span = client.arrivals.see(now)
    if (span !== undefined) this.#exceeded(span.limit, now, TOO_MANY_CONNECTIONS)
  }

  get host(): string {
    return this.#receiver.personality.host
  }

  left(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#client.connections -= 1
  }

  /** What the receiver says at `stage` in place of what it would; `undefined` when it does not. */
  at(stage: 'greeting' | 'EHLO' | 'DATA' | 'end of data'): Answer | undefined {
    return this.#mood(stage) ?? this.#take(stage)
  }

  mail(now: Instant): Answer | undefined {
    this.#messages += 1
    const most = this.#receiver.limits.messagesPerConnection
    if (most > 0 && this.#messages > most) this.#exceeded('messages_per_connection', now, SESSION_IS_FULL)
    const span = this.#client.messages.see(now)
    if (span !== undefined) this.#exceeded(span.limit, now, TOO_FAST)
    if (this.#receiver.isTooMuchOfAStranger(this.#client, this.#address, now))
      this.#exceeded('warm_up.schedule', now, TOO_MUCH_OF_A_STRANGER)
    return this.#mood('MAIL') ?? this.#take('MAIL')
  }

  /** `before`: the recipients that the transaction has. */
  rcpt(local: string, before: number, now: Instant): Answer | undefined {
    const { limits } = this.#receiver
    this.#recipients += 1
    const perConnection = limits.recipientsPerConnection || Infinity
    if (this.#recipients > perConnection) this.#exceeded('recipients_per_connection', now, MANY_RECIPIENTS)
    if (before >= limits.recipientsPerTransaction)
      this.#exceeded('recipients_per_transaction', now, MANY_RECIPIENTS)
    const asked = this.#client.heard.delete(local) ? undefined : this.#receiver.asked(local)
    if (asked !== undefined && this.#client.mood === undefined) {
      this.#client.mood = { ...asked }
      if (this.#client.heard.size < MAX_HEARD) this.#client.heard.add(local)
    }
    const answer = this.#mood('RCPT') ?? this.#take('RCPT')
    if (answer !== undefined || asked === undefined || LATER.has(asked.said.stage)) return answer
    // Too late for what it asks for, on this connection: the next one hears it.
    return { kind: 'close', reply: reply(421, '4.3.0', 'Come back for it') }
  }

  #mood(stage: string): Answer | undefined {
    const { mood } = this.#client
    if (mood?.said.stage !== stage) return undefined
    mood.left -= 1
    if (mood.left <= 0) this.#client.mood = undefined
    return answerOf(mood.said)
  }

  #take(stage: string): Answer | undefined {
    const said = this.#due
    if (said?.stage !== stage) return undefined
    this.#due = undefined
    return answerOf(said)
  }

  #exceeded(limit: string, at: Instant, { stages, acts, otherwise }: TooMuch): void {
    this.#receiver.exceeded(limit, this.#address, at)
    this.#due ??= this.#receiver.wordsFor(stages, acts) ?? otherwise
  }
}

const MAX_HEARD = 10_000

/** Where to look for the words, and what is said by a receiver that has none. */
type TooMuch = {
  readonly stages: readonly string[]
  readonly acts: readonly string[]
  readonly otherwise: Said
}

const TOO_MANY_CONNECTIONS: TooMuch = {
  stages: ['greeting'],
  acts: ['one-connection', 'slow', 'suspend'],
  otherwise: { stage: 'greeting', code: 421, enhanced: '4.7.0', text: 'Too many connections' },
}
const TOO_FAST: TooMuch = {
  stages: ['MAIL', 'RCPT', 'end of data'],
  acts: ['slow', 'suspend', 'one-connection'],
  otherwise: { stage: 'MAIL', code: 451, enhanced: '4.7.0', text: 'Too many messages, slow down' },
}
/** That is held against the address, and not only for a moment. */
const TOO_MUCH_OF_A_STRANGER: TooMuch = { ...TOO_FAST, acts: ['slow', 'suspend'] }
const SESSION_IS_FULL: TooMuch = {
  stages: ['MAIL', 'RCPT'],
  acts: ['none', 'one-connection', 'slow'],
  otherwise: { stage: 'MAIL', code: 421, enhanced: '4.7.0', text: 'Too many messages for this session' },
}
const MANY_RECIPIENTS: TooMuch = {
  stages: ['RCPT'],
  acts: ['none'],
  // RFC 5321 §4.5.3.1.10
  otherwise: { stage: 'RCPT', code: 452, enhanced: '4.5.3', text: 'Too many recipients' },
}

/** What can still be said after RCPT has come. */
const LATER: ReadonlySet<string> = new Set(['RCPT', 'DATA', 'end of data'])

function answerOf({ stage, code, enhanced, text }: Said): Answer {
  if (code === 0) return { kind: 'reset' }
  // The rules make up an enhanced code where the receiver sent none.
  const isMadeUp = enhanced.endsWith('.0.0')
  const words = { code, lines: [text] as const, ...(isMadeUp ? {} : { enhanced }) }
  const closes = code === 421 || stage === 'greeting'
  return { kind: closes ? 'close' : 'refuse', reply: words }
}
