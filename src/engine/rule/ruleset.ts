/** All rules together: read from files, overlaid, checked with their samples. */

import { closest } from '#platform/config'

import { reactionsOf } from './reactions.ts'
import type { Said } from './reply.ts'
import { placeText, Reader } from './read.ts'
import type { RuleFile } from './read.ts'
import { firstMatch } from './match.ts'
import type { Entries, Layer, Provider, Reaction, Ruleset, Section, Selector } from './section.ts'
import { labelOf } from './section.ts'

export type ReadRules =
  | { readonly ok: true; readonly rules: Ruleset; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] }

export const NO_RULES: Ruleset = { layers: new Map(), providers: [], domains: new Set() }

/** Never throws. `sources` are the names of the configuration: a rule for another has no effect, and is warned of. */
export function readRules(files: readonly RuleFile[], sources: readonly string[]): ReadRules {
  const reader = new Reader()
  const sides = new Map(files.map(({ name, by }) => [name, by]))
  for (const file of files) if (file.by === 'product') reader.read(file)
  for (const file of files) if (file.by === 'operator') reader.read(file)
  const { problems } = reader
  const off = switchedOff(reader.sections, sides, problems)
  const layers = new Map<string, Layer>()
  for (const [label, section] of reader.sections) {
    if (off.has(section.selector.name) && section.selector.kind === 'provider') continue
    const compiled = reactionsOf(section, (entries, key, words) => {
      if (reader.incomplete.has(entries)) return
      problems.push(`${placeOf(entries, key)}: ${label}: ${nameOf(section, entries)}.${key}: ${words}`)
    })
    layers.set(label, { ...section, label, compiled })
  }
  const providers = providersOf(layers, sides, problems)
  const domains = [...layers.values()].flatMap(({ selector: { kind, name } }) =>
    kind === 'domain' ? [name] : [],
  )
  const rules: Ruleset = { layers, providers, domains: new Set(domains) }
  problems.push(...sampleProblems(rules))
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, rules, warnings: warningsOf(rules, sources) }
}

function placeOf(entries: Entries, key: string): string {
  return placeText((entries.get(key) ?? entries.get(''))?.place ?? {})
}

function nameOf({ reactions }: Section, entries: Entries): string {
  return [...reactions].find(([, one]) => one === entries)?.[0] ?? ''
}

function switchedOff(
  sections: ReadonlyMap<string, Section>,
  sides: ReadonlyMap<string, RuleFile['by']>,
  problems: string[],
): ReadonlySet<string> {
  const off = new Set<string>()
  for (const { selector, entries, place } of sections.values()) {
    if (selector.kind !== 'provider' || entries.get('enabled')?.value !== false) continue
    off.add(selector.name)
    if (sides.get(place.file ?? '') === 'operator')
      problems.push(
        `${placeOf(entries, 'enabled')}: ${labelOf(selector)}: the product has no such provider to switch off`,
      )
  }
  return off
}

function providersOf(
  layers: ReadonlyMap<string, Layer>,
  sides: ReadonlyMap<string, RuleFile['by']>,
  problems: string[],
): readonly Provider[] {
  const all: (Provider & { readonly isOwn: boolean })[] = []
  for (const { selector, entries, place, label } of layers.values()) {
    if (selector.kind !== 'provider') continue
    const { name, source } = selector
    if (source !== undefined) {
      if (!layers.has(`provider ${name}`))
        problems.push(`${placeText(place)}: ${label}: there is no provider ${name}`)
      continue
    }
    const [hosts, domains] = [listAt(entries, 'hosts'), listAt(entries, 'domains')]
    const names = [...layers.values()].flatMap((other) =>
      other.selector.kind === 'provider' && other.label !== label ? [other.selector.name] : [],
    )
    if (hosts.length + domains.length > 0)
      all.push({ name, hosts, domains, isOwn: sides.get(place.file ?? '') === 'operator' })
    else {
      const meant = closest(name, names)
      problems.push(
        `${placeText(place)}: ${label}: needs hosts or domains to be told by${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      )
    }
  }
  return [...all.filter(({ isOwn }) => isOwn), ...all.filter(({ isOwn }) => !isOwn)]
}

function listAt(entries: Entries, key: string): readonly string[] {
  return (entries.get(key)?.value ?? []) as readonly string[]
}

/** A reaction that can never match is worse than none: somebody relies on it. */
function sampleProblems(rules: Ruleset): string[] {
  return [...rules.layers.values()].flatMap(({ selector, compiled }) => {
    const chain = reactionChain(rules, selector)
    return compiled.flatMap((reaction) => {
      const at = `${placeText(reaction.place)}: ${reaction.id}`
      return [...missed(reaction, chain), ...mistaken(reaction)].map((words) => `${at}: ${words}`)
    })
  })
}

function missed(reaction: Reaction, chain: readonly Reaction[]): readonly string[] {
  return reaction.samples.flatMap((said) => {
    const first = firstMatch(chain, said)
    if (first === reaction) return []
    const why = first === undefined ? 'its sample does not match it' : `its sample is taken by ${first.id}`
    return [`${why}: ${sampleText(said)}`]
  })
}

function mistaken(reaction: Reaction): readonly string[] {
  return reaction.counterSamples
    .filter((said) => firstMatch([reaction], said) !== undefined)
    .map((said) => `matches what it must not: ${sampleText(said)}`)
}

function sampleText({ stage, code, enhanced, text }: Said): string {
  return `${stage}: ${code} ${enhanced} ${text}`
}

/** All that would be asked on a path of this layer, as far as the layer alone can tell. */
function reactionChain({ layers }: Ruleset, selector: Selector): readonly Reaction[] {
  const { kind, name, source } = selector
  const labels = [
    ...(source === undefined ? [] : [labelOf(selector)]),
    ...(kind === 'default' ? [] : [labelOf({ kind, name })]),
    'default',
  ]
  return labels.flatMap((label) => layers.get(label)?.compiled ?? [])
}

function warningsOf({ layers }: Ruleset, sources: readonly string[]): string[] {
  return [...layers.values()].flatMap(({ selector: { source }, label, place, compiled }) => {
    const unknown = [
      ...(source === undefined || sources.includes(source) ? [] : [source]),
      ...compiled.flatMap(({ act }) => (act.do === 'reroute' && !sources.includes(act.to) ? [act.to] : [])),
    ]
    return unknown.map((name) => `${placeText(place)}: ${label}: no egress source is called ${name}`)
  })
}
