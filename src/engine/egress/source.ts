/** What a source changes of a route: a proxy on the way, or a relay instead of the hosts. */

import type { Route } from '#engine/routing'
import type { SourceConfig } from '#platform/config'

import type { Proxy } from './proxy.ts'

export function proxyOf({ proxy, address, proxyUser, proxyPassword }: SourceConfig): Proxy | undefined {
  if (proxy === undefined) return undefined
  const { kind, host, port } = proxy
  // The configuration is checked: a HAProxy is told from where it shall connect.
  if (kind === 'haproxy') return { kind, host, port, from: address ?? '' }
  if (proxyUser === undefined) return { kind, host, port }
  return { kind, host, port, login: { user: proxyUser, password: proxyPassword ?? '' } }
}

/**
 * The route as this source goes it. The site stays what it is: what waits and what is known is of a receiver, whoever
 * hands the mail over in the end. The limits are those of the relay, which shaping counts over all sites.
 */
export function routeFrom({ relay, relayTls, relayUser, relayPassword }: SourceConfig, route: Route): Route {
  if (relay.length === 0) return route
  const auth = relayUser === undefined ? {} : { auth: { user: relayUser, password: relayPassword ?? '' } }
  return {
    site: route.site,
    names: route.names,
    hosts: relay.map(({ host, port, implicitTls }) => ({ name: host, port, implicitTls })),
    via: 'static',
    tls: relayTls,
    vouchedBy: 'configured',
    ...auth,
    // Whoever names a host in the configuration means it.
    allowPrivate: true,
  }
}
