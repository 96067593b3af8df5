/**
 * Which hosts take the mail of a domain, and which of their addresses may be tried. It remembers what it worked out
 * for as long as the DNS answers it came from live, and no longer.
 */

import { isIPv6 } from 'node:net'

import { isLoopback, isPrivate, normalAddress } from '#platform/address-range'
import { siteName } from '#engine/rule'
import { TLS_REPORT_STREAM } from '#engine/transport-security'
import type { MtaSts, StsFound, TlsLevel } from '#engine/transport-security'
import type { EgressConfig, RouteConfig, TlsPolicyConfig } from '#platform/config'
import { ExpiringCache } from '#platform/dns'
import type { Dns } from '#platform/dns'

import { admit, termsOf } from './demand.ts'
import { findDestination } from './destination.ts'
import type { Candidate, Destination, Ourselves } from './destination.ts'
import { addressesOf, knownAddresses } from './host-address.ts'
import type { Found } from './host-address.ts'
import { interleave, shuffle } from './order.ts'
import type { Addressed, Host, Route, Routed, Routing, RoutingNow } from './route.ts'
import { findStatic, matchesDomain, staticRoute } from './static-route.ts'
import { loopsBack, lookupFailed, noAddress, outsidePolicy, privateAddress, unsignedMx } from './verdict.ts'

export type RoutingOptions = {
  readonly dns: Dns
  /** These and `defaults` may be getters: another object is another configuration, and holds from then on. */
  readonly routes: readonly RouteConfig[]
  /** What holds for hosts that the DNS names. */
  readonly defaults: Pick<EgressConfig, 'port' | 'tls' | 'allowPrivate'>
  /** What the operator demands for domains, whatever they say themselves; the first row that matches counts. */
  readonly tlsPolicies?: readonly TlsPolicyConfig[]
  /** Absent: nobody's MTA-STS policy is asked for. */
  readonly mtaSts?: Pick<MtaSts, 'find'> | undefined
  /** Whether TLSA records of hosts are obeyed. */
  readonly dane?: boolean
  /** Told when the MTA-STS policy of a domain allows none of its MX. */
  readonly outsidePolicy?: (domain: string, hosts: readonly string[]) => void
  /** The node's name and its EHLO names: MX hosts of these names are ourselves. */
  readonly ownNames: readonly string[]
  /** Our addresses: an MX that has one is ourselves, and none is connected unless private ones are allowed. */
  readonly ownAddresses: readonly string[]
  /** Domains remembered. */
  readonly cacheEntries: number
  /** The clock of `dns`. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

const MAX_HOSTS = 5
const MAX_ADDRESSES = 10

type Remembered = { readonly expires: number; readonly routed: Routed }

export function createRouting(options: RoutingOptions): Routing & RoutingNow {
  return new DnsRouting(options)
}

function hasRouteOfStream(routes: RoutingOptions['routes']): boolean {
  return routes.some(({ stream }) => stream !== undefined)
}

/** A loopback address is every host's own: it tells no loop, and a receiver in a test or the sandbox has it too. */
function publicName(address: string): readonly string[] {
  const normal = normalAddress(address)
  return normal === undefined || isLoopback(address) ? [] : [normal]
}

class DnsRouting implements Routing, RoutingNow {
  readonly #options: RoutingOptions
  readonly #ourselves: Ourselves
  #memory: ExpiringCache<Remembered>
  /** What the memory was worked out from. */
  #routes: RoutingOptions['routes']
  #defaults: RoutingOptions['defaults']
  /** Most installations have no route of a stream; then a domain's answer serves all streams. */
  #byStream: boolean

  constructor(options: RoutingOptions) {
    this.#options = options
    this.#ourselves = {
      names: new Set(options.ownNames.map((name) => name.toLowerCase())),
      addresses: new Set(options.ownAddresses.flatMap(publicName)),
    }
    this.#memory = new ExpiringCache(options.cacheEntries)
    this.#routes = options.routes
    this.#defaults = options.defaults
    this.#byStream = hasRouteOfStream(options.routes)
  }

  routeNow(domain: string, stream: string): Routed | undefined {
    this.#forgetIfReloaded()
    const key = this.#keyOf(domain, stream)
    const known = this.#memory.get(key, this.#options.now())
    if (known !== undefined) return known.routed
    const fixed = findStatic(this.#options.routes, domain.toLowerCase(), stream)
    if (fixed === undefined) return undefined
    const route = staticRoute(fixed, this.#options.dane === true)
    const routed = { ok: true, route } as const
    this.#memory.set(key, { expires: Number.POSITIVE_INFINITY, routed })
    return routed
  }

  async route(domain: string, stream: string): Promise<Routed> {
    const known = this.routeNow(domain, stream)
    if (known !== undefined) return known
    // A reload while the DNS is asked takes another memory, where this answer would be out of place.
    const memory = this.#memory
    const key = this.#keyOf(domain, stream)
    const name = domain.toLowerCase()
    const isExempt = stream === TLS_REPORT_STREAM
    const isFree = isExempt || name.startsWith('[') || !this.#ruleOf(name).obey
    const [destination, policy] = await Promise.all([
      findDestination(name, this.#options.dns, this.#ourselves),
      isFree ? undefined : this.#options.mtaSts?.find(name),
    ])
    const routed = isExempt ? this.#exempt(destination) : this.#routed(name, destination, policy?.found)
    memory.set(key, { expires: Math.min(destination.expires, policy?.expires ?? Infinity), routed })
    return routed
  }

  #keyOf(domain: string, stream: string): string {
    return this.#byStream || stream === TLS_REPORT_STREAM ? `${domain} ${stream}` : domain
  }

  /** Routes and defaults are read anew at each question: what was worked out from others no longer holds. */
  #forgetIfReloaded(): void {
    const { routes, defaults, cacheEntries } = this.#options
    if (routes === this.#routes && defaults === this.#defaults) return
    this.#routes = routes
    this.#defaults = defaults
    this.#byStream = hasRouteOfStream(routes)
    this.#memory = new ExpiringCache(cacheEntries)
  }

  addressesNow(host: Host, allowPrivate: boolean): Addressed | undefined {
    const found = knownAddresses(host.name, this.#options.dns)
    return found && this.#addressed(host.name, found, allowPrivate)
  }

  async addresses(host: Host, allowPrivate: boolean): Promise<Addressed> {
    return this.#addressed(host.name, await addressesOf(host.name, this.#options.dns), allowPrivate)
  }

  #routed(domain: string, destination: Destination, found: StsFound | undefined): Routed {
    if (!destination.ok) return destination.why
    const { defaults, random, dane = false } = this.#options
    const { tls, obey } = this.#ruleOf(domain)
    const policy = found?.kind === 'policy' ? found.policy : undefined
    const admitted = admit(destination, policy)
    if (admitted.candidates.length === 0) return this.#outsidePolicy(domain, destination, policy?.mx ?? [])
    const terms = { ...defaults, ...termsOf(admitted, tls, dane && obey) }
    if (terms.tls === 'dane' && !admitted.secure) return unsignedMx(domain)
    return { ok: true, route: new MxRoute(admitted, terms, random) }
  }

  /** The operator's. */
  #ruleOf(domain: string): { readonly tls: TlsLevel; readonly obey: boolean } {
    const { defaults, tlsPolicies = [] } = this.#options
    return tlsPolicies.find((one) => matchesDomain(one.domain, domain)) ?? { tls: defaults.tls, obey: true }
  }

  #outsidePolicy(
    domain: string,
    { candidates }: Extract<Destination, { ok: true }>,
    mx: readonly string[],
  ): Routed {
    const hosts = candidates.map(({ name }) => name)
    this.#options.outsidePolicy?.(domain, hosts)
    return outsidePolicy(domain, hosts, mx)
  }

  /** RFC 8460 §5.3.1: a report about a policy that fails must not fail by it. */
  #exempt(destination: Destination): Routed {
    if (!destination.ok) return destination.why
    const { defaults, random } = this.#options
    const terms = { ...defaults, tls: 'opportunistic', exempt: true } as const
    return { ok: true, route: new MxRoute(destination, terms, random) }
  }

  #addressed(name: string, { addresses, failed }: Found, allowPrivate: boolean): Addressed {
    const allowed = allowPrivate ? addresses : addresses.filter((address) => !this.#isForbidden(address))
    if (allowed.length > 0) return { ok: true, addresses: this.#ordered(allowed) }
    if (failed !== undefined) return lookupFailed(`the address of ${name}`, failed)
    const [forbidden] = addresses
    if (forbidden === undefined) return noAddress(name)
    const isOwn = addresses.some((address) => this.#ourselves.addresses.has(address))
    return isOwn ? loopsBack(name) : privateAddress(name, forbidden)
  }

  #isForbidden(address: string): boolean {
    return isPrivate(address) || this.#ourselves.addresses.has(address)
  }

  #ordered(addresses: readonly string[]): readonly string[] {
    const mixed = shuffle(addresses, this.#options.random)
    const v6 = mixed.filter((address) => isIPv6(address))
    const v4 = mixed.filter((address) => !isIPv6(address))
    return interleave(v6, v4).slice(0, MAX_ADDRESSES)
  }
}

