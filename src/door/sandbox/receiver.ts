/**
 * One receiver that the sandbox plays: it bears what the shaping rules say of it, counts as a receiver counts, and
 * answers what is too much, or what an address asks for, with the samples of the rules: its own words.
 */

import { baseOf, failureOf, providerOf, resolve } from '#engine/rule'
import type { Limits, Reaction, Ruleset, Said } from '#engine/rule'
import { reply } from '#grammar/smtp'
import type { EgressConfig } from '#platform/config'

import type { Personality } from './personality.ts'
import type { Verdict } from './verdict.ts'

/** What a sandbox with personalities knows of the rules: those that the node beside it sends by. */
export type Rules = { readonly rules: Ruleset; readonly egress: EgressConfig }

/** One time that a client sent more than the receiver bears. */
export type Overrun = {
  readonly personality: string
  /** As rules write it: `messages_per_second`. */
  readonly limit: string
  readonly client: string
  readonly at: number
}

type Span = { readonly limit: string; readonly most: number; readonly within: number }

/** What is counted of one client address. */
type Client = {
  connections: number
  /** When connections came, and when transactions began, as far back as a limit looks. */
  readonly arrivals: number[]
  readonly messages: number[]
  /** The reply that an address has asked for, and how often it is still to be said. */
  mood: { readonly said: Said; left: number } | undefined
  /** Who has asked: the next try is taken, or the mail would never arrive. */
  readonly heard: Set<string>
}

export class Receiver {
  readonly personality: Personality
  /** Whether the rules know it by its host, so that any domain may lead to it. */
  readonly isKnownByHost: boolean
  readonly overruns: Overrun[] = []
  readonly limits: Limits
  readonly connections: number
  readonly messageSpans: readonly Span[]
  readonly arrivalSpans: readonly Span[]
  readonly #reactions: readonly Reaction[]
  readonly #clients = new Map<string, Client>()

  constructor(personality: Personality, { rules, egress }: Rules) {
    const { host, provider } = personality
    const { limits, reactions } = resolve(rules, baseOf(egress), { source: '', site: host, provider })
    this.personality = personality
    this.isKnownByHost = providerOf(rules, { hosts: [host] }) === provider
    this.limits = limits
    this.connections = least(limits.connections, limits.shared.connections)
    this.messageSpans = messageSpansOf(limits)
    this.arrivalSpans = arrivalSpansOf(limits)
    this.#reactions = reactions
  }

