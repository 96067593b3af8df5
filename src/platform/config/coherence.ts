/** Checks what no single key can tell: whether the parts of the configuration fit each other. */

import { isIP } from 'node:net'

import { isLoopback, isPrivate } from '#platform/address-range'

import type { Config, ListenerConfig, RouteConfig, SourceConfig } from './config.ts'
import { isOwn } from './names.ts'
import { signInProblems, signInWarnings } from './sign-in.ts'

/** Mistakes forbid the start; warnings are told. Each begins with the path of a key. */
export type Findings = { readonly problems: readonly string[]; readonly warnings: readonly string[] }

export function findings(config: Config): Findings {
  const problems: string[] = []
  const warnings: string[] = []
  for (const listener of config.listeners) {
    problems.push(...listenerProblems(listener))
    warnings.push(...listenerWarnings(listener))
  }
  problems.push(
    ...collisions(config),
    ...tlsProblems(config),
    ...daneProblems(config),
    ...queueProblems(config),
    ...limitProblems(config),
    ...poolProblems(config),
    ...warmUpProblems(config),
    ...postmasterProblems(config),
    ...rateProblems(config),
    ...trackingProblems(config),
    ...signInProblems(config),
  )
  for (const source of config.egress.sources) {
    problems.push(...sourceProblems(source))
    warnings.push(...sourceWarnings(source))
  }
  for (const [i, route] of config.routes.entries()) problems.push(...routeProblems(route, `routes[${i + 1}]`))
  warnings.push(
    ...unsubscribeWarnings(config),
    ...mxWarnings(config),
    ...routeWarnings(config.routes),
    ...nameWarnings(config),
    ...apiWarnings(config),
    ...trackingWarnings(config),
    ...signInWarnings(config),
  )
  return { problems, warnings }
}

/** Keys about who sends, which at an MX nobody does. */
function mxProblems(listener: ListenerConfig): string[] {
  const path = `listeners.${listener.name}`
  const { tls, auth, authWithoutTls, trusted, requireTls, bareNewline } = listener
  const senseless = [
    ...(auth === 'optional' ? ['auth'] : []),
    ...(authWithoutTls ? ['auth_without_tls'] : []),
    ...(trusted.length > 0 ? ['trusted'] : []),
    ...(bareNewline === 'normalize' ? ['bare_newline'] : []),
  ]
  const problems = senseless.map((key) => `${path}.${key}: has no meaning where kind is "mx"`)
  // RFC 3207 §4: a publicly-referenced server must not require TLS, and begins in clear.
  if (requireTls) problems.push(`${path}.require_tls: those who bring mail to an MX may have no TLS`)
  if (tls === 'implicit') problems.push(`${path}.tls: mail comes to an MX in clear, or by STARTTLS`)
  return problems
}

function mxWarnings({ listeners, queue, incoming }: Config): string[] {
  const doors = listeners.filter(({ kind }) => kind === 'mx')
  if (doors.length === 0 && incoming.postmaster.length > 0)
    return ['incoming.postmaster: has no effect without a listener with kind = "mx"']
  if (queue.returnPathDomain !== undefined) return []
  return doors.map(
    ({ name }) => `listeners.${name}: no bounces come here while there is no queue.return_path_domain`,
  )
}

/** A field that leads nowhere is worse than none: it is left out, and the operator told. */
function unsubscribeWarnings({ listeners, queue, streams, tracking }: Config): string[] {
  const lacking = [
    ...(queue.returnPathDomain === undefined ? ['queue.return_path_domain'] : []),
    ...(listeners.some(({ kind }) => kind === 'mx') ? [] : ['a listener with kind = "mx"']),
  ]
  if (lacking.length === 0) return []
  // That stream has it by default, which is no wish of the operator's.
  const asking = streams.filter(
    ({ name, listUnsubscribe: offered }) =>
      name !== 'marketing' && (offered === 'mail' || (offered === 'both' && !tracking.enabled)),
  )
  return asking.map(
    ({ name }) => `streams.${name}.list_unsubscribe: has no effect without ${lacking.join(' and ')}`,
  )
}

