/** One new connection to a site: its hosts in order, their addresses in order, until one takes us. RFC 5321 §5.1 */

import { isIPv4 } from 'node:net'
import type { SecureContext } from 'node:tls'

import type { Host, Route, Routing } from '#engine/routing'
import type { Instant } from '#engine/spool'
import { Dialogue } from '#engine/trace'
import type { Tracer } from '#engine/trace'
import { mayBeClear, tlsDemand } from '#engine/transport-security'
import type { Dane, TlsLevel } from '#engine/transport-security'
import type { EgressConfig, SourceConfig } from '#platform/config'

import type { BrokenTls } from './broken-tls.ts'
import { dial } from './dial.ts'
import type { Peer } from './fit.ts'
import { proxyOf } from './source.ts'
import { introduce } from './introduction.ts'
import type { Introduced, IntroductionOptions } from './introduction.ts'
import type { Timers } from './timers.ts'
import type { TlsFailure, TlsTrial, TlsWitness } from './tls-trial.ts'
import { deferred, printable } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import type { Wire } from './wire.ts'

export type Surroundings = {
  readonly routing: Pick<Routing, 'addresses'>
  readonly config: EgressConfig
  readonly context: SecureContext
  readonly brokenTls: BrokenTls
  /** Which TLSA records of a host must be obeyed. */
  readonly dane: (host: string, port: number) => Promise<Dane>
  readonly witness: TlsWitness | undefined
  readonly timers: Timers
  readonly tracer: Tracer
  readonly now: () => Instant
  /** Whether nobody on the public Internet has this address. */
  readonly isPrivate: (address: string) => boolean
  /** Whether one more address may be tried, after those before or, `beside`, while another is still being tried. */
  readonly another?: (beside: boolean) => boolean
}

export type Failure = {
  readonly verdict: Verdict
  /** Empty when none answered. */
  readonly host: string
  readonly address: string
  readonly tls: string
}

export type Opened = { readonly trials: readonly TlsTrial[] } & (
  | { readonly ok: true; readonly wire: Wire; readonly peer: Peer }
  | { readonly ok: false; readonly failure: Failure }
)

/** How one host may be spoken to. */
type Terms = { readonly level: TlsLevel; readonly dane: Dane; readonly isAgain?: true }

const NO_DANE: Dane = { kind: 'none' }

/** Peers that answer and then refuse us, within one opening: beyond it the site is having a bad time. */
const REFUSALS = 5