  /** A connection came from `address`. */
  arrived(address: string, now: number): Guest {
    const client = this.#clients.getOrInsertComputed(address, () => ({
      connections: 0,
      arrivals: [],
      messages: [],
      mood: undefined,
      heard: new Set(),
    }))
    return new Guest(this, client, { address, now })
  }

  /** What `react-NAME@` asks for: a reply of that reaction that can be said on a connection. */
  asked(local: string): { readonly said: Said; readonly left: number } | undefined {
    if (!local.startsWith('react-')) return undefined
    const [name] = local.slice('react-'.length).split('+', 1)
    const reaction = this.#reactions.find((one) => one.name === name)
    const said = reaction?.samples.find(isSayable)
    return reaction && said && { said, left: reaction.times }
  }

  /** Its words for too much of something: of the first reaction that `acts` so, at the first of `stages` there is. */
  wordsFor(stages: readonly string[], acts: readonly string[]): Said | undefined {
    // Its own before those of every receiver.
    const own = this.#reactions.filter(({ layer }) => layer !== 'default')
    for (const reactions of [own, this.#reactions])
      for (const stage of stages) {
        const words = acts
          .flatMap((act) => reactions.filter((one) => one.act.do === act))
          .flatMap(({ samples }) => samples)
        const said = words.find((one) => one.stage === stage && isSayable(one))
        if (said !== undefined) return said
      }
    return undefined
  }
}

/** One connection of a client, as its receiver sees it. */
export class Guest {
  readonly #receiver: Receiver
  readonly #client: Client
  readonly #address: string
  #isGone = false
  #messages = 0
  #recipients = 0
  /** What is to be said at a later stage of this connection. */
  #due: Said | undefined

  constructor(receiver: Receiver, client: Client, { address, now }: { address: string; now: number }) {
    this.#receiver = receiver
    this.#client = client
    this.#address = address
    client.connections += 1
    if (client.connections > receiver.connections) this.#exceeded('connections', now, TOO_MANY_CONNECTIONS)
    const span = counted(client.arrivals, receiver.arrivalSpans, now)
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
  at(stage: 'greeting' | 'EHLO' | 'DATA' | 'end of data'): Verdict | undefined {
    return this.#mood(stage) ?? this.#take(stage)
  }

  mail(now: number): Verdict | undefined {
    const { limits, messageSpans } = this.#receiver
    this.#messages += 1
    const most = limits.messagesPerConnection
    if (most > 0 && this.#messages > most) this.#exceeded('messages_per_connection', now, SESSION_IS_FULL)
    const span = counted(this.#client.messages, messageSpans, now)
    if (span !== undefined) this.#exceeded(span.limit, now, TOO_FAST)
    return this.#mood('MAIL') ?? this.#take('MAIL')
  }

  /** `before`: the recipients that the transaction has. */
  rcpt(local: string, before: number, now: number): Verdict | undefined {
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
    const verdict = this.#mood('RCPT') ?? this.#take('RCPT')
    if (verdict !== undefined || asked === undefined || LATER.has(asked.said.stage)) return verdict
    // Too late for what it asks for, on this connection: the next one hears it.
    return { kind: 'close', reply: reply(421, '4.3.0', 'Come back for it') }
  }

  #mood(stage: string): Verdict | undefined {
    const { mood } = this.#client
    if (mood?.said.stage !== stage) return undefined
    mood.left -= 1
    if (mood.left <= 0) this.#client.mood = undefined
    return verdictOf(mood.said)
  }

  #take(stage: string): Verdict | undefined {
    const said = this.#due
    if (said?.stage !== stage) return undefined
    this.#due = undefined
    return verdictOf(said)
  }

  #exceeded(limit: string, at: number, { stages, acts, otherwise }: TooMuch): void {
    const { personality, overruns } = this.#receiver
    if (overruns.length < MAX_OVERRUNS)
      overruns.push({ personality: personality.name, limit, client: this.#address, at })
    this.#due ??= this.#receiver.wordsFor(stages, acts) ?? otherwise
  }
}

/** Kept to be looked at; more of them say no more. */
const MAX_OVERRUNS = 10_000
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
const SAYABLE: ReadonlySet<string> = new Set(['greeting', 'EHLO', 'MAIL', ...LATER])

function isSayable(said: Said): boolean {
  if (!SAYABLE.has(said.stage)) return false
  return said.code !== 0 || failureOf(said) === 'reset'
}

function verdictOf({ stage, code, enhanced, text }: Said): Verdict {
  if (code === 0) return { kind: 'reset' }
  // The rules make up an enhanced code where the receiver sent none.
  const isMadeUp = enhanced.endsWith('.0.0')
  const words = { code, lines: [text] as const, ...(isMadeUp ? {} : { enhanced }) }
  const closes = code === 421 || stage === 'greeting'
  return { kind: closes ? 'close' : 'refuse', reply: words }
}

/** Notes one more at `now`; gives a span that holds more than it may. */
function counted(times: number[], spans: readonly Span[], now: number): Span | undefined {
  if (spans.length === 0) return undefined
  const longest = Math.max(...spans.map(({ within }) => within))
  times.push(now)
  const old = times.findIndex((at) => at > now - longest)
  if (old > 0) times.splice(0, old)
  return spans.find(({ most, within }) => {
    const before = times.at(-most - 1)
    return before !== undefined && before > now - within
  })
}

function least(...values: readonly number[]): number {
  return values.reduce((found, value) => (value > 0 && value < found ? value : found), Infinity)
}

function messageSpansOf({ shared, ...own }: Limits): readonly Span[] {
  return spansOf([
    ['messages_per_second', least(own.messagesPerSecond, shared.messagesPerSecond), 1_000],
    ['messages_per_minute', least(own.messagesPerMinute, shared.messagesPerMinute), 60_000],
    ['messages_per_hour', least(own.messagesPerHour, shared.messagesPerHour), 3_600_000],
    ['messages_per_day', least(own.messagesPerDay, shared.messagesPerDay), 86_400_000],
  ])
}

function arrivalSpansOf({ shared, ...own }: Limits): readonly Span[] {
  return spansOf([
    ['connections_per_second', least(own.connectionsPerSecond, shared.connectionsPerSecond), 1_000],
    ['connections_per_minute', least(own.connectionsPerMinute, shared.connectionsPerMinute), 60_000],
    ['connections_per_hour', least(own.connectionsPerHour, shared.connectionsPerHour), 3_600_000],
  ])
}

function spansOf(all: readonly (readonly [string, number, number])[]): readonly Span[] {
  return all.flatMap(([limit, most, within]) => (most === Infinity ? [] : [{ limit, most, within }]))
}