type Terms = RoutingOptions['defaults'] & Pick<Route, 'vouchedBy' | 'dane' | 'exempt'>

/** Long-lived: whoever keeps it and reads `hosts` for each connection spreads them over equal hosts. */
class MxRoute implements Route {
  readonly site: string
  readonly names: readonly string[]
  readonly via: Route['via']
  readonly tls: TlsLevel
  readonly allowPrivate: boolean
  // Present or absent, as the type of a route has them.
  declare readonly vouchedBy?: NonNullable<Route['vouchedBy']>
  declare readonly dane?: true
  declare readonly exempt?: true
  /** Equal preferences together, best first. */
  readonly #groups: readonly (readonly Host[])[]
  readonly #random: () => number

  constructor(
    { via, candidates }: Extract<Destination, { ok: true }>,
    { port, tls, allowPrivate, vouchedBy, dane, exempt }: Terms,
    random: () => number,
  ) {
    this.via = via
    this.names = candidates.map(({ name }) => name)
    this.site = via === 'literal' ? `[${candidates[0]?.name}]` : siteName(this.names)
    this.tls = tls
    this.allowPrivate = allowPrivate
    if (vouchedBy !== undefined) this.vouchedBy = vouchedBy
    if (dane !== undefined) this.dane = dane
    if (exempt !== undefined) this.exempt = exempt
    this.#groups = equals(candidates).map((group) =>
      group.map(({ name }) => ({ name, port, implicitTls: false })),
    )
    this.#random = random
  }

  get hosts(): readonly Host[] {
    const mixed = this.#groups.map((group) => (group.length > 1 ? shuffle(group, this.#random) : group))
    return mixed.flat().slice(0, MAX_HOSTS)
  }
}

function equals(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  return [...Map.groupBy(candidates, ({ preference }) => preference).values()]
}
