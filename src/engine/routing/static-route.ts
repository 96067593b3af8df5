/** The routes of the configuration: they go before the DNS, and the first that matches wins. */

import type { RouteConfig } from '#platform/config'

import type { Route } from './route.ts'
import { siteName } from './site.ts'

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

const MAX_HOSTS = 5

/** `host:port` tells the smart host's submission port from its relay port; credentials do not make another site. */
export function staticSite(to: readonly { readonly host: string; readonly port: number }[]): string {
  const hosts = to.slice(0, MAX_HOSTS)
  return siteName(hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`))
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
