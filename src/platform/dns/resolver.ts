/**
 * The stub resolver: questions, cache, CNAMEs. Neither getaddrinfo, which blocks the four threads that files need,
 * nor c-ares. It believes the servers it is told of; it validates no signatures.
 */

import { randomInt } from 'node:crypto'

import type { DnsConfig } from '#platform/config'

import type { Answer, Dns, RecordType } from './answer.ts'
import { ExpiringCache } from './cache.ts'
import { Exchange } from './exchange.ts'
import type { Exchanged } from './exchange.ts'
import { Gate } from './gate.ts'
import type { Reply } from './message.ts'
import { questionName } from './name.ts'
import { parseServer, systemServers } from './servers.ts'
import type { ServerAddress } from './servers.ts'

export type ResolverOptions = {
  readonly config: DnsConfig
  /** Milliseconds; a monotonic clock is best, so that a step of the time of day expires nothing. */
  readonly now: () => number
  /** In [0, 1), and not to be guessed: ids, ports and capitals come from it. Default: the system's. */
  readonly random?: () => number
  /** Ask for signatures, for servers that set AD only then. RFC 3225 §3 */
  readonly dnssecOk?: boolean
  /** Whose AD bit is believed: of servers on this machine or that resolv.conf trusts, of all, of none. RFC 6840 §5.8 */
  readonly trustAd?: 'loopback' | 'all' | 'none'
  /** Where the system keeps its servers; read when the configuration names none. Default: /etc/resolv.conf */
  readonly resolvConf?: string
}

const MAX_CNAMES = 8
/** A failure is remembered for this many ms, so that a queue does not hammer a broken zone. RFC 9520 §3.2 */
const FAILURE_TTL = 5_000
/** A denial is believed for at most so many seconds, whatever its SOA says. RFC 2308 §5 */
const NEGATIVE_TTL = 3 * 3_600
/** How often resolv.conf is looked at, in ms. */
const RELOAD_INTERVAL = 30_000

export class Resolver implements Dns, Disposable {
  readonly #options: ResolverOptions
  readonly #random: () => number
  readonly #cache: ExpiringCache<Answer>
  readonly #flights = new Map<string, Promise<Answer>>()
  readonly #gate = new Gate()
  #exchange: Exchange
  #servers: string
  #loadedAt: number

  /** @throws {TypeError} when a configured server is no address */
  constructor(options: ResolverOptions) {
    this.#options = options
    this.#random = options.random ?? secureRandom
    this.#cache = new ExpiringCache(options.config.cacheEntries)
    const servers = this.#readServers()
    this.#servers = JSON.stringify(servers)
    this.#loadedAt = options.now()
    this.#exchange = this.#open(servers)
  }

  cached<T extends RecordType>(name: string, type: T): Answer<T> | undefined {
    return this.#cache.get(keyOf(name, type), this.#options.now()) as Answer<T> | undefined
  }

