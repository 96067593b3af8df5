/** What holds for one path: the layers that speak of it, merged from the general to the particular, key by key. */

import { LIMIT_KEYS } from './keys.ts'
import type { LimitValues, SharedValues } from './keys.ts'
import { labelOf } from './section.ts'
import type { Entry, Place, Reaction, Ruleset, Selector } from './section.ts'

/** A path, as far as rules look at it. */
export type Where = {
  readonly source: string
  readonly site: string
  /** The pattern of the domain layer that its domain falls under. */
  readonly domain?: string
  readonly provider?: string
  /** The hosts are those of a static route: limits for everything are for receivers, whom nobody has asked. */
  readonly static?: true
}

export type Origin = Place & {
  /** `configuration`, `default`, `provider google`, `provider google from ip-3` … */
  readonly layer: string
  /** As it is written there: `connections`, `egress.connections_per_path`. */
  readonly key: string
}

/** The group of all receivers that no provider of the rules stands for. */
export const OTHERS = 'others'

/** Values that the configuration has for keys, which every layer may overrule. */
export type Base = ReadonlyMap<string, { readonly value: unknown; readonly key: string }>

type Required<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }
/** 0 is no limit. */
export type Limits = Required<Omit<LimitValues, 'timeouts' | 'unknownUsers'>> & {
  readonly timeouts: Required<NonNullable<LimitValues['timeouts']>>
  readonly unknownUsers: Required<NonNullable<LimitValues['unknownUsers']>>
  readonly shared: Required<SharedValues>
}

export type Resolved = {
  readonly where: Where
  readonly limits: Limits
  /** The same by key as it is written, in the order in which people read them. */
  readonly values: ReadonlyMap<string, number | string>
  /** Where each value comes from, by key as it is written: `shared.connections`. */
  readonly origins: ReadonlyMap<string, Origin>
  /** In the order in which they are asked: the first that matches is the one. */
  readonly reactions: readonly Reaction[]
  /** The layers that say anything, the most general first. */
  readonly layers: readonly string[]
}

/** The provider of a domain with these MX hosts. Hosts of a route of the operator's are asked without the domain. */
export function providerOf(
  { providers }: Ruleset,
  { domain, hosts }: { readonly domain?: string | undefined; readonly hosts: readonly string[] },
): string | undefined {
  return providers.find(
    (provider) =>
      (domain !== undefined && provider.domains.some((pattern) => isBelow(domain, pattern))) ||
      (hosts.length > 0 && hosts.every((host) => provider.hosts.some((pattern) => isBelow(host, pattern)))),
  )?.name
}

/** The domain layer that speaks of `domain`: its own, or that of the nearest domain above. */
export function domainLayerOf({ domains }: Ruleset, domain: string): string | undefined {
  if (domains.size === 0) return undefined
  if (domains.has(domain)) return domain
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const pattern = `*${domain.slice(dot)}`
    if (domains.has(pattern)) return pattern
  }
  return undefined
}

/** `name` is `pattern`, or below `*.pattern`. Both in lower case. */
function isBelow(name: string, pattern: string): boolean {
  return pattern.startsWith('*.')
    ? name.length > pattern.length - 1 && name.endsWith(pattern.slice(1))
    : name === pattern
}

export function resolve(rules: Ruleset, base: Base, where: Where): Resolved {
  const values = new Map<string, unknown>(UNSAID)
  const origins = new Map<string, Origin>()
  for (const [key, { value, key: own }] of base) {
    values.set(key, value)
    origins.set(key, { layer: 'configuration', key: own })
  }
  const found = labelsOf(where).flatMap((label) => rules.layers.get(label) ?? [])
  for (const { label, entries } of found) {
    if (label === 'default' && where.static === true) continue
    for (const [key, entry] of entries) {
      if (!isLimit(key)) continue
      values.set(key, entry.value)
      origins.set(key, originOf(label, key, entry))
    }
  }
  return {
    where,
    limits: limitsOf(values),
    values: new Map(LIMIT_KEYS.map((key) => [key, values.get(key) as number | string])),
    origins,
    reactions: found.toReversed().flatMap(({ compiled }) => compiled),
    layers: found.map(({ label }) => label),
  }
}

/** Of every layer that could speak of the path, the most general first. */
function labelsOf({ provider, source, site, domain }: Where): readonly string[] {
  return [
    'default',
    ...labels('provider', provider),
    ...labels('provider', provider, source),
    ...labels('site', site),
    ...labels('domain', domain),
    ...labels('site', site, source),
    ...labels('domain', domain, source),
  ]
}

function labels(kind: Selector['kind'], name: string | undefined, source?: string): readonly string[] {
  if (name === undefined) return []
  return [labelOf({ kind, name, ...(source === undefined ? {} : { source }) })]
}

function originOf(layer: string, key: string, { place }: Entry): Origin {
  return { layer, key, ...place }
}

const ABOUT = new Set(['basis', 'note', 'enabled', 'hosts', 'domains'])

function isLimit(key: string): boolean {
  return !ABOUT.has(key)
}

const HOUR = 3_600_000

const UNLIMITED = [
  'recipients_per_connection',
  'messages_per_second',
  'messages_per_minute',
  'messages_per_hour',
  'messages_per_day',
  'connections_per_second',
  'connections_per_minute',
  'connections_per_hour',
] as const

/** What holds where neither the configuration nor a rule says anything. */
const UNSAID: readonly (readonly [string, unknown])[] = [
  ...UNLIMITED.map((key) => [key, 0] as const),
  ...UNLIMITED.slice(1).map((key) => [`shared.${key}`, 0] as const),
  ['shared.connections', 0],
  ['unknown_users.share', 0],
  ['unknown_users.count', 20],
  ['unknown_users.within', HOUR],
  ['unknown_users.pause', HOUR],
]

/** Every key has a value by now, and each has passed its parser. */
function limitsOf(values: ReadonlyMap<string, unknown>): Limits {
  const all: { [key: string]: unknown } = {}
  for (const [written, value] of values) {
    const [table, key] = written.includes('.')
      ? (written.split('.', 2) as [string, string])
      : [undefined, written]
    if (table === undefined) all[inCode(key)] = value
    else ((all[inCode(table)] ??= {}) as { [key: string]: unknown })[inCode(key)] = value
  }
  return all as unknown as Limits
}

function inCode(written: string): string {
  return written.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
