/** `hikyaku shaping check` and `shaping resolve`: of the files as they are now, with or without a running node. */

import { CliError } from '#door/cli'
import type { GlobalOptions, PolicyView, RulesReport, ShapingQuery, ShapingView } from '#door/cli'
import { baseOf, domainLayerOf, OTHERS, providerOf, resolve } from '#engine/rule'
import type { Resolved, Ruleset, Where } from '#engine/rule'
import { createRouting } from '#engine/routing'
import { upstreamOf } from '#engine/shaping'
import type { Route } from '#engine/routing'
import { parseDomain } from '#grammar/address'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'

import { configure, mistakes } from './configure.ts'
import { loadRules } from './rule-files.ts'

/** @throws {CliError} `config` when they have mistakes: a node must not start with other limits than were meant */
export function mustHaveRules(config: Config): void {
  const read = loadRules(config)
  if (!read.ok) throw mistakes(`the rules of ${config.shaping.directory}`, read.problems)
}

export function checkRules(options: GlobalOptions): RulesReport {
  const config = configured(options)
  const read = loadRules(config)
  const { directory } = config.shaping
  if (!read.ok) return { directory, problems: read.problems, warnings: [], layers: 0, reactions: 0 }
  const layers = [...read.rules.layers.values()]
  const reactions = layers.reduce((sum, { compiled }) => sum + compiled.length, 0)
  return { directory, problems: [], warnings: read.warnings, layers: layers.length, reactions }
}

/** @throws {CliError} `config`, `missing` when there is no such source or no way to the domain */
export async function resolveRules(options: GlobalOptions, query: ShapingQuery): Promise<ShapingView> {
  const config = configured(options)
  const read = loadRules(config)
  if (!read.ok) throw mistakes(config.shaping.directory, read.problems)
  const domain = parseDomain(query.domain)
  if (domain === undefined) throw new CliError('usage', `${query.domain} is not a domain`)
  const sources = config.egress.sources.map(({ name }) => name)
  const wanted = sources.filter((name) => query.source === undefined || name === query.source)
  if (wanted.length === 0)
    throw new CliError(
      'missing',
      `no egress source is called ${query.source}; there are ${sources.join(', ')}`,
    )
  const route = query.mx === undefined ? await routeTo(config, domain, query.stream) : madeUp(query.mx)
  const provider = providerFor(read.rules, domain, route)
  const layer = domainLayerOf(read.rules, domain)
  return {
    domain,
    site: route.site,
    hosts: route.names,
    via: route.via,
    ...(provider === undefined ? {} : { provider }),
    sources: wanted.map((source) =>
      viewOf(
        resolve(
          read.rules,
          baseOf(config.egress),
          whereOf(config, source, {
            site: route.site,
            ...(provider === undefined ? {} : { provider }),
            ...(layer === undefined ? {} : { domain: layer }),
            ...(route.via === 'static' ? { static: true as const } : {}),
          }),
        ),
        route,
      ),
    ),
  }
}

/** What rules look at: of a source with a relay, nothing but that. */
function whereOf(config: Config, source: string, receiver: Omit<Where, 'source'>): Where {
  const upstream = upstreamOf(config.egress, source)
  return upstream === undefined ? { source, ...receiver } : { source, site: upstream, static: true }
}

/** @throws {CliError} `config` */
export function suppressionPolicy({
  policy,
  ...options
}: GlobalOptions & { readonly policy?: string }): PolicyView {
  const config = configured(options)
  const read = loadRules(config)
  if (!read.ok) throw mistakes(config.shaping.directory, read.problems)
  const { rules } = read
  return {
    policy: (policy === undefined ? config : configured({ config: policy })).suppression,
    providerOf: (domain, site) => providerOf(rules, { domain, hosts: site?.split(',') ?? [] }) ?? OTHERS,
  }
}

function viewOf(
  { where, values, origins, reactions, layers }: Resolved,
  route: Way,
): ShapingView['sources'][number] {
  return {
    source: where.source,
    layers,
    limits: Array.from(values, ([key, value]) =>
      // A route of the configuration keeps its own, whatever rules say.
      key === 'tls' && route.via === 'static' && route.tls !== undefined
        ? { key, value: route.tls, origin: { layer: 'configuration', key: 'routes.tls' } }
        : { key, value, origin: origins.get(key) },
    ),
    reactions: reactions.map(({ id, place, act, times, within }) => ({ id, place, act, times, within })),
  }
}

type Way = Pick<Route, 'site' | 'names' | 'via'> & { readonly tls?: Route['tls'] }

/** Domains that belong to a provider do so where the DNS decides; a route of the operator's leads elsewhere. */
export function providerFor(
  rules: Ruleset,
  domain: string,
  { names, via }: Pick<Route, 'names' | 'via'>,
): string | undefined {
  return providerOf(rules, { hosts: names, ...(via === 'static' ? {} : { domain }) })
}

function madeUp(mx: readonly string[]): Way {
  const names = mx.map((name) => name.toLowerCase()).toSorted()
  return { site: names.join(','), names, via: 'mx' }
}

function now(): number {
  return performance.now()
}

async function routeTo(config: Config, domain: string, stream = ''): Promise<Way> {
  using dns = new Resolver({ config: config.dns, now })
  const routed = await routingBy(dns, config).route(domain, stream)
  if (!routed.ok) throw new CliError('missing', `${routed.text}; --mx names hosts in place of the DNS`)
  return routed.route
}

/** Of many domains, those that lead anywhere. */
export async function routesTo(
  config: Config,
  domains: readonly string[],
): Promise<ReadonlyMap<string, Way>> {
  using dns = new Resolver({ config: config.dns, now })
  const routing = routingBy(dns, config)
  const found = new Map<string, Way>()
  for (let from = 0; from < domains.length; from += AT_ONCE)
    await Promise.all(
      domains.slice(from, from + AT_ONCE).map(async (domain) => {
        const routed = await routing.route(domain, '')
        if (routed.ok) found.set(domain, routed.route)
      }),
    )
  return found
}

/** Questions that a resolver has at a time. */
const AT_ONCE = 50

function routingBy(dns: Resolver, config: Config): ReturnType<typeof createRouting> {
  return createRouting({
    dns,
    routes: config.routes,
    defaults: config.egress,
    ownNames: [],
    ownAddresses: [],
    cacheEntries: 10,
    now,
    random: () => 0,
  })
}

function configured(options: GlobalOptions): Config {
  const { path, loaded } = configure(options.config)
  if (!loaded.ok) throw mistakes(path, loaded.problems)
  return loaded.config
}
