/** `hikyaku rehearse`: a plan against the rules as the files have them now, with or without a running node. */

import { CliError } from '#door/cli'
import type { GlobalOptions, Rehearsal, RehearsalPlan } from '#door/cli'
import { PERSONALITIES } from '#engine/receiver'
import { rehearse } from '#engine/rehearsal'
import type { Plan, Reception, Share } from '#engine/rehearsal'
import type { Ruleset } from '#engine/rule'
import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'

import { configure, mistakes } from './configure.ts'
import { poolsOf } from './pools.ts'
import { loadRules } from './rule-files.ts'
import { readShapingState } from './shaping-state.ts'
import { routesTo } from './shaping.ts'

/** @throws {CliError} `config`, `missing` when there is no such source */
export async function rehearsed(options: GlobalOptions, plan: RehearsalPlan): Promise<Rehearsal> {
  const { path, loaded } = configure(options.config)
  if (!loaded.ok) throw mistakes(path, loaded.problems)
  const { config } = loaded
  const rules = rulesOf(config)
  const { start, seed, pace, stream, unknown, greylisting, bears, ownRules, strangers } = plan
  const { expire = config.queue.expire } = plan
  const kept = readShapingState(config.node.data, SILENT)
  const sources = sourcesOf(plan, config)
  const found = rehearse({
    shares: await sharesOf(plan, config),
    sources,
    stream,
    start,
    seed,
    pace,
    unknown,
    greylisting,
    rules: { rules, egress: config.egress },
    reception: receptionOf(plan, config, rules),
    warmUp: config.warmUp,
    kept,
    retries: config.queue,
    expire,
    window: config.queue.window,
  })
  const isContinued = kept !== undefined
  const assumed = { ...pace, unknown, greylisting, bears, ownRules, strangers, expire, isContinued }
  return { ...found, assumed }
}

/** What cannot be read of a node's state is told by the node. */
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

function rulesOf(config: Config): Ruleset {
  const read = loadRules(config)
  if (!read.ok) throw mistakes(config.shaping.directory, read.problems)
  return read.rules
}

/** Receivers are as the product knows them: what an operator allows himself is no word of theirs. */
function receptionOf(
  { bears, ownRules, strangers }: RehearsalPlan,
  config: Config,
  rules: Ruleset,
): Reception {
  const { egress } = config
  const own = { rules, egress }
  const shipped = { rules: rulesOf({ ...config, shaping: { product: true, directory: '' } }), egress }
  return {
    rules: ownRules ? own : shipped,
    otherwise: own,
    bears,
    schedule: defaultSchedule(config),
    strangers: new Set(checked(strangers, config)),
  }
}

/** What receivers get to know a source by, whatever this one is warmed up by. */
function defaultSchedule(config: Config): Reception['schedule'] {
  const plain = loadConfig({ env: {}, readFile: () => '', hostname: config.node.name })
  return plain.ok ? plain.config.warmUp.schedule : config.warmUp.schedule
}

function sourcesOf({ sources, stream }: RehearsalPlan, config: Config): Plan['sources'] {
  return sources === undefined ? [...poolsOf(config)(stream).sources.keys()] : checked(sources, config)
}

function checked(sources: readonly string[], { egress }: Config): readonly string[] {
  const known = egress.sources.map(({ name }) => name)
  const strange = sources.find((name) => !known.includes(name))
  if (strange === undefined) return sources
  throw new CliError('missing', `no egress source is called ${strange}; there are ${known.join(', ')}`)
}

async function sharesOf({ shares, dns }: RehearsalPlan, config: Config): Promise<readonly Share[]> {
  const domains = shares.map(({ domain }) => domain)
  const asked = dns ? await routesTo(config, domains) : new Map<string, Share['way']>()
  return shares.map(({ domain, count }) => ({ domain, count, way: asked.get(domain) ?? knownWay(domain) }))
}

/** The hosts of receivers that are known; any other domain stands for itself. */
function knownWay(domain: string): Share['way'] {
  const known = PERSONALITIES.find(({ domains }) => domains.includes(domain))
  const site = known?.host ?? domain
  return { site, names: [site], via: 'mx' }
}
