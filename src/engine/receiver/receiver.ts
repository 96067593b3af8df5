/**
 * One receiver as others see it: it bears what the shaping rules say of it, and answers what is too much, or what an
 * address asks for, with the samples of the rules: its own words. The sandbox plays it, a rehearsal calculates with it.
 */

import { baseOf, failureOf, providerOf, resolve } from '#engine/rule'
import type { Limits, Reaction, Ruleset, Said } from '#engine/rule'
import type { Instant } from '#engine/spool'
import type { EgressConfig } from '#platform/config'

import { Guest } from './guest.ts'
import type { Client } from './guest.ts'
import type { Personality } from './personality.ts'
import { Sightings } from './sightings.ts'
import type { Span } from './sightings.ts'

/** The rules that say what receivers bear, and the configuration below them. */
export type Rules = { readonly rules: Ruleset; readonly egress: EgressConfig }

/** What may make a receiver stricter than the rules say. */
export type Severity = {
  /** It bears this share of what they say. */
  readonly share?: number
  /** Messages on each sending day that it bears from a client it does not know yet, and on which of them it is, from 0. */
  readonly newcomers?: {
    readonly schedule: readonly number[]
    readonly dayOf: (client: string) => number | undefined
  }
}

/** One time that a client sent more than the receiver bears. */
export type Overrun = {
  readonly personality: string
  /** As rules write it: `messages_per_second`. */
  readonly limit: string
  readonly client: string
  readonly at: Instant
}

/** Kept to be looked at; more of them say no more. */
const MAX_OVERRUNS = 10_000

export class Receiver {
  readonly personality: Personality
  /** Whether the rules know it by its host, so that any domain may lead to it. */
  readonly isKnownByHost: boolean
  readonly overruns: Overrun[] = []
  readonly limits: Limits
  readonly connections: number
  readonly #severity: Severity
  readonly #messageSpans: readonly Span[]
  readonly #arrivalSpans: readonly Span[]
  readonly #reactions: readonly Reaction[]
  readonly #clients = new Map<string, Client>()

  constructor(personality: Personality, { rules, egress }: Rules, severity: Severity = {}) {
    const { host, provider, isOwn } = personality
    const { limits, reactions } = resolve(rules, baseOf(egress), {
      source: '',
      site: host,
      ...(provider === undefined ? {} : { provider }),
      ...(isOwn === undefined ? {} : { static: isOwn }),
    })
    const { share = 1 } = severity
    this.personality = personality
    this.isKnownByHost = provider !== undefined && providerOf(rules, { hosts: [host] }) === provider
    this.limits = limits
    this.connections = part(least(limits.connections, limits.shared.connections), share)
    this.#severity = severity
    this.#messageSpans = messageSpansOf(limits, share)
    this.#arrivalSpans = arrivalSpansOf(limits, share)
    this.#reactions = reactions
  }

  /** A connection came from `address`. */
  arrived(address: string, now: Instant): Guest {
    const client = this.#clients.getOrInsertComputed(address, () => ({
      connections: 0,
      arrivals: new Sightings(this.#arrivalSpans),
      messages: new Sightings(this.#messageSpans),
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

  /** One more message of a client: whether that is more than a stranger may send on a day. Days are those of UTC. */
  isTooMuchOfAStranger(client: Client, address: string, now: Instant): boolean {
    const { newcomers } = this.#severity
    const first = newcomers?.dayOf(address)
    if (newcomers === undefined || first === undefined) return false
    const day = Math.floor(now / DAY)
    if (client.today?.day !== day) client.today = { day, nth: (client.today?.nth ?? -1) + 1, messages: 0 }
    client.today.messages += 1
    const most = newcomers.schedule[first + client.today.nth]
    return most !== undefined && client.today.messages > most
  }

  exceeded(limit: string, client: string, at: Instant): void {
    const { name: personality } = this.personality
    if (this.overruns.length < MAX_OVERRUNS) this.overruns.push({ personality, limit, client, at })
  }
}

const DAY = 86_400_000

/** What can be said on a connection: of what has no reply, a reset alone can be made. */
const SAYABLE: ReadonlySet<string> = new Set(['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'end of data'])

function isSayable(said: Said): boolean {
  if (!SAYABLE.has(said.stage)) return false
  return said.code !== 0 || failureOf(said) === 'reset'
}

function least(...values: readonly number[]): number {
  return values.reduce((found, value) => (value > 0 && value < found ? value : found), Infinity)
}

/** Nobody bears less than one. */
function part(value: number, share: number): number {
  return share === 1 ? value : Math.max(1, Math.floor(value * share))
}

function messageSpansOf({ shared, ...own }: Limits, share: number): readonly Span[] {
  return spansOf(share, [
    ['messages_per_second', least(own.messagesPerSecond, shared.messagesPerSecond), 1_000],
    ['messages_per_minute', least(own.messagesPerMinute, shared.messagesPerMinute), 60_000],
    ['messages_per_hour', least(own.messagesPerHour, shared.messagesPerHour), 3_600_000],
    ['messages_per_day', least(own.messagesPerDay, shared.messagesPerDay), DAY],
  ])
}

function arrivalSpansOf({ shared, ...own }: Limits, share: number): readonly Span[] {
  return spansOf(share, [
    ['connections_per_second', least(own.connectionsPerSecond, shared.connectionsPerSecond), 1_000],
    ['connections_per_minute', least(own.connectionsPerMinute, shared.connectionsPerMinute), 60_000],
    ['connections_per_hour', least(own.connectionsPerHour, shared.connectionsPerHour), 3_600_000],
  ])
}

function spansOf(share: number, all: readonly (readonly [string, number, number])[]): readonly Span[] {
  return all.flatMap(([limit, most, within]) =>
    most === Infinity ? [] : [{ limit, most: part(most, share), within }],
  )
}