  async query<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
    const key = keyOf(name, type)
    const known = this.#cache.get(key, this.#options.now())
    if (known !== undefined) return known as Answer<T>
    const flight = this.#flights.get(key) ?? this.#fly(key, name, type)
    return flight as Promise<Answer<T>>
  }

  /** Reads the system's servers again, if it is they that are used. Also done by itself twice a minute. */
  reload(): void {
    this.#loadedAt = this.#options.now()
    const servers = this.#readServers()
    const text = JSON.stringify(servers)
    if (text === this.#servers) return
    const old = this.#exchange
    this.#servers = text
    this.#exchange = this.#open(servers)
    old.close()
  }

  /** Forgets all answers. */
  flush(): void {
    this.#cache.clear()
  }

  /** Questions under way end as failed. */
  [Symbol.dispose](): void {
    this.#exchange.close()
  }

  #fly(key: string, name: string, type: RecordType): Promise<Answer> {
    const flight = this.#resolve(name, type).then((answer) => {
      this.#flights.delete(key)
      this.#cache.set(key, answer)
      return answer
    })
    this.#flights.set(key, flight)
    return flight
  }

  async #resolve(name: string, type: RecordType): Promise<Answer> {
    const visited = new Set<string>()
    let owner = questionName(name)
    let ttl = Number.POSITIVE_INFINITY
    let authentic = true
    while (owner !== undefined) {
      const said = await this.#ask(owner, type)
      if (!said.ok) return this.#failed(said)
      authentic &&= said.trusted && said.reply.authentic
      const walked = walk(said.reply, owner, type, visited)
      if (walked.kind === 'loop')
        return this.#failed({ reason: 'loop', text: `CNAME loop or chain at ${owner}` })
      ttl = Math.min(ttl, walked.ttl)
      if (walked.kind === 'elsewhere') owner = questionName(walked.name)
      else return this.#answer(walked, ttl, authentic)
    }
    return { kind: 'nxdomain', name, authentic: false, expires: this.#expiry(0) }
  }

  #answer(end: End, ttl: number, authentic: boolean): Answer {
    const { name } = end
    if (end.kind !== 'records') {
      return { kind: end.kind, name, authentic, expires: this.#expiry(Math.min(ttl, NEGATIVE_TTL)) }
    }
    return { kind: 'records', name, records: end.records, authentic, expires: this.#expiry(ttl) }
  }

  #failed({ reason, text }: Pick<Extract<Answer, { kind: 'failed' }>, 'reason' | 'text'>): Answer {
    return { kind: 'failed', reason, text, expires: this.#options.now() + FAILURE_TTL }
  }

  #expiry(ttl: number): number {
    const { minimumTtl, maximumTtl } = this.#options.config
    return this.#options.now() + Math.max(minimumTtl, Math.min(maximumTtl, ttl * 1_000))
  }

  async #ask(name: string, type: RecordType): Promise<Exchanged> {
    if (this.#options.now() - this.#loadedAt >= RELOAD_INTERVAL) this.reload()
    await this.#gate.enter()
    let exchange: Exchange
    let said: Exchanged
    do {
      exchange = this.#exchange
      said = await exchange.ask(name, type)
      // A reload has ended it: that is no answer of the new servers.
    } while (!said.ok && exchange !== this.#exchange)
    this.#gate.leave()
    return said
  }

  #open(servers: readonly ServerAddress[]): Exchange {
    const { config, dnssecOk = false } = this.#options
    const { timeout, attempts } = config
    return new Exchange(servers, { timeout, attempts, dnssecOk, random: this.#random })
  }

  #readServers(): readonly ServerAddress[] {
    const { trustAd = 'loopback' } = this.#options
    const servers = this.#namedServers()
    if (trustAd === 'loopback') return servers
    return servers.map((server) => ({ ...server, trusted: trustAd === 'all' }))
  }

  #namedServers(): readonly ServerAddress[] {
    const { config, resolvConf = '/etc/resolv.conf' } = this.#options
    if (config.servers.length === 0) return systemServers(resolvConf)
    return config.servers.map((text) => {
      const server = parseServer(text)
      if (server === undefined) throw new TypeError(`not the address of a name server: ${text}`)
      return server
    })
  }
}

type Value = Reply['answers'][number]['data']['value']

type End =
  | {
      readonly kind: 'records'
      readonly name: string
      readonly records: readonly Value[]
      readonly ttl: number
    }
  | { readonly kind: 'nxdomain' | 'nodata'; readonly name: string; readonly ttl: number }

type Walked =
  | End
  /** The reply stops in the middle of the chain. */
  | { readonly kind: 'elsewhere'; readonly name: string; readonly ttl: number }
  | { readonly kind: 'loop' }

/** Follows the CNAMEs of one reply from `start`; `visited` holds the names of the replies before it too. */
function walk(reply: Reply, start: string, type: RecordType, visited: Set<string>): Walked {
  let name = start
  let ttl = Number.POSITIVE_INFINITY
  for (;;) {
    const here = reply.answers.filter((one) => one.name === name)
    const found = here.filter((one) => one.data.type === type)
    const alias = found.length > 0 ? undefined : here.find((one) => one.data.type === 'CNAME')
    for (const one of alias ? [alias] : found) ttl = Math.min(ttl, one.ttl)
    if (found.length > 0) return { kind: 'records', name, records: found.map((one) => one.data.value), ttl }
    if (alias?.data.type !== 'CNAME') return denial(reply, { name, ttl, moved: name !== start })
    visited.add(name)
    name = alias.data.value
    if (visited.has(name) || visited.size > MAX_CNAMES) return { kind: 'loop' }
  }
}

function denial(reply: Reply, end: { name: string; ttl: number; moved: boolean }): Walked {
  const { name, moved } = end
  const ttl = Math.min(end.ttl, reply.negativeTtl ?? 0)
  // RFC 6604 §3: the code is about the last name of the chain.
  if (reply.rcode !== 0) return { kind: 'nxdomain', name, ttl }
  // A chain that ends without records and without a SOA was cut short: the server knows no more. RFC 2308 §2.2
  if (moved && reply.negativeTtl === undefined) return { kind: 'elsewhere', name, ttl: end.ttl }
  return { kind: 'nodata', name, ttl }
}

function keyOf(name: string, type: RecordType): string {
  return `${type} ${name.toLowerCase()}`
}

function secureRandom(): number {
  return randomInt(0x1_0000_0000_0000 - 1) / 0x1_0000_0000_0000
}