function trackingProblems({ tracking, trackingDomains }: Config): string[] {
  const isNamed = tracking.url !== undefined || trackingDomains.some(({ domain }) => domain === '*')
  if (!tracking.enabled || isNamed) return []
  return ['tracking.url: must say what links in mail begin with, as tracking is enabled']
}

function trackingWarnings({ tracking, trackingDomains, streams }: Config): string[] {
  if (!tracking.enabled)
    return streams
      .filter((one) => one.trackOpens || one.trackClicks || one.listUnsubscribe === 'one-click')
      .map(
        ({ name }) =>
          `streams.${name}: nothing is tracked or unsubscribed from while tracking.enabled is false`,
      )
  const urls = [
    ...(tracking.url === undefined ? [] : [tracking.url]),
    ...trackingDomains.map(({ url }) => url),
  ]
  return urls
    .filter((url) => !url.startsWith('https://'))
    .map((url) => `tracking: ${url} is not HTTPS: there is no one-click unsubscribing by it`)
}

function apiWarnings({ api }: Config): string[] {
  if (!api.enabled || api.tls || api.trustedProxies.length > 0 || isNear(api.address)) return []
  return [`api.tls: API keys will travel in clear to ${api.address}`]
}

/** Mail to ourselves for the postmaster would come back to where it is given away. */
function postmasterProblems(config: Config): string[] {
  return config.incoming.postmaster
    .filter((address) => isOwn(config, address))
    .map((address) => `incoming.postmaster: ${address} is at a name of this node; it must be read elsewhere`)
}

function warmUpProblems({ warmUp: { schedule } }: Config): string[] {
  if (schedule.length === 0) return ['warm_up.schedule: needs at least one number']
  const isRising = schedule.every((number, i) => number > (schedule[i - 1] ?? 0))
  return isRising ? [] : ['warm_up.schedule: each number must be above the one before']
}

function rateProblems({ reputation: { rates } }: Config): string[] {
  const pairs = [
    ['complained', rates.complainedWarn, rates.complainedBad],
    ['refused', rates.refusedWarn, rates.refusedBad],
    ['bounced', rates.bouncedWarn, rates.bouncedBad],
    ['deferred', rates.deferredWarn, rates.deferredBad],
  ] as const
  return pairs.flatMap(([name, warn, bad]) =>
    warn <= bad ? [] : [`reputation.rates.${name}_warn: must not be above ${name}_bad`],
  )
}

function poolProblems({ egress, streams }: Config): string[] {
  const problems: string[] = []
  const names = egress.sources.map(({ name }) => name)
  for (const pool of egress.pools) {
    const path = `egress.pools.${pool.name}.sources`
    const sources = pool.sources.map(({ source }) => source)
    if (sources.length === 0) problems.push(`${path}: needs at least one source`)
    for (const source of new Set(sources)) {
      if (!names.includes(source))
        problems.push(`${path}: no egress source is called ${source}; there are ${names.join(', ')}`)
      if (sources.indexOf(source) !== sources.lastIndexOf(source))
        problems.push(`${path}: ${source} is named twice`)
    }
  }
  const pools = ['default', ...egress.pools.map(({ name }) => name)]
  for (const { name, pool } of streams)
    if (!pools.includes(pool))
      problems.push(
        `streams.${name}.pool: no pool is called ${pool}; there are ${[...new Set(pools)].join(', ')}`,
      )
  return problems
}

function listenerProblems(listener: ListenerConfig): string[] {
  if (listener.kind === 'mx') return mxProblems(listener)
  const { name, tls, auth, authWithoutTls, trusted, requireTls } = listener
  const path = `listeners.${name}`
  const problems: string[] = []
  if (auth === 'required' && tls === 'none' && !authWithoutTls)
    problems.push(
      `${path}: nobody could send: auth is "required", but tls is "none" and auth_without_tls is false`,
    )
  if (auth === 'none' && trusted.length === 0)
    problems.push(`${path}: nobody could send: auth is "none" and there are no trusted networks`)
  if (requireTls && tls === 'none') problems.push(`${path}.require_tls: needs tls = "starttls" or "implicit"`)
  for (const everyone of trusted.filter((cidr) => cidr.endsWith('/0')))
    problems.push(`${path}.trusted: ${everyone} is everyone, and this an open relay`)
  return problems
}

