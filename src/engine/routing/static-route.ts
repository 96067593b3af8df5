/** The routes of the configuration: they go before the DNS, and the first that matches wins. */

import { MAX_HOSTS, staticSite } from '#engine/rule'
import type { RouteConfig } from '#platform/config'

import type { Route } from './route.ts'

/** `domain` in lower case. `*.example.com` is what lies below example.com, not example.com itself. */
export function findStatic(
  routes: readonly RouteConfig[],
  domain: string,
  stream: string,
): RouteConfig | undefined {
  return routes.find((route) => {
    if (route.stream !== undefined && route.stream !== stream) return false
    return matchesDomain(route.domain, domain)
  })
}

export function matchesDomain(written: string, domain: string): boolean {
  const pattern = written.toLowerCase()
  if (pattern === '*' || pattern === domain) return true
  return pattern.startsWith('*.') && domain.length > pattern.length - 1 && domain.endsWith(pattern.slice(1))
}

export function staticRoute({ to, tls, user, password, allowPrivate }: RouteConfig, hasDane = false): Route {
  const hosts = to
    .slice(0, MAX_HOSTS)
    .map(({ host, port, implicitTls }) => ({ name: host, port, implicitTls }))
  const site = staticSite(to)
  const auth = user === undefined ? {} : { auth: { user, password: password ?? '' } }
  const names = to.map(({ host }) => host.toLowerCase())
  const dane = hasDane && tls !== 'none' ? ({ dane: true } as const) : {}
  return { site, hosts, names, via: 'static', tls, vouchedBy: 'configured', ...dane, ...auth, allowPrivate }
}
