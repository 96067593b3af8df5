/** Where a delivery goes: the hosts of a site in the order to try them. */

import type { TlsLevel } from '#engine/transport-security'

export type Host = {
  /** A name to look up, or an address literal's address. */
  readonly name: string
  readonly port: number
  readonly implicitTls: boolean
}

export type Route = {
  /** Names the set of hosts that domains share, e.g. `mx1.example.net,mx2.example.net`: limits belong to it. */
  readonly site: string
  /** At most 5, in the order of RFC 5321 §5.1; hosts of equal preference are shuffled anew each time this is read. */
  readonly hosts: readonly Host[]
  /** Every host name of the set, also those beyond the five; a literal's address. */
  readonly names: readonly string[]
  readonly via: 'mx' | 'implicit' | 'literal' | 'static'
  /** What the operator and the domain's MTA-STS policy demand together; a host's TLSA records may demand more. */
  readonly tls: TlsLevel
  /** Who vouches that these hosts are the domain's: absent when nobody does. RFC 8689 §4.2.1 */
  readonly vouchedBy?: 'dnssec' | 'mta-sts' | 'configured'
  /** TLSA records of the hosts are looked up and obeyed. RFC 7672 §2.2 */
  readonly dane?: true
  /** For reports about TLS that does not work: they go however they can, and are not reported. RFC 8460 §5.3.1 */
  readonly exempt?: true
  readonly auth?: { readonly user: string; readonly password: string }
  readonly allowPrivate: boolean
}

/** Why there is no route, or no address: a reply of our own making. RFC 3463 §3.5 */
export type NoRoute = {
  readonly ok: false
  readonly kind: 'deferred' | 'bounced'
  readonly code: number
  readonly enhanced: string
  readonly text: string
}

export type Routed = { readonly ok: true; readonly route: Route } | NoRoute
export type Addressed = { readonly ok: true; readonly addresses: readonly string[] } | NoRoute

export type Routing = {
  /** `domain` is A-labels or an address literal; `stream` chooses among static routes. Never rejects. */
  route(domain: string, stream: string): Promise<Routed>
  /**
   * The addresses of one host, IPv6 and IPv4 in the order to try, at most 10, private ones removed unless allowed.
   * RFC 5321 §5.1
   */
  addresses(host: Host, allowPrivate: boolean): Promise<Addressed>
}

/** The same answers without waiting, for the hot path; `undefined` when somebody must be asked first. */
export type RoutingNow = {
  routeNow(domain: string, stream: string): Routed | undefined
  addressesNow(host: Host, allowPrivate: boolean): Addressed | undefined
}