export async function openConnection(
  source: SourceConfig,
  route: Route,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Opened> {
  return await new Opening(source, route, around, signal).run()
}

class Opening {
  readonly #source: SourceConfig
  readonly #route: Route
  readonly #around: Surroundings
  readonly #signal: AbortSignal
  readonly #failures: Failure[] = []
  readonly #trials: TlsTrial[] = []
  #refusals = 0
  #tries = 0
  /** The limits leave no further try. */
  #isSpent = false

  constructor(source: SourceConfig, route: Route, around: Surroundings, signal: AbortSignal) {
    this.#source = source
    this.#route = route
    this.#around = around
    this.#signal = signal
  }

  async run(): Promise<Opened> {
    for (const host of this.#route.hosts) {
      const opened = await this.#host(host)
      if (opened?.ok === true) return { ok: true, wire: opened.wire, peer: opened.peer, trials: this.#trials }
      if (this.#signal.aborted || this.#isSpent || this.#refusals >= REFUSALS) break
    }
    return { ok: false, failure: summary(this.#failures), trials: this.#trials }
  }

  async #host(host: Host): Promise<Introduced | undefined> {
    const found = await this.#around.routing.addresses(host, this.#route.allowPrivate)
    if (!found.ok) {
      const { kind, code, enhanced, text } = found
      this.#failed({ outcome: kind, stage: 'route', code, enhanced, text: printable(text) }, host.name, '')
      return undefined
    }
    const terms = await this.#terms(host)
    if (terms === undefined) return undefined
    let addresses = this.#reachable(found.addresses)
    if (addresses.length === 0) {
      this.#failed(
        deferred('route', '4.4.3', `${host.name} has no address that ${this.#source.name} can reach`),
        host.name,
        '',
      )
    }
    while (addresses.length > 0 && this.#refusals < REFUSALS && !this.#signal.aborted) {
      const tried = await this.#first(host, addresses, terms)
      if (tried.introduced?.ok === true) return tried.introduced
      const at = addresses.indexOf(tried.address)
      addresses = at === -1 ? [] : addresses.toSpliced(at, 1)
    }
    return undefined
  }

  /** The first address that answers; `address` is empty when none does. */
  async #first(
    host: Host,
    addresses: readonly string[],
    terms: Terms,
  ): Promise<{ readonly address: string; readonly introduced?: Introduced }> {
    if (!this.#mayTry) return { address: '' }
    const dialled = await dial(addresses, this.#dialOptions(host))
    if (!dialled.ok) {
      this.#failed(deferred('connect', '4.4.1', dialled.text), host.name, dialled.address)
      return { address: '' }
    }
    const { address, socket } = dialled
    // The address that is connected, not the one that was looked up: a private one may hide behind a mapping.
    const reached = this.#source.proxy === undefined ? (socket.remoteAddress ?? '') : address
    if (!this.#route.allowPrivate && this.#around.isPrivate(reached)) {
      socket.destroy()
      this.#failed(deferred('connect', '4.4.4', `${address} is a private address`), host.name, address)
      return { address }
    }
    const options = this.#introductionOptions(host, address, terms)
    const introduced = await introduce(socket, options)
    if (terms.isAgain !== true) this.#tell(introduced.trial ?? untried(options, terms))
    if (introduced.ok) {
      if (introduced.peer.tls !== '') this.#around.brokenTls.mended(host.name)
      return { address, introduced }
    }
    if (this.#mayGoClear(host, introduced, terms)) {
      // Said again to the same address: TLS now counts as broken there, and it will be spoken to in clear.
      this.#around.brokenTls.add(host.name, this.#around.now(), introduced.verdict.text)
      return await this.#first(host, [address], { ...terms, isAgain: true })
    }
    this.#refusals += 1
    this.#failed(introduced.verdict, host.name, address, introduced.tls)
    return { address }
  }

  get #mayTry(): boolean {
    this.#tries += 1
    if (this.#tries > 1 && this.#around.another?.(false) === false) this.#isSpent = true
    return !this.#isSpent
  }

  /** `undefined` when nobody may speak to the host at all now. */
  async #terms(host: Host): Promise<Terms | undefined> {
    const { tls, auth } = this.#route
    const dane = this.#route.dane === true ? await this.#around.dane(host.name, host.port) : NO_DANE
    // RFC 7672 §2.1.2: while it cannot be told whether there are records, the host is as good as down.
    if (dane.kind === 'failed') {
      const text = `the TLSA records of ${dane.base} cannot be looked up: ${dane.text}`
      this.#untrusted(host, dane, { fault: 'dnssec-invalid', text })
      return undefined
    }
    if (tls === 'dane' && dane.kind !== 'usable') {
      const text = `DANE is required, and ${host.name} has no TLSA record that can be used`
      this.#untrusted(host, dane, { fault: 'dane-required', text })
      return undefined
    }
    // Credentials wait for TLS, so that a broken handshake cannot talk us out of it.
    const withAuth = auth !== undefined && tls === 'opportunistic' ? 'required' : undefined
    return { level: tlsDemand(tls, withAuth, dane.kind === 'none' ? undefined : 'required'), dane }
  }

  #untrusted(host: Host, dane: Dane, failure: TlsFailure): void {
    this.#trials.push({ host: host.name, address: '', from: '', dane, failure })
    this.#failed(deferred('tls', '4.7.5', failure.text), host.name, '')
  }

  #tell(trial: TlsTrial | undefined): void {
    if (trial !== undefined) this.#trials.push(trial)
  }

  #mayGoClear(host: Host, introduced: Extract<Introduced, { ok: false }>, { level }: Terms): boolean {
    const isOptional = level === 'opportunistic' && !host.implicitTls
    return introduced.tlsFailed && isOptional && !this.#signal.aborted
  }

  /** A bound IPv4 address reaches no IPv6 one, and the other way round. */
  #reachable(addresses: readonly string[]): readonly string[] {
    const own = this.#source.address
    return own === undefined ? addresses : addresses.filter((address) => isIPv4(address) === isIPv4(own))
  }

  #dialOptions(host: Host): Parameters<typeof dial>[1] {
    const { config, timers } = this.#around
    const { address } = this.#source
    const proxy = proxyOf(this.#source)
    return {
      port: host.port,
      timeout: config.timeouts.connect,
      timers,
      another: this.#around.another,
      signal: this.#signal,
      ...(address === undefined ? {} : { localAddress: address }),
      ...(proxy === undefined ? {} : { proxy }),
    }
  }

  #introductionOptions(host: Host, address: string, { level, dane }: Terms): IntroductionOptions {
    const { config, context, timers, brokenTls, tracer, now } = this.#around
    const { auth } = this.#route
    const source = this.#source.name
    const isBroken = mayBeClear(level) && !host.implicitTls && brokenTls.has(host.name, now())
    return {
      host,
      address,
      ehlo: this.#source.ehlo,
      tls: isBroken ? 'none' : level,
      dane,
      now,
      timeouts: config.timeouts,
      context,
      timers,
      dialogue: new Dialogue(tracer, () => ({ way: 'out', peer: address, by: `${source} → ${host.name}` })),
      signal: this.#signal,
      ...(auth === undefined ? {} : { auth }),
    }
  }

  #failed(verdict: Verdict, host: string, address: string, tls = ''): void {
    this.#failures.push({ verdict, host, address, tls })
  }
}

/** A session in clear, for what happened before, counts as one that failed. */
function untried({ tls, host, address, dane }: IntroductionOptions, { level }: Terms): TlsTrial | undefined {
  if (tls !== 'none' || level === 'none') return undefined
  const failure = { fault: 'validation-failure', text: 'not tried: remembered as broken' } as const
  return { host: host.name, address, from: '', dane, failure }
}

/**
 * What the try as a whole came to. Final only if every host's refusal is; words that a peer said rather than our own;
 * of equals the last, which was the least preferred host and the last hope.
 */
function summary(failures: readonly Failure[]): Failure {
  const nothing: Failure = {
    verdict: deferred('route', '4.4.4', 'the site has no host'),
    host: '',
    address: '',
    tls: '',
  }
  const temporary = failures.filter(({ verdict }) => verdict.outcome !== 'bounced')
  const candidates = temporary.length > 0 ? temporary : failures
  return candidates.findLast(({ verdict }) => verdict.code !== 0) ?? candidates.at(-1) ?? nothing
}