function listenerWarnings(listener: ListenerConfig): string[] {
  if (listener.kind === 'mx') return []
  const { name, address, tls, auth, authWithoutTls, trusted } = listener
  const warnings: string[] = []
  if (authWithoutTls && auth !== 'none' && !isNear(address))
    warnings.push(`listeners.${name}.auth_without_tls: passwords will travel in clear to ${address}`)
  if (auth === 'required' && trusted.length > 0)
    warnings.push(
      `listeners.${name}.trusted: has no effect while auth is "required"; "optional" would give it one`,
    )
  if (tls === 'none' && auth === 'optional' && !authWithoutTls)
    warnings.push(
      `listeners.${name}.auth: will not be offered, since tls is "none" and auth_without_tls is false`,
    )
  return warnings
}

function isNear(address: string): boolean {
  // `::` and `0.0.0.0` count as private for those who connect; to listen there is to listen everywhere.
  if (address === '::' || address === '0.0.0.0') return false
  return address === 'localhost' || isLoopback(address) || isPrivate(address)
}

type Place = { readonly path: string; readonly address: string; readonly port: number }

function collisions(config: Config): string[] {
  const sandbox: readonly Place[] = config.sandbox.enabled
    ? [
        { path: 'sandbox.smtp_port', address: '127.0.0.1', port: config.sandbox.smtpPort },
        { path: 'sandbox.http_port', address: '127.0.0.1', port: config.sandbox.httpPort },
      ]
    : []
  const places: readonly Place[] = [
    ...config.listeners.map(({ name, address, port }) => ({ path: `listeners.${name}`, address, port })),
    { path: 'http', ...config.http },
    ...(config.api.enabled ? [{ path: 'api', ...config.api }] : []),
    ...(config.tracking.enabled ? [{ path: 'tracking', ...config.tracking }] : []),
    ...sandbox,
  ]
  return places.flatMap((place, i) =>
    places
      .slice(0, i)
      .filter((other) => collide(place, other))
      .map(
        (other) => `${place.path}: listens on ${show(place)}, and so does ${other.path} on ${show(other)}`,
      ),
  )
}

function collide(a: Place, b: Place): boolean {
  if (a.port !== b.port || a.port === 0) return false
  if (a.address === b.address || a.address === '::' || b.address === '::') return true
  const isEverywhere = a.address === '0.0.0.0' || b.address === '0.0.0.0'
  return isEverywhere && [a, b].every(({ address }) => isIP(address) !== 6)
}

function show({ address, port }: Place): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function tlsProblems({ tls }: Config): string[] {
  if (tls.certificate !== undefined && tls.key === undefined)
    return ['tls.key: is missing; tls.certificate is given']
  if (tls.key !== undefined && tls.certificate === undefined)
    return ['tls.certificate: is missing; tls.key is given']
  return []
}

/** Whoever asks for DANE and forbids it would have mail wait for ever. */
function daneProblems({ egress, routes, tlsPolicies, transportSecurity }: Config): string[] {
  const odd = tlsPolicies.flatMap(({ tls, obey }, i) =>
    tls === 'dane' && !obey
      ? [`tls_policies[${i + 1}].obey: false, but tls is "dane": no mail would go out`]
      : [],
  )
  if (transportSecurity.dane && transportSecurity.trustAd !== 'none') return odd
  const why = transportSecurity.dane ? 'trust_ad is "none"' : 'dane is false'
  const places = [
    { path: 'egress.tls', tls: egress.tls },
    ...routes.map(({ tls }, i) => ({ path: `routes[${i + 1}].tls`, tls })),
    ...tlsPolicies.map(({ tls }, i) => ({ path: `tls_policies[${i + 1}].tls`, tls })),
  ]
  const asking = places.filter(({ tls }) => tls === 'dane')
  return asking.map(({ path }) => `${path}: is "dane", but transport_security.${why}: no mail would go out`)
}

