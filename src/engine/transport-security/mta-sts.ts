/**
 * The MTA-STS policies of the domains that mail goes to: found, fetched, kept for as long as they said, and fetched
 * anew before that. What is done with them is decided where routes are made. RFC 8461 §3
 */

import { parseStsPolicy, parseStsRecord } from '#grammar/mta-sts'
import type { StsPolicy } from '#grammar/mta-sts'
import { ExpiringCache } from '#platform/dns'
import type { Answer, Dns } from '#platform/dns'
import type { HttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import { STS_METRICS } from './metrics.ts'
import { fetchPolicy } from './sts-fetch.ts'
import type { StsFault } from './sts-fetch.ts'
import type { StoredPolicy, StsStore } from './sts-store.ts'

export type StsFound =
  /** The domain has none, or none that counts. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'policy'
      readonly policy: StsPolicy
      readonly id: string
      readonly stored: StoredPolicy
    }
  /** It says it has one, and none could be had: mail goes as if there were none, and the domain is told. */
  | { readonly kind: 'failed'; readonly fault: StsFault; readonly text: string }

export type StsAnswer = {
  readonly found: StsFound
  /** On the clock of the resolver: until then the answer need not be asked for again. */
  readonly expires: number
}

export type MtaSts = {
  /** Fetches when it must. Never rejects; settles within the times of resolver and web. */
  find(domain: string): Promise<StsAnswer>
  /** What `find` last said, for those who report. */
  known(domain: string): StsFound | undefined
  /** Fetches anew what is older than a day, at most `limit` of them. RFC 8461 §10.2 */
  refresh(limit: number): Promise<void>
}

export type MtaStsOptions = {
  readonly dns: Pick<Dns, 'query'>
  readonly http: HttpClient
  readonly store: StsStore
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** Of the day: policies outlive processes. */
  readonly now: () => number
  /** Of the resolver. */
  readonly clock: () => number
  /** Domains remembered. */
  readonly cacheEntries: number
}

const DAY = 86_400_000
/** A fetch that failed is not tried again before this, in ms: whoever attacks it must not have us help. */
const AFTER_FAILURE = 5 * 60_000
/** Fetches under way at a time; further ones wait for their turn. */
const FETCHES = 20

type Remembered = { readonly expires: number; readonly found: StsFound }
type Policy = Extract<StsFound, { kind: 'policy' }>

export function createMtaSts(options: MtaStsOptions): MtaSts {
  return new PolicyCache(options)
}

class PolicyCache implements MtaSts {
  readonly #options: MtaStsOptions
  /** What was found, by domain; expires with the answers it came from, on the clock of the resolver. */
  readonly #found: ExpiringCache<Remembered>
  /** What the store has, `undefined` for what it has not. On the clock of the day. */
  readonly #stored: ExpiringCache<{ readonly expires: number; readonly policy: Policy | undefined }>
  readonly #failures: ExpiringCache<{ readonly expires: number; readonly failure: StsFound }>
  readonly #flights = new Map<string, Promise<StsAnswer>>()
  readonly #fetches = new Map<string, Promise<StsFound>>()
  readonly #waiting: (() => void)[] = []
  readonly #count: (labels: { result: string }) => { add(): void }
  #running = 0

  constructor(options: MtaStsOptions) {
    this.#options = options
    this.#found = new ExpiringCache(options.cacheEntries)
    this.#stored = new ExpiringCache(options.cacheEntries)
    this.#failures = new ExpiringCache(options.cacheEntries)
    this.#count = options.metrics.register(STS_METRICS).fetches
  }

  known(domain: string): StsFound | undefined {
    return this.#found.get(domain, -Infinity)?.found
  }

  find(domain: string): Promise<StsAnswer> {
    const remembered = this.#found.get(domain, this.#options.clock())
    if (remembered !== undefined) return Promise.resolve(remembered)
    const flight = this.#flights.get(domain) ?? this.#look(domain).finally(() => this.#flights.delete(domain))
    this.#flights.set(domain, flight)
    return flight
  }

  async refresh(limit: number): Promise<void> {
    const { store, now } = this.#options
    try {
      await store.tidy(now())
      const stale = await store.stale(now() - DAY, now(), limit)
      await Promise.all(stale.map(({ domain, id }) => this.#fetch(domain, id)))
    } catch (cause) {
      this.#options.log.error('sts.store-failed', { cause })
    }
  }

  async #look(domain: string): Promise<StsAnswer> {
    const [record, stored] = await Promise.all([
      this.#options.dns.query(`_mta-sts.${domain}`, 'TXT'),
      this.#load(domain),
    ])
    const found = await this.#judge(domain, record, stored)
    const answer = { found, expires: this.#expiry(record.expires, found) }
    this.#found.set(domain, answer)
    return answer
  }

  async #judge(domain: string, answer: Answer<'TXT'>, stored: Policy | undefined): Promise<StsFound> {
    const record = parseStsRecord(answer.kind === 'records' ? answer.records : [])
    if (record.kind !== 'record') {
      // RFC 8461 §3.1: a record that is gone, spoilt or cannot be asked for takes back no policy that was fetched.
      return stored ?? { kind: 'none' }
    }
    if (stored !== undefined && stored.id === record.id) {
      // RFC 8461 §10.2: while it holds it is fetched anew each day, lest somebody who keeps us from it need only wait.
      if (this.#options.now() - stored.stored.fetchedAt >= DAY) void this.#fetch(domain, record.id)
      return stored
    }
    const fetched = await this.#fetch(domain, record.id)
    // RFC 8461 §5.1: a policy that cannot be had anew holds until it expires.
    return fetched.kind === 'failed' && stored !== undefined ? stored : fetched
  }

  /** On the resolver's clock: an answer is no better than what it came from. */
  #expiry(record: number, found: StsFound): number {
    const { now, clock } = this.#options
    if (found.kind === 'failed') return Math.min(record, clock() + AFTER_FAILURE)
    return found.kind === 'none' ? record : Math.min(record, clock() + found.stored.expiresAt - now())
  }

  /** Joins a fetch that is under way; never rejects. */
  #fetch(domain: string, id: string): Promise<StsFound> {
    const failure = this.#failures.get(domain, this.#options.now())
    if (failure !== undefined) return Promise.resolve(failure.failure)
    const running = this.#fetches.get(domain) ?? this.#fetchNow(domain, id)
    this.#fetches.set(domain, running)
    return running
  }

  async #fetchNow(domain: string, id: string): Promise<StsFound> {
    if (this.#running >= FETCHES) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    const { log, now } = this.#options
    const fetched = await fetchPolicy(domain, this.#options.http)
    this.#running -= 1
    this.#waiting.shift()?.()
    this.#fetches.delete(domain)
    this.#count({ result: fetched.ok ? 'ok' : fetched.fault }).add()
    if (!fetched.ok) {
      const { fault, text } = fetched
      log.warn('sts.failed', { domain, fault, text })
      const failure = { kind: 'failed', fault, text } as const
      this.#failures.set(domain, { expires: now() + AFTER_FAILURE, failure })
      return failure
    }
    const { policy, text } = fetched
    const stored = { domain, id, text, fetchedAt: now(), expiresAt: now() + policy.maxAge * 1000 }
    log.info('sts.policy', { domain, id, mode: policy.mode, mx: policy.mx, until: stored.expiresAt })
    return await this.#keep({ kind: 'policy', policy, id, stored })
  }

  async #keep(policy: Policy): Promise<StsFound> {
    const { stored } = policy
    this.#stored.set(stored.domain, { expires: stored.expiresAt, policy })
    try {
      await this.#options.store.save(stored)
    } catch (cause) {
      // It holds until the process ends.
      this.#options.log.error('sts.store-failed', { cause, domain: stored.domain })
    }
    return policy
  }

  /** What the store has of a domain and has not expired. */
  async #load(domain: string): Promise<Policy | undefined> {
    const { now, store, log } = this.#options
    const known = this.#stored.get(domain, now())
    if (known !== undefined) return known.policy
    try {
      const policy = policyOf(await store.load(domain), now())
      this.#stored.set(domain, { expires: policy?.stored.expiresAt ?? Infinity, policy })
      return policy
    } catch (cause) {
      log.error('sts.store-failed', { cause, domain })
      return undefined
    }
  }
}

function policyOf(stored: StoredPolicy | undefined, now: number): Policy | undefined {
  if (stored === undefined || stored.expiresAt <= now) return undefined
  const parsed = parseStsPolicy(stored.text)
  return parsed.ok ? { kind: 'policy', policy: parsed.value, id: stored.id, stored } : undefined
}
