/** `hikyaku rehearse`: a plan against the rules as the files have them now, with or without a running node. */

import { CliError } from '#door/cli'
import type { GlobalOptions, RehearsalPlan } from '#door/cli'
import { PERSONALITIES } from '#engine/receiver'
import { rehearse } from '#engine/rehearsal'
import type { Rehearsed, Share } from '#engine/rehearsal'
import { baseOf, domainLayerOf, resolve } from '#engine/rule'
import type { Ruleset } from '#engine/rule'
import type { Route } from '#engine/routing'
import type { Config } from '#platform/config'

import { configure, mistakes } from './configure.ts'
import { loadRules } from './rule-files.ts'
import { providerFor, routesTo } from './shaping.ts'

/** @throws {CliError} `config`, `missing` when there is no such source */
export async function rehearsed(options: GlobalOptions, plan: RehearsalPlan): Promise<Rehearsed> {
  const { path, loaded } = configure(options.config)
  if (!loaded.ok) throw mistakes(path, loaded.problems)
  const { config } = loaded
  const read = loadRules(config)
  if (!read.ok) throw mistakes(config.shaping.directory, read.problems)
  const { rules } = read
  const base = baseOf(config.egress)
  return rehearse({
    shares: await sharesOf(plan, config, rules),
    sources: sourcesOf(plan, config),
    pace: plan.pace,
    resolve: (source, { domain, site, provider }) => {
      const layer = domainLayerOf(rules, domain)
      return resolve(rules, base, {
        source,
        site,
        ...(provider === undefined ? {} : { provider }),
        ...(layer === undefined ? {} : { domain: layer }),
      })
    },
  })
}

function sourcesOf({ sources }: RehearsalPlan, { egress }: Config): readonly string[] {
  const known = egress.sources.map(({ name }) => name)
  const strange = sources?.find((name) => !known.includes(name))
  if (strange === undefined) return sources ?? known
  throw new CliError('missing', `no egress source is called ${strange}; there are ${known.join(', ')}`)
}

type Way = Pick<Route, 'site' | 'names' | 'via'>

async function sharesOf(
  { shares, dns }: RehearsalPlan,
  config: Config,
  rules: Ruleset,
): Promise<readonly Share[]> {
  const asked = dns
    ? await routesTo(
        config,
        shares.map(({ domain }) => domain),
      )
    : new Map<string, Way>()
  return shares.map(({ domain, count }) => {
    const way = asked.get(domain) ?? knownWay(domain)
    const provider = providerFor(rules, domain, way)
    return { domain, count, site: way.site, ...(provider === undefined ? {} : { provider }) }
  })
}

/** The hosts of receivers that the sandbox plays; any other domain stands for itself. */
function knownWay(domain: string): Way {
  const known = PERSONALITIES.find(({ domains }) => domains.includes(domain))
  const site = known?.host ?? domain
  return { site, names: [site], via: 'mx' }
}