function queueProblems({ queue, dns }: Config): string[] {
  const problems: string[] = []
  const first = queue.retry[0]
  if (first === undefined) problems.push('queue.retry: needs at least one duration')
  else if (first >= queue.expire)
    problems.push('queue.retry: nothing would be tried twice: the first is not below queue.expire')
  if (queue.delayWarning >= queue.expire) problems.push('queue.delay_warning: must be below queue.expire')
  if (queue.window > queue.windowTotal) problems.push('queue.window: must not be above queue.window_total')
  if (dns.minimumTtl > dns.maximumTtl) problems.push('dns.minimum_ttl: must not be above dns.maximum_ttl')
  return problems
}

function limitProblems({ limits }: Config): string[] {
  const problems: string[] = []
  if (limits.headerBytes > limits.size) problems.push('limits.header_bytes: must not be above limits.size')
  if (limits.idle > limits.session) problems.push('limits.idle: must not be above limits.session')
  return problems
}

function sourceProblems(source: SourceConfig): string[] {
  const path = `egress.sources.${source.name}`
  const { relay, relayTls, relayPassword } = source
  return [
    ...proxyProblems(source, path),
    ...relayProblems(source, path),
    ...inClear(`${path}.relay_tls`, relay, relayTls, relayPassword),
  ]
}

function proxyProblems({ address, proxy, proxyUser, proxyPassword }: SourceConfig, path: string): string[] {
  const problems: string[] = []
  if (proxy?.kind === 'haproxy' && address === undefined)
    problems.push(`${path}.address: must say from where the HAProxy shall connect`)
  if (proxy?.kind === 'socks5' && address !== undefined)
    problems.push(`${path}.address: the SOCKS 5 proxy chooses its own; leave it out`)
  if ((proxyUser === undefined) !== (proxyPassword === undefined))
    problems.push(`${path}: proxy_user and proxy_password go together`)
  return problems
}

function relayProblems({ relayUser, relayPassword }: SourceConfig, path: string): string[] {
  const problems: string[] = []
  if ((relayUser === undefined) !== (relayPassword === undefined))
    problems.push(`${path}: relay_user and relay_password go together`)
  return problems
}

function sourceWarnings({ name, proxy, proxyUser, relay, relayUser }: SourceConfig): string[] {
  const path = `egress.sources.${name}`
  const warnings: string[] = []
  if (proxy?.kind !== 'socks5' && proxyUser !== undefined)
    warnings.push(`${path}.proxy_user: has no effect: only a SOCKS 5 proxy takes a login`)
  if (relay.length === 0 && relayUser !== undefined)
    warnings.push(`${path}.relay_user: has no effect while there is no relay`)
  return warnings
}

/** A password must not travel in clear beyond this machine. */
function inClear(
  path: string,
  hosts: RouteConfig['to'],
  tls: RouteConfig['tls'],
  password: string | undefined,
): string[] {
  const isClear = tls === 'none' || tls === 'opportunistic'
  const far = hosts.filter(
    ({ host, implicitTls }) => !implicitTls && host !== 'localhost' && !isLoopback(host),
  )
  if (password === undefined || !isClear || far.length === 0) return []
  return [`${path}: must be "required" or stricter, or the password could travel in clear`]
}

function routeProblems(route: RouteConfig, path: string): string[] {
  const problems: string[] = []
  if (route.to.length === 0) problems.push(`${path}.to: needs at least one host`)
  if ((route.user === undefined) !== (route.password === undefined))
    problems.push(`${path}: user and password go together`)
  return [...problems, ...inClear(`${path}.tls`, route.to, route.tls, route.password)]
}

function routeWarnings(routes: readonly RouteConfig[]): string[] {
  const all = routes.findIndex(({ domain, stream }) => domain === '*' && stream === undefined)
  if (all < 0 || all === routes.length - 1) return []
  return [`routes[${all + 2}]: is never used: routes[${all + 1}] takes all domains`]
}

function nameWarnings({ node, egress, http }: Config): string[] {
  const warnings: string[] = []
  const names = [...new Set([node.name, ...egress.sources.map(({ ehlo }) => ehlo)])]
  for (const name of names.filter((one) => !one.includes('.')))
    warnings.push(`node.name: ${name} is not fully qualified; many receivers refuse such an EHLO name`)
  if (!isNear(http.address)) warnings.push(`http.address: ${http.address} lets everyone read the metrics`)
  return warnings
}
